import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPACITY, readLetter, createRecentWrites } from '../src/recentWrites.js';

test('a letter is a choice by its place, capital where it was stored', () => {
  assert.deepEqual(readLetter('A'), { choiceIndex: 0, stored: true });
  assert.deepEqual(readLetter('c'), { choiceIndex: 2, stored: false });
});

test('what was written stays where it is, and only the new places change', () => {
  const writes = createRecentWrites();
  assert.deepEqual(writes.add(3, 'ABc'), [0, 1, 2]);
  assert.deepEqual(writes.add(5, 'aB'), [3, 4]);
  assert.deepEqual(writes.counts(), { stored: 3, throttled: 2 });
  assert.equal(writes.nextIndex, 5);
  assert.equal(writes.written, 5);
});

test('the counts are those of the last 300 writes', () => {
  const writes = createRecentWrites();
  writes.add(CAPACITY, 'A'.repeat(CAPACITY));
  writes.add(CAPACITY + 2, 'bb');
  assert.deepEqual(writes.counts(), { stored: CAPACITY - 2, throttled: 2 });
  assert.equal(writes.places[1]?.stored, false);
  assert.equal(writes.nextIndex, 2);
});

test('a gap in what was seen is filled by the last 300', () => {
  const writes = createRecentWrites();
  writes.add(1, 'A');
  assert.equal(writes.add(1000, 'b'.repeat(CAPACITY)).length, CAPACITY);
  assert.deepEqual(writes.counts(), { stored: 0, throttled: CAPACITY });
});

test('another lab begins with empty places', () => {
  const writes = createRecentWrites();
  writes.add(500, 'A'.repeat(CAPACITY));
  assert.equal(writes.add(2, 'aB').length, CAPACITY);
  assert.deepEqual(writes.counts(), { stored: 1, throttled: 1 });
  assert.deepEqual(writes.add(2, ''), []);
});

test('the recent writes begin with 300 places, all of them empty', () => {
  const writes = createRecentWrites();

  assert.deepEqual(writes.places, Array(300).fill(null));
  assert.deepEqual([CAPACITY, writes.nextIndex, writes.written], [300, 0, 0]);
});

test('without new writes nothing changes', () => {
  const writes = createRecentWrites();
  writes.add(2, 'Ab');

  assert.deepEqual(writes.add(2, ''), []);
  assert.deepEqual(writes.counts(), { stored: 1, throttled: 1 });
});

test('when another lab begins, every place changes, to the last', () => {
  const writes = createRecentWrites();
  writes.add(5, 'AAAAA');
  const changed = writes.add(1, 'b');

  assert.deepEqual(changed, Array.from({ length: 300 }, (_, at) => at));
  assert.deepEqual(writes.places.slice(0, 2), [{ choiceIndex: 1, stored: false }, null]);
});
