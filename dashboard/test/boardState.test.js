import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyBoardState, mergeRows } from '../src/boardState.js';
import { pollView, row } from './examples.js';

/** @param {Partial<import('../src/rows.js').Rows>} given */
const read = (given) => ({ pollView: pollView(), tallies: [], certified: [], unread: [], ...given });

test('an older copy of a row changes nothing', () => {
  const newer = mergeRows(emptyBoardState(), read({ tallies: [row({ counts: { RED: 9 }, folded: 9 })] }), 0);
  const older = mergeRows(newer, read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 1000);

  assert.equal(older.rows.get('00001#tally#x#0')?.row.counts.RED, 9);
});

test('a row that one read lacks stays, one that all reads lack for 30 s is gone', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [row({ folded: 1 })] }), 0);
  const lost = mergeRows(known, read({}), 60_000); // an hour of rest is no hour of reads

  assert.equal(lost.rows.size, 1);
  assert.equal(mergeRows(lost, read({}), 90_000).rows.size, 1);
  assert.equal(mergeRows(lost, read({}), 90_001).rows.size, 0);
  assert.equal(mergeRows(mergeRows(lost, read({ tallies: [row({ folded: 1 })] }), 89_000), read({}), 95_000).rows.size, 1);
});

test('neither an older poll view nor a missing one replaces the known one at once', () => {
  const known = mergeRows(emptyBoardState(), read({ pollView: pollView({ round: 2 }) }), 0);

  const older = mergeRows(known, read({ pollView: pollView({ round: 1 }) }), 1000);

  assert.deepEqual([older.pollView?.round, older.pollViewLostAt], [2, 1000]);
  assert.equal(mergeRows(known, read({ pollView: null }), 1000).pollView?.round, 2);
  assert.equal(mergeRows(older, read({ pollView: pollView({ round: 1 }) }), 31_001).pollView?.round, 1);
  assert.equal(mergeRows(older, read({ pollView: null }), 31_001).pollView?.round, 2);
});

/** @param {number} round @param {number} [at] @returns {import('../src/rows.js').Certified} */
const certificate = (round, at = 5) => ({ round, counts: { RED: round }, ballots: 1, voters: 1, at, digest: 'ab' });

test('a certificate once seen stays, although older copies lack it', () => {
  let known = mergeRows(emptyBoardState(), read({}), 0);
  for (const [now, certified] of /** @type {const} */ ([[1000, [certificate(1)]], [2000, []], [99_000, []]])) {
    known = mergeRows(known, read({ certified: [...certified] }), now);

    assert.deepEqual(known.certified, [certificate(1)]);
  }
});

test('there is one certificate a round: a later one replaces an earlier one, and never the other way', () => {
  const known = mergeRows(emptyBoardState(), read({ certified: [certificate(1, 7)] }), 0);
  const more = mergeRows(known, read({ certified: [certificate(1, 5), certificate(2)] }), 1000);

  assert.deepEqual(more.certified, [certificate(1, 7), certificate(2)]);
  assert.deepEqual(mergeRows(more, read({ certified: [certificate(1, 8)] }), 2000).certified, [certificate(1, 8), certificate(2)]);
});

test('the certificates of a poll that was replaced are gone with it', () => {
  const known = mergeRows(emptyBoardState(), read({ pollView: pollView({ round: 2 }), certified: [certificate(1), certificate(2)] }), 0);
  const older = read({ pollView: pollView({ round: 1 }) });
  const lost = mergeRows(known, older, 1000);

  assert.equal(mergeRows(lost, older, 31_000).certified.length, 2);
  assert.equal(mergeRows(lost, older, 31_001).certified.length, 0);
  assert.equal(mergeRows(lost, read({ pollView: null }), 31_001).certified.length, 2);
});

test('a choice that is new is read from a copy that has folded no more', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 0);
  const more = mergeRows(known, read({ tallies: [row({ counts: { RED: 4, GREEN: 2 }, folded: 4 })] }), 1000);

  assert.deepEqual(more.rows.get('00001#tally#x#0')?.row.counts, { GREEN: 2, RED: 4 });
});

test('a poll view is older by its round, then by the time of its state', () => {
  const known = mergeRows(emptyBoardState(), read({ pollView: pollView({ round: 2, stateAt: 50 }) }), 0);
  const after = (/** @type {Partial<import('../src/rows.js').PollView>} */ given) => {
    const { pollView: kept, pollViewLostAt } = mergeRows(known, read({ pollView: pollView(given) }), 1000);
    return [kept?.round, kept?.stateAt, pollViewLostAt];
  };

  assert.deepEqual(after({ round: 2, stateAt: 49 }), [2, 50, 1000]);
  assert.deepEqual(after({ round: 2, stateAt: 50 }), [2, 50, null]);
  assert.deepEqual(after({ round: 3, stateAt: 10 }), [3, 10, null]);
  assert.deepEqual(after({ round: 1, stateAt: 60 }), [2, 50, 1000]);
});

