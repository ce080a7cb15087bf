import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFollower, currentPoll } from '../src/follower.js';
import { NOW, closed, pollView } from './examples.js';

const MINUTE = 60_000;
const waiting = { opensAt: NOW + 5 * MINUTE };
const open = { state: /** @type {const} */ ('open'), stateAt: NOW - 10 * MINUTE };

/** @typedef {Partial<import('../src/rows.js').PollView>} Given */

/** @param {Record<string, Given>} polls */
const current = (polls) => currentPoll(Object.entries(polls).map(([poll, given]) => [poll, pollView(given)]), NOW);

/**
 * A follower of the polls `a` to `d`, and which polls it looked at.
 * @param {Record<string, Given | null>} store
 */
function following(store) {
  /** @type {string[]} */
  const looks = [];
  const follower = createFollower(['a', 'b', 'c', 'd'], 'a', async (poll) => {
    looks.push(poll);
    const given = store[poll];
    return given ? pollView(given) : null;
  });
  return {
    store,
    /** What it looked at since the last call. */
    looked: () => looks.splice(0),
    /** @param {boolean} isShownOpen */
    choose: (isShownOpen, now = NOW) => follower.choose(isShownOpen, now),
  };
}

test('the open poll is the current one, and of two the one opened last', () => {
  assert.equal(current({ a: closed, b: open, c: waiting }), 'b');
  assert.equal(current({ a: open, b: { ...open, stateAt: NOW - MINUTE } }), 'b');
  assert.equal(current({ a: { opensAt: NOW - MINUTE }, b: open }), 'a');
  assert.equal(current({ a: { ...open, opensAt: NOW - MINUTE }, b: { opensAt: NOW - 5 * MINUTE } }), 'b');
  assert.equal(current({ a: { stateAt: NOW - 2 * MINUTE, opensAt: NOW - 90 * MINUTE }, b: open }), 'a');
});

test('with a number only the polls that show it are followed', async () => {
  const numbers = { a: '+15550100101', b: '+15550100102', c: '+15550100102' };
  const views = { a: { ...open, stateAt: NOW }, b: closed, c: open };
  const follower = createFollower(['a', 'b', 'c'], 'a', async (poll) => {
    const id = /** @type {'a' | 'b' | 'c'} */ (poll);
    return pollView({ ...views[id], number: numbers[id] });
  }, '+15550100102');

  assert.equal(await follower.choose(false, NOW), 'c');
});

test('while no poll is open, the one closed last is the current one', () => {
  assert.equal(current({ a: waiting, b: { closesAt: NOW - 3 * MINUTE }, c: closed }), 'c');
  assert.equal(current({ a: { closesAt: NOW - MINUTE / 2 }, b: closed, c: waiting }), 'a');
});

test('before any poll was open, the one that opens first is the current one', () => {
  assert.equal(current({ a: { opensAt: NOW + 9 * MINUTE }, b: waiting }), 'b');
  assert.equal(current({}), null);
});

test('at first every poll is looked at once, and while the shown one is open no other', async () => {
  const { choose, looked } = following({ a: closed, b: open, c: waiting });
  const shown = [await choose(false), looked(), await choose(true), await choose(true), looked()];

  assert.deepEqual(shown, ['b', ['a', 'b', 'c', 'd'], 'b', 'b', []]);
});

test('without any of the polls in the store, the poll of the configuration is shown', async () => {
  assert.equal(await following({}).choose(false), 'a');
});

test('after the close the result stays until another poll opens, and one poll is looked at before each read', async () => {
  const { store, choose, looked } = following({ a: closed, b: open, c: waiting });
  await choose(false);
  looked();
  store.b = closed;
  const shown = [];
  for (let read = 0; read < 3; read += 1) shown.push(await choose(false));
  const idle = looked();
  store.c = open;
  for (let read = 0; read < 3; read += 1) shown.push(await choose(shown.at(-1) === 'c'));

  assert.deepEqual([...idle].sort(), ['a', 'c', 'd']);
  assert.deepEqual(shown.slice(0, 3), ['b', 'b', 'b']);
  assert.equal(shown.at(-1), 'c');
});

test('a poll that opens by its timetable is shown at that moment', async () => {
  const { choose } = following({ a: closed, c: waiting });
  await choose(false);

  assert.equal(await choose(false, NOW + 5 * MINUTE - 1), 'a');
  assert.equal(await choose(false, NOW + 5 * MINUTE), 'c');
});

test('a poll that was closed since it was looked at is not shown', async () => {
  const { store, choose, looked } = following({ a: open, b: { ...open, stateAt: NOW - 20 * MINUTE } });
  await choose(false);
  store.b = closed;

  assert.equal(await choose(false), 'a');
  assert.ok(looked().filter((poll) => poll === 'b').length >= 2);
});

test('a look that fails fails the read, and the polls looked at are remembered', async () => {
  let failures = 1;
  /** @type {string[]} */
  const looks = [];
  const follower = createFollower(['a', 'b'], 'a', async (poll) => {
    looks.push(poll);
    if (poll === 'b' && failures-- > 0) throw new Error('network');
    return pollView();
  });
  await assert.rejects(follower.choose(false, NOW), /network/);
  await follower.choose(false, NOW);

  assert.deepEqual(looks, ['a', 'b', 'b']);
});

test('the only poll of a deploy stays, open or not', async () => {
  /** @type {string[]} */
  const looks = [];
  const follower = createFollower(['a'], 'a', async (poll) => {
    looks.push(poll);
    return pollView(closed);
  });
  await follower.choose(false, NOW);

  assert.equal(await follower.choose(false, NOW), 'a');
  assert.deepEqual(looks, ['a']);
});
