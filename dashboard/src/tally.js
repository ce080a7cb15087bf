/**
 * Totals and ranks from the tally rows of a board. Pure.
 */

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Counts} Counts */
/** @typedef {import('./rows.js').TallyRow} TallyRow */
/** @typedef {{counts: Counts, total: number, voters: number, bad: number, asOf: number}} Totals */

/**
 * @param {Iterable<TallyRow>} rows
 * @param {PollView} pollView
 * @returns {Totals | null} null while the rows contradict each other: a row may be negative,
 *   their sum is not, unless one of them is an older copy
 */
export function sumTallies(rows, pollView) {
  /** @type {Totals} */
  const totals = { counts: {}, total: 0, voters: 0, bad: 0, asOf: 0 };
  for (const { key } of pollView.choices) totals.counts[key] = 0;
  for (const row of rows) {
    if (row.round !== pollView.round) continue;
    for (const { key } of pollView.choices) {
      totals.counts[key] = (totals.counts[key] ?? 0) + (row.counts[key] ?? 0);
    }
    totals.voters += row.voters;
    totals.bad += row.bad;
    totals.asOf = Math.max(totals.asOf, row.asOf);
  }
  const counts = Object.values(totals.counts);
  totals.total = counts.reduce((all, count) => all + count, 0);
  return counts.some((count) => count < 0) ? null : totals;
}

/**
 * @param {string[]} keys in ballot order
 * @param {Counts} counts
 * @returns {{order: string[], leaders: string[], margin: number}} `leaders` is empty before
 *   the first vote, longer than one in a tie; `margin` is to the next below
 */
export function standings(keys, counts) {
  const of = (/** @type {string | undefined} */ key) => counts[key ?? ''] ?? 0;
  const order = [...keys].sort((a, b) => of(b) - of(a)); // sort is stable: ballot order in a tie
  const best = of(order[0]);
  const leaders = best > 0 ? order.filter((key) => of(key) === best) : [];
  return { order, leaders, margin: leaders.length === 1 ? best - of(order[1]) : 0 };
}
