/**
 * Polls: one request at a time, once a second; backs off after failures, stops while the page is
 * paused or its tab hidden. It does not know what it reads.
 */

/** @typedef {import('./trouble.js').Trouble} Trouble */
/** @typedef {'connecting' | 'live' | 'delayed' | 'reconnecting' | 'paused'} LinkKind */
/** @typedef {{kind: LinkKind, ageMs: number | null, trouble: Trouble | 'contradiction' | 'poll' | null}} Link `ageMs` of what was read last */

export const INTERVAL_MS = 1000;
const MOST_BACKOFF_MS = 8000;
const DELAYED_MS = 3000;
const RECONNECTING_MS = 8000;

/**
 * @template T
 * @param {object} parts
 * @param {() => Promise<T>} parts.read
 * @param {(value: T) => void} parts.onRead
 * @param {() => void} parts.onFailure
 * @param {() => number} parts.now ms, never set back
 * @param {(run: () => void, ms: number) => unknown} parts.schedule
 * @param {(timer: unknown) => void} parts.cancel
 * @param {(value: T) => number} [parts.ageOf] ms since what was read was true; 0 where it was read just now
 * @param {number} [parts.delayedMs] the age from which on the link is not live
 * @param {() => number} [parts.random] from 0 to 1
 */
export function createPoller({ read, onRead, onFailure, now, schedule, cancel, ageOf = () => 0, delayedMs = DELAYED_MS, random = Math.random }) {
  /** @type {unknown} */
  let timer = null;
  let reading = false;
  let paused = false;
  let resting = false;
  let failures = 0;
  /** @type {Trouble | null} */
  let trouble = null;
  /** @type {number | null} */
  let lastReadAt = null;
  /** @type {number | null} */
  let firstTriedAt = null;

  const stopped = () => paused || resting;

  async function poll() {
    timer = null;
    if (reading || stopped()) return;
    reading = true;
    const startedAt = now();
    firstTriedAt ??= startedAt;
    try {
      const value = await read();
      failures = 0;
      trouble = null;
      lastReadAt = Math.max(lastReadAt ?? -Infinity, now() - ageOf(value)); // of two caches, one may be behind
      if (!paused) onRead(value);
    } catch (error) {
      failures += 1;
      trouble = /** @type {{trouble?: Trouble}} */ (error).trouble ?? 'fault';
      onFailure();
    }
    reading = false;
    const wait = failures === 0 ? INTERVAL_MS - (now() - startedAt) : backoff();
    scheduleNext(Math.max(0, wait));
  }

  // Full jitter, or all screens of a hall would try again at the same moments (AWS Architecture
  // Blog, "Exponential Backoff And Jitter").
  const backoff = () => random() * Math.min(MOST_BACKOFF_MS, INTERVAL_MS * 2 ** (failures - 1));

  /** @param {number} ms */
  function scheduleNext(ms) {
    if (timer !== null) cancel(timer);
    timer = stopped() ? null : schedule(() => void poll(), ms);
  }

  /** @returns {LinkKind} */
  function kind() {
    if (paused) return 'paused';
    const age = now() - (lastReadAt ?? firstTriedAt ?? now());
    if (lastReadAt === null) return failures > 0 && age >= DELAYED_MS ? 'reconnecting' : 'connecting';
    if (age < delayedMs) return 'live';
    return age < RECONNECTING_MS ? 'delayed' : 'reconnecting';
  }

  return {
    start: () => scheduleNext(0),
    /** @param {boolean} on whether the viewer paused the page */
    pause(on) {
      paused = on;
      if (!reading) scheduleNext(0);
    },
    /** @param {boolean} on whether the tab is hidden */
    rest(on) {
      resting = on;
      if (!reading) scheduleNext(0);
    },
    /** @returns {Link} */
    link: () => ({ kind: kind(), ageMs: lastReadAt === null ? null : now() - lastReadAt, trouble }),
  };
}
