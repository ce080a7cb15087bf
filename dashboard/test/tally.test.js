import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyBoardState, merge, percentages, rateAt, standings, sum } from '../src/tally.js';
import { pollView } from './pollView.js';

/** @param {Partial<import('../src/rows.js').TallyRow>} given */
const row = (given) => ({ id: 'tally#1#x#0', round: 1, counts: { RED: 0, GREEN: 0, BLUE: 0 }, voters: 0, folded: 0, bad: 0, asOf: 0, ...given });

/** @param {Partial<import('../src/rows.js').Rows>} given */
const read = (given) => ({ pollView: pollView(), tallies: [], certified: [], unread: [], ...given });

test('the largest remainders are rounded up', () => {
  assert.deepEqual(percentages([15646, 14425, 7933]), [41, 38, 21]);
  assert.deepEqual(percentages([1, 1, 1]), [34, 33, 33]);
  assert.deepEqual(percentages([0, 0]), [0, 0]);
  assert.deepEqual(percentages([10_000_000, 1]), [100, 0]);
});

test('a tie reads as a tie where whole percentages allow it', () => {
  assert.deepEqual(percentages([500, 500, 300]), [38, 38, 24]);
  assert.deepEqual(percentages([334, 334, 332]), [34, 33, 33]);
});

test('equal votes stand in ballot order, and a tie has several leaders', () => {
  assert.deepEqual(standings(['A', 'B', 'C'], { A: 1, B: 5, C: 5 }), { order: ['B', 'C', 'A'], leaders: ['B', 'C'], margin: 0 });
  assert.deepEqual(standings(['A', 'B'], { A: 0, B: 0 }).leaders, []);
  assert.equal(standings(['A', 'B'], { A: 3, B: 7 }).margin, 4);
});

test('an older copy of a row changes nothing', () => {
  const newer = merge(emptyBoardState(), read({ tallies: [row({ counts: { RED: 9 }, folded: 9 })] }), 0);
  const older = merge(newer, read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 1000);

  assert.equal(older.rows.get('tally#1#x#0')?.row.counts.RED, 9);
});

test('a row that one read lacks stays, one that all reads lack for 30 s is gone', () => {
  const known = merge(emptyBoardState(), read({ tallies: [row({ folded: 1 })] }), 0);
  const lost = merge(known, read({}), 60_000); // an hour of rest is no hour of reads

  assert.equal(lost.rows.size, 1);
  assert.equal(merge(lost, read({}), 90_000).rows.size, 1);
  assert.equal(merge(lost, read({}), 90_001).rows.size, 0);
  assert.equal(merge(merge(lost, read({ tallies: [row({ folded: 1 })] }), 89_000), read({}), 95_000).rows.size, 1);
});

test('an older poll view changes nothing, nor does one that is missing for a moment', () => {
  const known = merge(emptyBoardState(), read({ pollView: pollView({ round: 2 }) }), 0);

  const older = merge(known, read({ pollView: pollView({ round: 1 }) }), 1000);

  assert.deepEqual([older.pollView?.round, older.pollViewLostAt], [2, 1000]);
  assert.equal(merge(known, read({ pollView: null }), 1000).pollView?.round, 2);
  assert.equal(merge(older, read({ pollView: pollView({ round: 1 }) }), 31_001).pollView?.round, 1);
  assert.equal(merge(older, read({ pollView: null }), 31_001).pollView?.round, 2);
});

/** @param {number} round @param {number} [at] @returns {import('../src/rows.js').Certified} */
const certificate = (round, at = 5) => ({ round, counts: { RED: round }, ballots: 1, voters: 1, at, digest: 'ab' });

test('a certificate once seen stays, although older copies lack it', () => {
  let known = merge(emptyBoardState(), read({}), 0);
  for (const [now, certified] of /** @type {const} */ ([[1000, [certificate(1)]], [2000, []], [99_000, []]])) {
    known = merge(known, read({ certified: [...certified] }), now);

    assert.deepEqual(known.certified, [certificate(1)]);
  }
});

