import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LENGTH, cellOf, createTape } from '../src/tape.js';

test('a letter is a choice by its place, capital where it was stored', () => {
  assert.deepEqual(cellOf('A'), { place: 0, stored: true });
  assert.deepEqual(cellOf('c'), { place: 2, stored: false });
});

test('what was written stays where it is, and only the new places change', () => {
  const tape = createTape();
  assert.deepEqual(tape.take(3, 'ABc'), [0, 1, 2]);
  assert.deepEqual(tape.take(5, 'aB'), [3, 4]);
  assert.deepEqual(tape.counts(), { stored: 3, throttled: 2 });
  assert.equal(tape.head, 5);
  assert.equal(tape.written, 5);
});

test('the counts are those of the last 300 writes', () => {
  const tape = createTape();
  tape.take(LENGTH, 'A'.repeat(LENGTH));
  tape.take(LENGTH + 2, 'bb');
  assert.deepEqual(tape.counts(), { stored: LENGTH - 2, throttled: 2 });
  assert.equal(tape.cells[1]?.stored, false);
  assert.equal(tape.head, 2);
});

test('a gap in what was seen is filled by the last 300', () => {
  const tape = createTape();
  tape.take(1, 'A');
  assert.equal(tape.take(1000, 'b'.repeat(LENGTH)).length, LENGTH);
  assert.deepEqual(tape.counts(), { stored: 0, throttled: LENGTH });
});

test('another lab begins another tape', () => {
  const tape = createTape();
  tape.take(500, 'A'.repeat(LENGTH));
  assert.equal(tape.take(2, 'aB').length, LENGTH);
  assert.deepEqual(tape.counts(), { stored: 1, throttled: 1 });
  assert.deepEqual(tape.take(2, ''), []);
});

test('a tape begins with 300 places, all of them empty', () => {
  const tape = createTape();

  assert.deepEqual(tape.cells, Array(300).fill(null));
  assert.deepEqual([LENGTH, tape.head, tape.written], [300, 0, 0]);
});

test('a look without news changes nothing', () => {
  const tape = createTape();
  tape.take(2, 'Ab');

  assert.deepEqual(tape.take(2, ''), []);
  assert.deepEqual(tape.counts(), { stored: 1, throttled: 1 });
});

test('with another tape every place changes, to the last', () => {
  const tape = createTape();
  tape.take(5, 'AAAAA');
  const changed = tape.take(1, 'b');

  assert.deepEqual(changed, Array.from({ length: 300 }, (_, at) => at));
  assert.deepEqual(tape.cells.slice(0, 2), [{ place: 1, stored: false }, null]);
});
