import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSample, scaleTop, sparkline } from '../src/history.js';

/** @param {number[]} seconds */
const historyOf = (seconds) =>
  seconds.reduce((samples, second) => addSample(samples, second * 1000, second * 4), /** @type {import('../src/history.js').Sample[]} */ ([]));

test('the curve uses the whole width from the second sample on', () => {
  assert.deepEqual(sparkline(historyOf([0]), 0).runs, []);
  const { runs, top } = sparkline(historyOf([0, 1]), 1000);

  assert.deepEqual(runs.map((run) => run.map(([x]) => x)), [[0, 300]]);
  assert.equal(top, 5);
});

test('the rate in a gap is unknown: the curve breaks there', () => {
  const { runs } = sparkline(historyOf([0, 1, 2, 60, 61, 62]), 62_000);

  assert.equal(runs.length, 2);
});

test('five minutes are kept, and no more are drawn', () => {
  const samples = historyOf(Array.from({ length: 400 }, (_, i) => i));
  const { runs, fromMs } = sparkline(samples, 399_000);

  assert.equal(fromMs, 300_000);
  assert.ok((runs[0]?.[0]?.[0] ?? -1) >= 0);
  assert.ok(samples.length <= 306);
});

test('the scale ends at a round number', () => {
  assert.deepEqual([0, 1, 3, 12, 70, 100, 2500].map(scaleTop), [1, 1, 5, 20, 100, 100, 5000]);
});

test('an empty history has no curve, and a scale to begin with', () => {
  assert.deepEqual(sparkline([], 5000), { runs: [], top: 1, fromMs: 0 });
});

test('a sample is kept for five minutes and five seconds', () => {
  const samples = addSample(addSample([], 0, 0), 304_999, 1);
  assert.equal(samples.length, 2);

  assert.deepEqual(addSample(samples, 305_000, 2).map(({ at }) => at), [304_999, 305_000]);
});

test('a sample has the rate at its time, the first one none', () => {
  assert.deepEqual(addSample(addSample([], 1000, 4), 2000, 9),
    [{ at: 1000, total: 4, rate: null }, { at: 2000, total: 9, rate: 5 }]);
});

/** @param {(number | null)[]} rates a second apart, from the tenth second on */
const paced = (rates) => rates.map((rate, i) => ({ at: 10_000 + i * 1000, total: 0, rate }));

test('a higher pace is drawn higher, from the foot of the picture to just below its top', () => {
  const { runs, top } = sparkline(paced([0, 5, 10]), 12_000);

  assert.equal(top, 10);
  assert.deepEqual(runs, [[[0, 100], [150, 52], [300, 4]]]);
});

test('the curve ends with the newest sample, not with the present', () => {
  const { runs, fromMs } = sparkline(paced([10, 10]), 15_000);

  assert.deepEqual(runs.map((run) => run.map(([x]) => x)), [[0, 300]]);
  assert.equal(fromMs, 5000);
});

test('the first sample of a run has the pace of the second, and one alone is no run', () => {
  const { runs } = sparkline(paced([null, 10, null, null, 5, null]), 15_000);

  assert.deepEqual(runs, [[[0, 4], [60, 4]], [[180, 52], [240, 52]]]);
  assert.deepEqual(sparkline(paced([5, null, null]), 12_000).runs, []);
});

test('what came before the five minutes is not drawn', () => {
  const samples = [0, 1000, 300_500, 301_500].map((at) => ({ at, total: 0, rate: 1 }));
  const { runs, fromMs } = sparkline(samples, 301_500);

  assert.equal(fromMs, 300_000);
  assert.deepEqual(runs.map((run) => run.length), [2]);
});
