import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equals, judge, total, verdict } from '../view.js';

const TRUTH = { colors: { RED: 6, BLUE: 4 } };
const RUN = {
  done: 9, deliveries: 9, waiting: 0, truth: TRUTH, ours: TRUTH,
  counters_2015: { colors: { RED: 40, BLUE: 31 } }, differences: { colors: { RED: 4, BLUE: 6 } },
  injected: { again: 2, crash: 1 }, exact: true,
};

test('a count is judged choice by choice, not by its sum', () => {
  assert.deepEqual(judge(RUN, 'ours'), { state: 'right', text: 'exact' });
  assert.deepEqual(judge(RUN, 'counters_2015'), { state: 'wrong', text: '61 too many' });
  assert.equal(judge(RUN, 'differences').state, 'wrong');
});

test('nothing is called exact before the end', () => {
  const { exact: _, ...running } = { ...RUN, waiting: 3 };

  assert.deepEqual(judge(running, 'ours'), { state: 'running', text: '3 records waiting' });
  assert.equal(judge({ ...running, waiting: 1 }, 'ours').text, '1 record waiting');
  assert.equal(judge(running, 'differences').state, 'running');
  assert.equal(judge(running, 'counters_2015').state, 'wrong');
});

test('a choice without votes may be missing', () => {
  assert.equal(equals({ colors: { RED: 1 } }, { colors: { RED: 1, BLUE: 0 } }), true);
  assert.equal(equals({ colors: { RED: 1 } }, { colors: { RED: 1, BLUE: 1 } }), false);
  assert.equal(total({ colors: { RED: 1 }, encore: { POLKA: 2 } }), 3);
});

test('the verdict names every count', () => {
  assert.equal(
    verdict(RUN),
    '10 votes, 3 faults. VoteApp: 10 (exact). Counters of 2015: 71 (61 too many). ' +
      'Adding differences: 10 (the sum is right, the choices are not).',
  );
});
