import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLIDERS, nearest, rateText } from '../src/sliderStops.js';

test('there are three sliders: how many texts arrive, how many writes fit, on how many shards', () => {
  assert.deepEqual(SLIDERS.map(({ name, title }) => [name, title]),
    [['texts_per_second', 'Texts arriving'], ['write_capacity', 'Write capacity'], ['shards', 'Shards']]);
});

test('every slider stands on its stops, from the least to the most', () => {
  const [texts, capacity, shards] = SLIDERS.map(({ stops }) => stops);

  assert.deepEqual([texts?.length, texts?.slice(0, 3), texts?.at(-1)], [61, [0, 5, 10], 300]);
  assert.deepEqual(capacity, [10, 20, 40, 80, 120, 180, 240, 360, 500, 750, 1000, 1500, 2000, 3000]);
  assert.deepEqual(shards, [1, 2, 5, 10, 20, 50, 100]);
});

test('a slider says what its first stop and its last one mean', () => {
  const said = SLIDERS.map(({ stops, says }) => [stops.at(0) ?? 0, stops.at(-1) ?? 0].map((value) => says(value, 10)));

  assert.deepEqual(said, [
    ['none', '300 a second'],
    ['10 a second, 1 a partition', '3,000 a second, 300 a partition'],
    ['1: all under one key', '100: spread over 100 keys'],
  ]);
});

test('a rate has one digit after the point below 10, and none from there on', () => {
  assert.deepEqual([0, 0.26, 9.94, 10, 10.4, 1234.5].map(rateText), ['0', '0.3', '9.9', '10', '10', '1,235']);
});

test('a value between the stops moves to the nearest, and to the lower one of two', () => {
  assert.equal(nearest([1, 2, 5, 10], 4), 2);
  assert.equal(nearest([1, 2, 5, 10], 100), 3);
  assert.equal(nearest([10, 20, 40], 11), 0);
  assert.equal(nearest([10, 20, 40], 30), 1);
});
