import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSnapshot, emptyPollState, shownLink, viewInput } from '../src/pollState.js';
import { NOW, pollView, row } from './examples.js';

const live = { kind: /** @type {const} */ ('live'), ageMs: 100, trouble: null };

/** @typedef {import('../src/source.js').Snapshot} Snapshot */

/** @param {Record<string, number>} counts @param {Partial<Snapshot>} [given] @returns {Snapshot} folded as often as it has votes */
const snapshot = (counts, given) => {
  const round = given?.pollView?.round ?? 1;
  const folded = Object.values(counts).reduce((all, count) => all + Math.max(0, count), 0);
  return {
    pollView: pollView(), tallies: [row({ id: `0000${round}#tally#x#0`, round, counts, folded })],
    certified: [], unread: [], serverAt: null, ageMs: 0, ...given,
  };
};

/** @param {Snapshot[]} snapshots a second apart, the first at 10 s @param {number} [skew] of the screen's clock, ms */
const stateAfter = (snapshots, skew = 0) =>
  snapshots.reduce((state, read, i) => addSnapshot(state, read, { now: 10_000 + 1000 * i, date: NOW + 1000 * i + skew }), emptyPollState());

/** @param {import('../src/pollState.js').PollState} state @param {number} now ms */
const inputAt = (state, now) => viewInput(state, live, { now, date: NOW });

test('before the first snapshot nothing is known', () => {
  assert.deepEqual(inputAt(emptyPollState(), 60_000), {
    pollView: null, certified: [], unread: [], totals: null, link: live, rate: null, overtook: null, skew: 0, now: NOW,
  });
});

test('a snapshot without the poll view has no totals', () => {
  const state = stateAfter([snapshot({ RED: 5 }, { pollView: null })]);

  assert.deepEqual([state.totals, state.samples, state.leader], [null, [], null]);
});

test('each snapshot gives totals and a sample, and the newest rate is shown', () => {
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 8 }), snapshot({ RED: 15 })]);

  assert.equal(state.totals?.total, 15);
  assert.deepEqual(state.samples.map(({ at, total }) => [at, total]), [[10_000, 5], [11_000, 8], [12_000, 15]]);
  assert.equal(inputAt(state, 12_000).rate, 5);
});

test('a rate is shown only while the link is live', () => {
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 8 })]);
  const delayed = { ...live, kind: /** @type {const} */ ('delayed') };

  assert.equal(viewInput(state, delayed, { now: 11_000, date: NOW }).rate, null);
});

test('rows that contradict each other keep the last totals that added up', () => {
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 9, GREEN: -1 })]);

  assert.deepEqual([state.totals?.total, state.addedUpAt, state.samples.length], [5, 10_000, 2]);
});

test('a contradiction is shown after 3 s, with the age of the totals', () => {
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 9, GREEN: -1 })]);

  assert.equal(shownLink(state, live, 13_000), live);
  assert.deepEqual(shownLink(state, live, 13_001), { kind: 'delayed', trouble: 'contradiction', ageMs: 3001 });
});

test('a poll view that all reads lack is missed after 3 s, and so is its age', () => {
  const state = stateAfter([snapshot({ RED: 5 }), ...Array(5).fill(snapshot({ RED: 5 }, { pollView: null }))]);

  assert.equal(state.totals?.total, 5);
  assert.equal(shownLink(state, live, 14_000), live);
  assert.deepEqual(shownLink({ ...state, addedUpAt: 14_000 }, live, 14_001), { kind: 'delayed', trouble: 'poll', ageMs: 3001 });
});

test('a link that is not live is shown as the poller has it', () => {
  const state = stateAfter([snapshot({ RED: 5 })]);
  const paused = { kind: /** @type {const} */ ('paused'), ageMs: 50_000, trouble: null };

  assert.equal(shownLink(state, paused, 60_000), paused);
  assert.equal(shownLink(emptyPollState(), live, 60_000), live);
});

test('another choice that leads has overtaken, for 6 s', () => {
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 5, GREEN: 6 })]);

  assert.deepEqual([11_000, 16_999, 17_000].map((now) => inputAt(state, now).overtook), ['GREEN', 'GREEN', null]);
});

test('the first leader has overtaken nobody', () => {
  const state = stateAfter([snapshot({}), snapshot({ RED: 5 }), snapshot({ RED: 6 })]);

  assert.deepEqual([state.leader, state.overtake], ['RED', null]);
});

test('a leader who comes out of a tie has overtaken nobody, another choice has', () => {
  const same = stateAfter([snapshot({ GREEN: 5 }), snapshot({ RED: 5, GREEN: 5 }), snapshot({ RED: 5, GREEN: 6 })]);
  const other = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 5, GREEN: 5 }), snapshot({ RED: 5, GREEN: 6 })]);

  assert.equal(same.overtake, null);
  assert.deepEqual(other.overtake, { key: 'GREEN', at: 12_000 });
});

test('a new round begins without totals, samples and leader', () => {
  const second = { pollView: pollView({ round: 2 }) };
  const state = stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 5, GREEN: 6 }), snapshot({ GREEN: -1 }, second)]);

  assert.deepEqual([state.totals, state.samples, state.leader, state.overtake], [null, [], null, null]);
  assert.equal(stateAfter([snapshot({ RED: 5 }), snapshot({ RED: 1 }, second)]).totals?.total, 1);
});

test('a screen whose clock is fast is corrected by the store’s', () => {
  const state = stateAfter([snapshot({ RED: 5 }, { serverAt: NOW })], 720_500);

  assert.deepEqual([state.skew, viewInput(state, live, { now: 10_000, date: NOW + 720_500 }).now], [720_000, NOW + 500]);
});

test('what the board holds beside its totals is shown', () => {
  const certified = [{ round: 1, counts: { RED: 5 }, ballots: 5, voters: 5, at: NOW, digest: 'ab' }];
  const input = inputAt(stateAfter([snapshot({ RED: 5 }, { certified, unread: ['00001#tally#y#0'] })]), 10_000);

  assert.deepEqual([input.certified, input.unread, input.pollView?.question], [certified, ['00001#tally#y#0'], 'Which?']);
});
