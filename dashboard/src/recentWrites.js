/**
 * The last writes of the lab, in a ring buffer: a write stays in its place until the newest
 * writes overwrite the oldest ones. Pure.
 */

export const CAPACITY = 300;

/** @typedef {{choiceIndex: number, stored: boolean}} RecentWrite `choiceIndex`: place on the ballot */

/** @param {string} letter `A` for the first choice, stored; `a` for it, throttled @returns {RecentWrite} */
export function readLetter(letter) {
  const stored = letter === letter.toUpperCase();
  return { choiceIndex: letter.toUpperCase().charCodeAt(0) - 65, stored };
}

export function createRecentWrites() {
  /** @type {(RecentWrite | null)[]} */
  let places = Array(CAPACITY).fill(null);
  let written = 0;

  return {
    /** Number of writes of this lab so far. */
    get written() {
      return written;
    },
    /** The place of the next write: the newest write is before it, the oldest in it. */
    get nextIndex() {
      return written % CAPACITY;
    },
    get places() {
      return places;
    },
    /**
     * @param {number} total number of writes of the lab so far; a lower one means that the lab was restarted
     * @param {string} letters of the last ones, see `readLetter`
     * @returns {number[]} the places that have changed
     */
    add(total, letters) {
      const isRestarted = total < written;
      if (isRestarted) places = Array(CAPACITY).fill(null);
      const first = total - letters.length;
      const changed = [...letters].map((letter, i) => {
        const index = (first + i) % CAPACITY;
        places[index] = readLetter(letter);
        return index;
      });
      written = total;
      return isRestarted ? places.map((_, index) => index) : changed;
    },
    /** @returns {{stored: number, throttled: number}} */
    counts() {
      const known = places.filter((write) => write !== null);
      const stored = known.filter((write) => write.stored).length;
      return { stored, throttled: known.length - stored };
    },
  };
}
