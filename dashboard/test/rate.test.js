import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateAt } from '../src/rate.js';

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
