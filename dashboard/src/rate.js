/**
 * The rate of votes, from samples of their total. Pure.
 */

/** @typedef {{at: number, total: number}} TotalSample `at` in ms, `total` votes then */

const RATE_MS = 5000;
/** Between two samples further apart than this the rate is unknown. */
const GAP_MS = 10_000;

/** @param {TotalSample[]} samples @param {number} at @returns {number} total then, between two samples */
function totalAt(samples, at) {
  const after = samples.findIndex((sample) => sample.at >= at);
  const [next, last] = [samples[after], samples[after - 1]];
  if (!next) return samples.at(-1)?.total ?? 0;
  if (!last) return next.total;
  return last.total + ((next.total - last.total) * (at - last.at)) / (next.at - last.at);
}

/**
 * Votes a second over the 5 s before `at`, or over as much of them as was seen.
 * @param {TotalSample[]} samples oldest first
 * @param {number} at
 * @returns {number | null} null where it cannot be known
 */
export function rateAt(samples, at) {
  const seen = samples.filter((sample) => sample.at > at - RATE_MS - GAP_MS && sample.at <= at);
  const last = seen.at(-1);
  if (!last || at - last.at > RATE_MS) return null;
  const start = seen.findLastIndex((sample, i) => i > 0 && sample.at - (seen[i - 1]?.at ?? 0) > GAP_MS);
  const run = seen.slice(Math.max(0, start));
  const from = Math.max(last.at - RATE_MS, run[0]?.at ?? at);
  if (last.at - from < 500) return null;
  return Math.max(0, last.total - totalAt(run, from)) / ((last.at - from) / 1000);
}
