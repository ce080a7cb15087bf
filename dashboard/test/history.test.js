import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHistory, scaleTop, spark } from '../src/history.js';

/** @param {number[]} seconds */
function historyOf(seconds) {
  const history = createHistory();
  for (const second of seconds) history.add(second * 1000, second * 4);
  return history.samples;
}

test('the curve uses the whole width from the second sample on', () => {
  assert.deepEqual(spark(historyOf([0]), 0).runs, []);
  const { runs, top } = spark(historyOf([0, 1]), 1000);

  assert.deepEqual(runs.map((run) => run.map(([x]) => x)), [[0, 300]]);
  assert.equal(top, 5);
});

test('nobody knows the pace in a gap: the curve breaks there', () => {
  const { runs } = spark(historyOf([0, 1, 2, 60, 61, 62]), 62_000);

  assert.equal(runs.length, 2);
});

test('five minutes are kept, and no more are drawn', () => {
  const samples = historyOf(Array.from({ length: 400 }, (_, i) => i));
  const { runs, fromMs } = spark(samples, 399_000);

  assert.equal(fromMs, 300_000);
  assert.ok((runs[0]?.[0]?.[0] ?? -1) >= 0);
  assert.ok(samples.length <= 306);
});

test('the scale ends at a round number', () => {
  assert.deepEqual([0, 1, 3, 12, 70, 100, 2500].map(scaleTop), [1, 1, 5, 20, 100, 100, 5000]);
});
