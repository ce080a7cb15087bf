import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentages } from '../src/percentages.js';

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