test('there is one certificate a round: a later one replaces an earlier one, and never the other way', () => {
  const known = merge(emptyBoardState(), read({ certified: [certificate(1, 7)] }), 0);
  const more = merge(known, read({ certified: [certificate(1, 5), certificate(2)] }), 1000);

  assert.deepEqual(more.certified, [certificate(1, 7), certificate(2)]);
  assert.deepEqual(merge(more, read({ certified: [certificate(1, 8)] }), 2000).certified, [certificate(1, 8), certificate(2)]);
});

test('the certificates of a poll that was replaced are gone with it', () => {
  const known = merge(emptyBoardState(), read({ pollView: pollView({ round: 2 }), certified: [certificate(1), certificate(2)] }), 0);
  const older = read({ pollView: pollView({ round: 1 }) });
  const lost = merge(known, older, 1000);

  assert.equal(merge(lost, older, 31_000).certified.length, 2);
  assert.equal(merge(lost, older, 31_001).certified.length, 0);
  assert.equal(merge(lost, read({ pollView: null }), 31_001).certified.length, 2);
});

test('totals are the sum over the rows of the current round; one row may be negative', () => {
  const rows = [
    row({ counts: { RED: 5, GREEN: 2 }, voters: 7, asOf: 10, bad: 1 }),
    row({ id: 'tally#1#x#1', counts: { RED: -1, BLUE: 1 }, voters: 0, asOf: 12 }),
    row({ id: 'tally#0#x#0', round: 0, counts: { RED: 100 } }),
  ];

  assert.deepEqual(sum(rows, pollView()), { counts: { RED: 4, GREEN: 2, BLUE: 1 }, total: 7, voters: 7, bad: 1, asOf: 12 });
});

test('rows that contradict each other have no total', () => {
  assert.equal(sum([row({ counts: { RED: -1, GREEN: 4 } })], pollView()), null);
});

test('the rate is smoothed over 5 s, and unknown after a single sample or a gap', () => {
  const steady = Array.from({ length: 20 }, (_, i) => ({ at: i * 1000, total: i * 12 }));
  const gap = [{ at: 0, total: 0 }, { at: 1000, total: 10 }, { at: 60_000, total: 900 }];

  assert.equal(rateAt(steady, 19_000), 12);
  assert.equal(rateAt(steady.slice(0, 3), 2000), 12);
  assert.equal(rateAt(steady.slice(0, 1), 0), null);
  assert.equal(rateAt(gap, 60_000), null);
  assert.equal(rateAt([...gap, { at: 61_000, total: 903 }], 61_000), 3);
});

test('5 s after the last sample the rate is not known any more', () => {
  const steady = Array.from({ length: 20 }, (_, i) => ({ at: i * 1000, total: i * 12 }));

  assert.equal(rateAt(steady, 24_000), 12);
  assert.equal(rateAt(steady, 24_001), null);
});

test('a choice that is new is read from a copy that has folded no more', () => {
  const known = merge(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 0);
  const more = merge(known, read({ tallies: [row({ counts: { RED: 4, GREEN: 2 }, folded: 4 })] }), 1000);

  assert.deepEqual(more.rows.get('tally#1#x#0')?.row.counts, { GREEN: 2, RED: 4 });
});

test('the newest vote is the newest of all rows, in whatever order they come', () => {
  const rows = [row({ asOf: 12 }), row({ id: 'tally#1#x#1', asOf: 10 })];

  assert.equal(sum(rows, pollView())?.asOf, 12);
});

test('the rate is taken between samples where none was taken 5 s ago', () => {
  const samples = [{ at: 0, total: 0 }, { at: 3000, total: 30 }, { at: 7000, total: 110 }];

  assert.equal(rateAt(samples, 7000), 18);
  assert.equal(rateAt([...samples, { at: 9000, total: 999 }], 7000), 18);
  assert.equal(rateAt([{ at: 0, total: 0 }, { at: 2000, total: 10 }, { at: 7000, total: 60 }], 7000), 10);
});

