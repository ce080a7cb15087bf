/**
 * The last minutes: what the total was, how fast it grew, and the curve of that. Pure.
 */
import { HISTORY_MS, rateAt } from './tally.js';

/** @typedef {{at: number, total: number, rate: number | null}} Sample */

const WIDTH = 300;
export const HEIGHT = 100;

/** The totals of the last minutes, each with the rate that was known then. */
export function createHistory() {
  /** @type {Sample[]} */
  let samples = [];
  return {
    /** @param {number} at ms @param {number} total */
    add(at, total) {
      samples = samples.filter((sample) => sample.at > at - HISTORY_MS - 5000);
      samples.push({ at, total, rate: rateAt([...samples, { at, total }], at) });
    },
    clear: () => (samples = []),
    get samples() {
      return samples;
    },
  };
}

/** @param {number} highest @returns {number} 1, 2, 5, 10, 20, 50 … */
export function scaleTop(highest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}

/**
 * The pace as runs of points, broken where nobody knows; the whole width is used from the
 * second sample on.
 * @param {Sample[]} samples
 * @param {number} now
 * @returns {{runs: [x: number, y: number][][], top: number, fromMs: number}}
 */
export function spark(samples, now) {
  const start = Math.max(now - HISTORY_MS, samples[0]?.at ?? now);
  const width = Math.max(1, (samples.at(-1)?.at ?? now) - start);
  const top = scaleTop(Math.max(0, ...samples.map(({ rate }) => rate ?? 0)));
  /** @type {[number, number][][]} */
  const runs = [[]];
  samples.forEach(({ at, rate }, i) => {
    const next = samples[i + 1]?.rate;
    const known = rate ?? next; // the first of a run has no rate of its own yet
    if (rate === null) runs.push([]);
    if (known === null || known === undefined || at < start) return;
    runs.at(-1)?.push([((at - start) / width) * WIDTH, HEIGHT - (known / top) * (HEIGHT - 4)]);
  });
  return { runs: runs.filter((run) => run.length > 1), top, fromMs: now - start };
}
