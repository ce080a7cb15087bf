import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standings, sumTallies } from '../src/tally.js';
import { pollView, row } from './examples.js';

test('equal votes stand in ballot order, and a tie has several leaders', () => {
  assert.deepEqual(standings(['A', 'B', 'C'], { A: 1, B: 5, C: 5 }), { order: ['B', 'C', 'A'], leaders: ['B', 'C'], margin: 0 });
  assert.deepEqual(standings(['A', 'B'], { A: 0, B: 0 }).leaders, []);
  assert.equal(standings(['A', 'B'], { A: 3, B: 7 }).margin, 4);
});

test('totals are the sum over the rows of the current round; one row may be negative', () => {
  const rows = [
    row({ counts: { RED: 5, GREEN: 2 }, voters: 7, asOf: 10, bad: 1 }),
    row({ id: '00001#tally#x#1', counts: { RED: -1, BLUE: 1 }, voters: 0, asOf: 12 }),
    row({ id: '00000#tally#x#0', round: 0, counts: { RED: 100 } }),
  ];

  assert.deepEqual(sumTallies(rows, pollView()), { counts: { RED: 4, GREEN: 2, BLUE: 1 }, total: 7, voters: 7, bad: 1, asOf: 12 });
});

test('rows that contradict each other have no total', () => {
  assert.equal(sumTallies([row({ counts: { RED: -1, GREEN: 4 } })], pollView()), null);
});

test('the newest vote is the newest of all rows, in whatever order they come', () => {
  const rows = [row({ asOf: 12 }), row({ id: '00001#tally#x#1', asOf: 10 })];

  assert.equal(sumTallies(rows, pollView())?.asOf, 12);
});

test('a choice without a count has no votes, and a count without a choice is none', () => {
  assert.deepEqual(sumTallies([row({ counts: { RED: 2, OTHER: 9 } })], pollView()),
    { counts: { RED: 2, GREEN: 0, BLUE: 0 }, total: 2, voters: 0, bad: 0, asOf: 0 });
  assert.deepEqual(standings(['A', 'B'], { B: 1 }), { order: ['B', 'A'], leaders: ['B'], margin: 1 });
  assert.deepEqual(standings([], {}), { order: [], leaders: [], margin: 0 });
  assert.equal(standings(['A'], { A: 3 }).margin, 3);
});