test('10 s without a sample are no gap, and a millisecond more is one', () => {
  assert.equal(rateAt([{ at: 0, total: 0 }, { at: 10_000, total: 100 }], 10_000), 10);
  assert.equal(rateAt([{ at: 0, total: 0 }, { at: 10_001, total: 100 }], 10_001), null);
});

test('a sample counts towards the rate for 15 s', () => {
  const later = [{ at: 10_000, total: 10_000 }, { at: 12_000, total: 14_000 }];

  assert.equal(rateAt([{ at: 0, total: 0 }, ...later], 15_000), 2000);
  assert.equal(rateAt([{ at: 1, total: 1 }, ...later], 15_000), 1400);
});

test('the rate is known from half a second on', () => {
  assert.equal(rateAt([{ at: 0, total: 0 }, { at: 499, total: 5 }], 499), null);
  assert.equal(rateAt([{ at: 0, total: 0 }, { at: 500, total: 5 }], 500), 10);
});

test('a total that falls, as when ballots are forgotten, is no rate below nothing', () => {
  assert.equal(rateAt([{ at: 0, total: 10 }, { at: 1000, total: 5 }], 1000), 0);
  assert.equal(rateAt([], 1000), null);
});

test('a poll view is older by its round, then by when the operator last decided', () => {
  const known = merge(emptyBoardState(), read({ pollView: pollView({ round: 2, stateAt: 50 }) }), 0);
  const after = (/** @type {Partial<import('../src/rows.js').PollView>} */ given) => {
    const { pollView: kept, pollViewLostAt } = merge(known, read({ pollView: pollView(given) }), 1000);
    return [kept?.round, kept?.stateAt, pollViewLostAt];
  };

  assert.deepEqual(after({ round: 2, stateAt: 49 }), [2, 50, 1000]);
  assert.deepEqual(after({ round: 2, stateAt: 50 }), [2, 50, null]);
  assert.deepEqual(after({ round: 3, stateAt: 10 }), [3, 10, null]);
  assert.deepEqual(after({ round: 1, stateAt: 60 }), [2, 50, 1000]);
});

test('a poll view is lost from the first read that lacks it', () => {
  const known = merge(emptyBoardState(), read({}), 0);
  const lost = merge(merge(known, read({ pollView: null }), 1000), read({ pollView: null }), 2000);

  assert.equal(lost.pollViewLostAt, 1000);
  assert.equal(merge(lost, read({}), 3000).pollViewLostAt, null);
  assert.equal(merge(emptyBoardState(), read({ pollView: null }), 1000).pollViewLostAt, null);
});

test('a row is lost from the first read that lacks it', () => {
  let known = merge(emptyBoardState(), read({ tallies: [row({ folded: 1 })] }), 0);
  for (const now of [1000, 2000]) known = merge(known, read({}), now);

  assert.equal(known.rows.get('tally#1#x#0')?.lostAt, 1000);
});

test('what could not be read is told of the last read only', () => {
  const known = merge(emptyBoardState(), read({ unread: ['tally#1#x#0'] }), 0);

  assert.deepEqual(known.unread, ['tally#1#x#0']);
  assert.deepEqual(merge(known, read({}), 1000).unread, []);
});

test('before the first read nothing is known', () => {
  assert.deepEqual(emptyBoardState(), { pollView: null, pollViewLostAt: null, rows: new Map(), certified: [], unread: [] });
});

test('of two certificates of the same moment the one read last stays', () => {
  const again = { ...certificate(1), digest: 'cd' };
  const known = merge(emptyBoardState(), read({ certified: [certificate(1)] }), 0);

  assert.deepEqual(merge(known, read({ certified: [again] }), 1000).certified, [again]);
});

