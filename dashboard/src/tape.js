/**
 * The tape of the last writes: a ring, so that what was written stays where it is and the
 * newest sweeps over the oldest. Pure.
 */

export const LENGTH = 300;

/** @typedef {{place: number, stored: boolean}} Cell `place` of the choice on the ballot */

/** @param {string} letter `A` for the first choice stored, `a` for the first throttled @returns {Cell} */
export function cellOf(letter) {
  const stored = letter === letter.toUpperCase();
  return { place: letter.toUpperCase().charCodeAt(0) - 65, stored };
}

export function createTape() {
  /** @type {(Cell | null)[]} */
  let cells = Array(LENGTH).fill(null);
  let written = 0;

  return {
    /** How many writes there ever were, as far as is known here. */
    get written() {
      return written;
    },
    /** Where the next write will go: behind it is the newest, before it the oldest. */
    get head() {
      return written % LENGTH;
    },
    get cells() {
      return cells;
    },
    /**
     * @param {number} total writes there ever were
     * @param {string} letters of the last ones
     * @returns {number[]} the places of the ring that have changed
     */
    take(total, letters) {
      if (total < written) cells = Array(LENGTH).fill(null); // another lab
      const first = total - letters.length;
      const changed = [...letters].map((letter, i) => {
        const at = (first + i) % LENGTH;
        cells[at] = cellOf(letter);
        return at;
      });
      const anew = total < written;
      written = total;
      return anew ? cells.map((_, at) => at) : changed;
    },
    /** @returns {{stored: number, throttled: number}} */
    counts() {
      const there = cells.filter((cell) => cell !== null);
      const stored = there.filter((cell) => cell.stored).length;
      return { stored, throttled: there.length - stored };
    },
  };
}
