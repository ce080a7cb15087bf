import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLIDERS, nearest } from '../src/stops.js';

test('every slider stands on its stops, and says what a stop means', () => {
  const [texts, capacity, shards] = SLIDERS.map(({ stops, says }) => says(stops.at(-1) ?? 0, 10));
  assert.equal(texts, '300 a second');
  assert.equal(capacity, '3,000 a second, 300 a partition');
  assert.equal(shards, '100: spread over 100 keys');
  for (const { stops } of SLIDERS) assert.deepEqual(stops, [...stops].sort((a, b) => a - b));
});

test('a value between the stops moves to the nearest', () => {
  assert.equal(nearest([1, 2, 5, 10], 4), 2);
  assert.equal(nearest([1, 2, 5, 10], 100), 3);
});
