/**
 * One request at a time, once a second; backs off on failure, rests while nobody looks.
 * Knows nothing of what is read.
 */

/** @typedef {import('./source.js').Trouble} Trouble */
/** @typedef {'connecting' | 'live' | 'delayed' | 'reconnecting' | 'paused'} LinkKind */
/** @typedef {{kind: LinkKind, ageMs: number | null, trouble: Trouble | 'contradiction' | 'poll' | null}} Link `ageMs` of the last good read */

export const INTERVAL_MS = 1000;
const BACKOFF_MS = [1000, 2000, 4000, 5000];
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
 */
export function createPoller({ read, onRead, onFailure, now, schedule, cancel }) {
  /** @type {unknown} */
  let timer = null;
  let reading = false;
  let paused = false;
  let resting = false;
  let failures = 0;
  /** @type {Trouble | null} */
  let trouble = null;
  /** @type {number | null} */
  let goodAt = null;
  /** @type {number | null} */
  let triedAt = null;

  const stopped = () => paused || resting;

  async function turn() {
    timer = null;
    if (reading || stopped()) return;
    reading = true;
    const startedAt = now();
    triedAt ??= startedAt;
    try {
      const value = await read();
      failures = 0;
      trouble = null;
      goodAt = now();
      if (!paused) onRead(value);
    } catch (error) {
      failures += 1;
      trouble = /** @type {{trouble?: Trouble}} */ (error).trouble ?? 'fault';
      onFailure();
    }
    reading = false;
    const wait = failures === 0 ? INTERVAL_MS - (now() - startedAt) : backoff();
    again(Math.max(0, wait));
  }

  const backoff = () => BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1] ?? INTERVAL_MS;

  /** @param {number} ms */
  function again(ms) {
    if (timer !== null) cancel(timer);
    timer = stopped() ? null : schedule(() => void turn(), ms);
  }

  /** @returns {LinkKind} */
  function kind() {
    if (paused) return 'paused';
    const age = now() - (goodAt ?? triedAt ?? now());
    if (goodAt === null) return failures > 0 && age >= DELAYED_MS ? 'reconnecting' : 'connecting';
    if (age < DELAYED_MS) return 'live';
    return age < RECONNECTING_MS ? 'delayed' : 'reconnecting';
  }

  return {
    start: () => again(0),
    /** @param {boolean} on what the person asked for */
    pause(on) {
      paused = on;
      if (!reading) again(0);
    },
    /** @param {boolean} on nobody looks: a hidden tab asks for nothing */
    rest(on) {
      resting = on;
      if (!reading) again(0);
    },
    /** @returns {Link} */
    link: () => ({ kind: kind(), ageMs: goodAt === null ? null : now() - goodAt, trouble }),
  };
}