test('a row that has folded more replaces the one before', () => {
  const known = merge(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 0);
  const more = merge(known, read({ tallies: [row({ counts: { RED: 3 }, folded: 5 })] }), 1000);

  assert.deepEqual(more.rows.get('tally#1#x#0')?.row.counts, { RED: 3 });
});

test('a choice without a count has no votes, and a count without a choice is none', () => {
  assert.deepEqual(sum([row({ counts: { RED: 2, OTHER: 9 } })], pollView()),
    { counts: { RED: 2, GREEN: 0, BLUE: 0 }, total: 2, voters: 0, bad: 0, asOf: 0 });
  assert.deepEqual(standings(['A', 'B'], { B: 1 }), { order: ['B', 'A'], leaders: ['B'], margin: 1 });
  assert.deepEqual(standings([], {}), { order: [], leaders: [], margin: 0 });
  assert.equal(standings(['A'], { A: 3 }).margin, 3);
});

test('equal counts are rounded alike, and the larger remainders up', () => {
  assert.deepEqual(percentages([2, 2, 1, 1]), [33, 33, 17, 17]);
  assert.deepEqual(percentages([1, 1, 2, 2]), [17, 17, 33, 33]);
  assert.deepEqual(percentages([3, 3, 1]), [43, 43, 14]);
  assert.deepEqual(percentages([7]), [100]);
});

test('where equal counts cannot be rounded alike, the larger remainders go up in ballot order', () => {
  assert.deepEqual(percentages([1, 1, 1, 1, 1, 1]), [17, 17, 17, 17, 16, 16]);
  assert.deepEqual(percentages([332, 334, 334]), [33, 34, 33]);
});

test('remainders decide, not votes, and votes only between equal remainders', () => {
  assert.deepEqual(percentages([327, 327, 327, 673, 673, 673]), [11, 11, 11, 23, 22, 22]);
  assert.deepEqual(percentages([61, 61, 61, 139, 139, 139]), [10, 10, 10, 24, 23, 23]);
  assert.deepEqual(percentages([139, 139, 139, 61, 61, 61]), [24, 23, 23, 10, 10, 10]);
});

test('of several ways to round equal counts alike, the one with the largest remainders is taken, and the first of two', () => {
  assert.deepEqual(percentages([109, 204, 204, 483]), [11, 20, 20, 49]);
  assert.deepEqual(percentages([107, 205, 205, 483]), [10, 21, 21, 48]);
});

test('fewer votes may be rounded up to the percentage of more', () => {
  assert.deepEqual(percentages([200, 192, 304, 304]), [20, 20, 30, 30]);
});

test('a choice that was not asked for keeps its votes, while nothing more is folded', () => {
  const known = merge(emptyBoardState(), read({ tallies: [row({ counts: { RED: 4, GREEN: 2 }, folded: 4 })] }), 0);
  const less = merge(known, read({ tallies: [row({ counts: { RED: 4 }, folded: 4 })] }), 1000);

  assert.deepEqual(less.rows.get('tally#1#x#0')?.row.counts, { RED: 4, GREEN: 2 });
});

test('percentages sum to 100 whatever the counts, and never put fewer votes above more', () => {
  let seed = 7;
  const random = (/** @type {number} */ n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 500; round += 1) {
    const counts = Array.from({ length: 2 + random(round < 490 ? 6 : 11) }, () => random(10 ** (1 + random(7))));
    if (counts.every((count) => count === 0)) continue;
    const shares = percentages(counts);
    const total = counts.reduce((all, count) => all + count, 0);

    assert.equal(shares.reduce((all, share) => all + share, 0), 100);
    counts.forEach((a, i) => {
      assert.ok(Math.abs((shares[i] ?? 0) - (a * 100) / total) < 1);
      counts.forEach((b, j) => assert.ok(a <= b || (shares[i] ?? 0) >= (shares[j] ?? 0), `${counts} ${shares}`));
    });
  }
});