test('a poll view is lost from the first read that lacks it', () => {
  const known = mergeRows(emptyBoardState(), read({}), 0);
  const lost = mergeRows(mergeRows(known, read({ pollView: null }), 1000), read({ pollView: null }), 2000);

  assert.equal(lost.pollViewLostAt, 1000);
  assert.equal(mergeRows(lost, read({}), 3000).pollViewLostAt, null);
  assert.equal(mergeRows(emptyBoardState(), read({ pollView: null }), 1000).pollViewLostAt, null);
});

test('a row is lost from the first read that lacks it', () => {
  let known = mergeRows(emptyBoardState(), read({ tallies: [row({ folded: 1 })] }), 0);
  for (const now of [1000, 2000]) known = mergeRows(known, read({}), now);

  assert.equal(known.rows.get('00001#tally#x#0')?.lostAt, 1000);
});

test('unread rows are those of the last read only', () => {
  const known = mergeRows(emptyBoardState(), read({ unread: ['00001#tally#x#0'] }), 0);

  assert.deepEqual(known.unread, ['00001#tally#x#0']);
  assert.deepEqual(mergeRows(known, read({}), 1000).unread, []);
});

test('before the first read nothing is known', () => {
  assert.deepEqual(emptyBoardState(), { pollView: null, pollViewLostAt: null, rows: new Map(), certified: [], unread: [] });
});

test('of two certificates of the same moment the one read last stays', () => {
  const again = { ...certificate(1), digest: 'cd' };
  const known = mergeRows(emptyBoardState(), read({ certified: [certificate(1)] }), 0);

  assert.deepEqual(mergeRows(known, read({ certified: [again] }), 1000).certified, [again]);
});

test('a row that has folded more replaces the one before', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 0);
  const more = mergeRows(known, read({ tallies: [row({ counts: { RED: 3 }, folded: 5 })] }), 1000);

  assert.deepEqual(more.rows.get('00001#tally#x#0')?.row.counts, { RED: 3 });
});

test('a choice that was not asked for keeps its votes, while nothing more is folded', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4, GREEN: 2 }, folded: 4 })] }), 0);
  const less = mergeRows(known, read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 1000);

  assert.deepEqual(less.rows.get('00001#tally#x#0')?.row.counts, { RED: 4, GREEN: 2 });
});

/** @param {number} revision @param {number} red @param {string[]} merged */
const base = (revision, red, ...merged) => row({ id: '00001#base', counts: { RED: red }, folded: red, revision, merged });
const first = row({ id: '00001#tally#x#0', counts: { RED: 4 }, folded: 4 });
const second = row({ id: '00001#tally#x#1', counts: { RED: 3 }, folded: 3 });

/** @param {import('../src/boardState.js').BoardState} known @returns {number | undefined} */
const red = ({ rows }) => [...rows.values()].reduce((sum, { row: { counts } }) => sum + (counts.RED ?? 0), 0);

test('a row that the base row includes is not counted, whether the read has it or not', () => {
  const before = mergeRows(emptyBoardState(), read({ tallies: [first, second] }), 0);
  const merged = mergeRows(before, read({ tallies: [base(1, 4, first.id), first, second] }), 1000);
  const older = mergeRows(merged, read({ tallies: [first, second] }), 2000);
  const deleted = mergeRows(older, read({ tallies: [base(2, 4, first.id), second] }), 3000);

  assert.deepEqual([before, merged, older, deleted].map(red), [7, 7, 7, 7]);
});

test('an older copy of the base row changes nothing', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [base(2, 7, first.id, second.id)] }), 0);
  const older = mergeRows(known, read({ tallies: [base(1, 4, first.id), first, second] }), 1000);

  assert.equal(red(older), 7);
  assert.equal(older.rows.get('00001#base')?.row.revision, 2);
});

test('a screen that was asleep until the names were dropped counts no row twice', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [base(1, 4, first.id), second] }), 0);
  const awake = mergeRows(known, read({ tallies: [base(5, 7)] }), 1000);

  assert.equal(red(awake), 7);
});

test('a row that a read lacks is kept for a while, if the base row is the known one', () => {
  const known = mergeRows(emptyBoardState(), read({ tallies: [base(1, 4, first.id), second] }), 0);

  assert.equal(red(mergeRows(known, read({ tallies: [base(1, 4, first.id)] }), 1000)), 7);
});

test('rows of another round are not touched by a base row', () => {
  const other = row({ id: '00002#tally#x#1', round: 2, counts: { RED: 2 }, folded: 2 });
  const known = mergeRows(emptyBoardState(), read({ tallies: [first, other] }), 0);

  assert.ok(mergeRows(known, read({ tallies: [base(1, 4)] }), 1000).rows.has(other.id));
});
