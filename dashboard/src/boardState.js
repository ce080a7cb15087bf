/**
 * The newest rows of a board from all reads so far; a read may return older copies of rows. Pure.
 */

/** @typedef {import('./rows.js').Rows} Rows */
/** @typedef {import('./rows.js').PollView} PollView */
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

/** What one read lacks may be an older copy; what all reads lack for this long is gone. */
const GONE_MS = 30_000;

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
export function mergeRows(known, read, now) {
  const gone = (/** @type {number | null} */ lostAt) => lostAt !== null && now - lostAt > GONE_MS;
  /** @type {BoardState['rows']} */
  const rows = new Map();
  for (const [id, { row, lostAt }] of known.rows) {
    if (!gone(lostAt)) rows.set(id, { row, lostAt: lostAt ?? now });
  }
  for (const row of read.tallies) {
    const before = rows.get(row.id)?.row;
    const newest = before && !newerThan(row, before) ? withKeys(before, row) : row;
    rows.set(row.id, { row: newest, lostAt: null });
  }
  dropMerged(rows, known.rows);
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

/** @param {TallyRow} row @param {TallyRow} other */
const newerThan = (row, other) => row.folded > other.folded || row.revision > other.revision;

/**
 * Drop the rows that a base row includes. After a newer base row, also those that the read lacks: a
 * screen that was asleep for days does not see the base row that named them.
 * @param {BoardState['rows']} rows
 * @param {BoardState['rows']} before
 */
function dropMerged(rows, before) {
  for (const [id, { row: base }] of [...rows]) {
    for (const merged of base.merged) rows.delete(merged);
    if (base.revision <= (before.get(id)?.row.revision ?? 0)) continue;
    for (const [lost, { row, lostAt }] of [...rows]) if (lostAt !== null && row.round === base.round) rows.delete(lost);
  }
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
