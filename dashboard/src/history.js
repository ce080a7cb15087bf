/**
 * The totals and rates of the last five minutes, and the curve of the rates. Pure.
 */
import { rateAt } from './rate.js';

/** @typedef {import('./rate.js').TotalSample & {rate: number | null}} Sample `rate` in votes a second */

const HISTORY_MS = 300_000;
const WIDTH = 300;
export const HEIGHT = 100;

/**
 * @param {Sample[]} samples oldest first
 * @param {number} at ms
 * @param {number} total
 * @returns {Sample[]} those of the last minutes and the new one, with the rate at its time
 */
export function addSample(samples, at, total) {
  const kept = samples.filter((sample) => sample.at > at - HISTORY_MS - 5000);
  return [...kept, { at, total, rate: rateAt([...kept, { at, total }], at) }];
}

/** @param {number} highest @returns {number} 1, 2, 5, 10, 20, 50 … */
export function scaleTop(highest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}

/**
 * The rates as runs of points, broken where they are unknown; the whole width is used from the
 * second sample on.
 * @param {Sample[]} samples
 * @param {number} now
 * @returns {{runs: [x: number, y: number][][], top: number, fromMs: number}}
 */
export function sparkline(samples, now) {
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
