/**
 * The arithmetic of the board. Pure: rows and samples in, figures out.
 */

/** @typedef {import('./rows.js').Rows} Rows */
/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Counts} Counts */
/** @typedef {import('./rows.js').TallyRow} TallyRow */
/** @typedef {import('./rows.js').Certified} Certified */

/**
 * @typedef {object} BoardState the newest rows of a board that were read so far
 * @property {PollView | null} pollView
 * @property {number | null} pollViewLostAt since when all reads lack `pollView` or hold an older one, ms
 * @property {Map<string, {row: TallyRow, lostAt: number | null}>} rows
 * @property {Certified[]} certified one a round: once seen, a certificate stays
 * @property {string[]} unread
 */

/** @typedef {{counts: Counts, total: number, voters: number, bad: number, asOf: number}} Totals */
/** @typedef {{at: number, total: number}} Sample `at` in ms, `total` votes then */

/** What one read lacks may be an older copy; what all reads lack for this long is gone. */
const GONE_MS = 30_000;
const RATE_MS = 5000;
/** Between two samples further apart than this nobody knows when the votes came. */
const GAP_MS = 10_000;
export const HISTORY_MS = 300_000;

/** @returns {BoardState} */
export const emptyBoardState = () => ({ pollView: null, pollViewLostAt: null, rows: new Map(), certified: [], unread: [] });

/** @param {PollView} pollView @param {PollView} other */
const olderThan = (pollView, other) =>
  pollView.round < other.round || (pollView.round === other.round && pollView.stateAt < other.stateAt);

/**
 * Merge a read, which may be an older copy: of each row the version with more folded records stays, and a
 * certificate stays although a read lacks it. Only a poll that was replaced begins anew: for
 * `GONE_MS` all reads lacked its poll view, and the one read now is older.
 * @param {BoardState} known
 * @param {Rows} read
 * @param {number} now ms
 * @returns {BoardState}
 */
export function merge(known, read, now) {
  const gone = (/** @type {number | null} */ lostAt) => lostAt !== null && now - lostAt > GONE_MS;
  /** @type {BoardState['rows']} */
  const rows = new Map();
  for (const [id, { row, lostAt }] of known.rows) {
    if (!gone(lostAt)) rows.set(id, { row, lostAt: lostAt ?? now });
  }
  for (const row of read.tallies) {
    const before = rows.get(row.id)?.row;
    const newest = before && before.folded >= row.folded ? withKeys(before, row) : row;
    rows.set(row.id, { row: newest, lostAt: null });
  }
  const lost = known.pollView !== null && (!read.pollView || olderThan(read.pollView, known.pollView));
  const replaced = lost && read.pollView !== null && gone(known.pollViewLostAt);
  const keep = lost && !replaced;
  return {
    pollView: keep ? known.pollView : read.pollView,
    pollViewLostAt: keep ? (known.pollViewLostAt ?? now) : null,
    rows,
    certified: replaced ? read.certified : newestByRound([...known.certified, ...read.certified]),
    unread: read.unread,
  };
}

/** @param {Certified[]} certified @returns {Certified[]} one a round, the later one of two */
function newestByRound(certified) {
  /** @type {Map<number, Certified>} */
  const rounds = new Map();
  for (const one of certified) {
    const before = rounds.get(one.round);
    if (!before || before.at <= one.at) rounds.set(one.round, one);
  }
  return [...rounds.values()];
}

/** @param {TallyRow} kept @param {TallyRow} read a choice that is new is only in the row just read */
const withKeys = (kept, read) => ({ ...kept, counts: { ...read.counts, ...kept.counts } });

/**
 * @param {Iterable<TallyRow>} rows
 * @param {PollView} pollView
 * @returns {Totals | null} null while the rows contradict each other: a row may be negative,
 *   their sum is not, unless one of them is an older copy
 */
export function sum(rows, pollView) {
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
 * Whole percentages that sum to 100, by largest remainder; all 0 where nobody voted. Equal
 * counts get equal percentages where that is possible without putting fewer votes above
 * more: a tie that reads 39 to 38 would look like a lie. Else ballot order decides.
 * @param {number[]} counts
 */
export function percentages(counts) {
  const total = counts.reduce((all, count) => all + count, 0);
  if (total === 0) return counts.map(() => 0);
  const whole = counts.map((count) => Math.floor((count * 100) / total));
  const missing = 100 - whole.reduce((all, share) => all + share, 0);
  const left = (/** @type {number} */ count) => (count * 100) % total;
  const levels = [...new Set(counts)].sort((a, b) => left(b) - left(a) || b - a);
  const raised = raisedTogether(levels, counts, missing, left, whole);
  const places = counts.map((_, place) => place);
  const rank = (/** @type {number} */ place) => levels.indexOf(counts[place] ?? 0);
  const first = places.sort((a, b) => rank(a) - rank(b)).slice(0, missing); // stable: ballot order
  return whole.map((share, place) => {
    const up = raised ? raised.has(counts[place] ?? 0) : first.includes(place);
    return up ? share + 1 : share;
  });
}

/**
 * The levels of votes to round up so that `missing` points are given to whole levels, those
 * with the largest remainders first; null where there is no such choice. At most 2^12 tries.
 * @param {number[]} levels
 * @param {number[]} counts
 * @param {number} missing
 * @param {(count: number) => number} left
 * @param {number[]} whole
 */
function raisedTogether(levels, counts, missing, left, whole) {
  /** @type {{levels: Set<number>, worth: number} | null} */
  let best = null;
  for (let bits = 0; bits < 2 ** levels.length; bits += 1) {
    const chosen = new Set(levels.filter((_, i) => bits & (1 << i)));
    const up = counts.filter((count) => chosen.has(count));
    const worth = up.reduce((all, count) => all + left(count), 0);
    if (up.length !== missing || (best && worth <= best.worth)) continue;
    const shares = counts.map((count, i) => ({ count, share: (whole[i] ?? 0) + Number(chosen.has(count)) }));
    const fair = shares.every((a) => shares.every((b) => a.count <= b.count || a.share >= b.share));
    if (fair) best = { levels: chosen, worth };
  }
  return best?.levels ?? null;
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

/** @param {Sample[]} samples @param {number} at @returns {number} total then, between two samples */
function totalAt(samples, at) {
  const after = samples.findIndex((sample) => sample.at >= at);
  const [next, last] = [samples[after], samples[after - 1]];
  if (!next) return samples.at(-1)?.total ?? 0;
  if (!last) return next.total;
  return last.total + ((next.total - last.total) * (at - last.at)) / (next.at - last.at);
}

/**
 * Votes a second over the 5 s before `at`, or over as much of them as was seen.
 * @param {Sample[]} samples oldest first
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
