import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '../src/view.js';
import { face } from './face.js';

const NOW = Date.UTC(2026, 10, 20, 20, 0);
const live = { kind: /** @type {const} */ ('live'), ageMs: 100, trouble: null };

/** @param {Record<string, number>} counts */
const totals = (counts) => {
  const total = Object.values(counts).reduce((all, count) => all + count, 0);
  return { counts, total, voters: total, bad: 0, asOf: NOW };
};

/** @param {Partial<import('../src/view.js').Seen>} given */
const view = (given) => describe({
  poll: 'colors', face: face(), totals: totals({ RED: 5, GREEN: 3, BLUE: 0 }), certified: [],
  unread: [], link: live, rate: 2, overtook: null, skew: 0, now: NOW, ...given,
});

const closed = { state: /** @type {const} */ ('closed'), stateAt: NOW - 60_000 };
const certified = { round: 1, counts: { RED: 4, GREEN: 4, BLUE: 0 }, ballots: 8, voters: 8, at: NOW, digest: 'abcdefghij' };

test('the leader’s margin is said, and an overtake for what it is', () => {
  assert.equal(view({}).rows[0]?.note, 'Leads by 2');
  assert.equal(view({ overtook: 'RED' }).rows[0]?.note, 'Takes the lead by 2');
  assert.equal(view({ face: face(closed) }).rows[0]?.note, 'Wins by 2');
});

test('a tie is said as a tie', () => {
  const tie = view({ totals: totals({ RED: 4, GREEN: 4, BLUE: 1 }) });

  assert.deepEqual(tie.rows.map(({ note }) => note), ['Tied for first', 'Tied for first', '']);
  assert.equal(view({ totals: totals({ RED: 2, GREEN: 2, BLUE: 2 }) }).rows[0]?.note, 'All tied');
});

test('a vote is never 0%, and nobody has 100% while others have votes', () => {
  const rows = view({ totals: totals({ RED: 10_000, GREEN: 1, BLUE: 0 }) }).rows;

  assert.deepEqual(rows.map(({ percent }) => percent), ['>99%', '<1%', '0%']);
});

test('percentages are hidden below the number of votes that the poll names', () => {
  assert.deepEqual(view({ face: face({ percentFrom: 9 }) }).rows.map(({ percent }) => percent), ['', '', '']);
  assert.equal(view({ face: face({ percentFrom: 8 }) }).rows[0]?.percent, '63%');
});

test('before the first vote the screen invites; after the close it says that nobody voted', () => {
  const none = totals({ RED: 0, GREEN: 0, BLUE: 0 });

  assert.equal(view({ totals: none }).scene, 'invite');
  assert.equal(view({ totals: none, face: face(closed) }).verdict?.title, 'No votes');
});

test('just after the close the last votes are still being counted', () => {
  const settling = view({ face: face({ ...closed, stateAt: NOW - 3000 }) });

  assert.deepEqual([settling.verdict?.text, settling.verdict?.hues], ['Counting the last votes…', []]);
});

test('a certified result replaces the live count once voting is closed', () => {
  const shown = view({ face: face(closed), certified: [certified] });

  assert.deepEqual([shown.rail.total, shown.verdict?.title], [8, 'It is a tie']);
  assert.equal(shown.rail.certificate?.digest, 'abcdefgh ij');
  assert.equal(shown.note, '');
  assert.equal(view({ certified: [certified] }).rows[0]?.votes, 5);
  assert.equal(view({ face: face({ ...closed, round: 2 }), certified: [certified] }).rail.certificate?.sure, false);
});

test('a certificate that votes counted later disagree with is not shown as the result', () => {
  const early = { ...certified, at: NOW - 1 };
  const shown = view({ face: face(closed), certified: [early] });

  assert.deepEqual([shown.rail.total, shown.verdict?.title, shown.phase], [8, 'RED wins', 'Voting closed · not certified']);
  assert.match(shown.note, /^Votes were counted after this result was certified\. Run an audit\.$/);
  assert.deepEqual([shown.rail.certificate?.sure, shown.rail.certificate?.title, shown.rail.certificate?.digest], [false, 'Not certified', '']);
});

test('a certificate stands while the live count is older, the same, or not to be had', () => {
  const early = { ...certified, at: NOW - 1, counts: { RED: 5, GREEN: 3, BLUE: 0 } };
  const older = { ...totals({ RED: 1, GREEN: 0, BLUE: 0 }), asOf: NOW };
  const shown = [
    view({ face: face(closed), certified: [early] }),
    view({ face: face(closed), certified: [certified], totals: older }),
    view({ face: face(closed), certified: [certified], totals: null }),
  ];

  assert.deepEqual(shown.map(({ phase }) => phase), Array(3).fill('Voting closed · certified result'));
  assert.deepEqual(shown.map(({ note }) => note), ['', '', '']);
  assert.deepEqual(shown.map(({ rail }) => rail.certificate?.sure), [true, true, true]);
});

test('phones are not told where every text is a ballot of its own', () => {
  const unlimited = face({ policy: 'unlimited' });

  assert.deepEqual([view({}).rail.phones, view({ face: unlimited }).rail.phones], [8, null]);
  assert.equal(view({ face: { ...unlimited, ...closed }, certified: [certified] }).rail.phones, null);
});

test('a sealed poll shows nothing of its count until it is certified', () => {
  assert.equal(view({ face: face({ sealed: true }) }).scene, 'invite');
  assert.equal(view({ face: face({ sealed: true, ...closed }) }).message.title, 'The ballot is sealed');
  assert.equal(view({ face: face({ sealed: true, ...closed }), certified: [certified] }).rail.total, 8);
});

test('a count that never added up is not shown as no votes', () => {
  assert.equal(view({ totals: null }).message.title, 'Nothing to show yet');
});

test('what is wrong is said, with the time of what is shown', () => {
  const link = { kind: /** @type {const} */ ('reconnecting'), ageMs: 12_000, trouble: /** @type {const} */ ('network') };
  const shown = view({ link, unread: ['tally#1#x#0'], skew: 720_000, totals: { ...totals({ RED: 1 }), bad: 2 } });

  assert.match(shown.freshness, /Reconnecting… · last update 12 s ago/);
  assert.match(shown.note, /cannot be reached. Shown are the figures of \d+:59:48/);
  assert.match(shown.note, /1 row of the store could not be read/);
  assert.match(shown.note, /2 records could not be counted/);
  assert.match(shown.note, /clock is 12 min fast/);
});

test('an unknown poll and an unreadable one are told apart', () => {
  assert.equal(view({ face: null }).message.title, 'There is no such poll');
  assert.equal(view({ face: null, unread: ['poll'] }).message.title, 'This poll cannot be read');
  assert.equal(view({ face: null, link: { kind: 'reconnecting', ageMs: null, trouble: 'table' } }).message.title, 'Nothing to show yet');
  assert.equal(view({ face: null, link: { kind: 'connecting', ageMs: null, trouble: null } }).message.title, '');
});

test('the rate is shown with one digit below 100, and not once voting has ended', () => {
  const rates = [2, 123.4, null].map((rate) => view({ rate }).rail.rate);

  assert.deepEqual(rates, ['2.0', '123', '–']);
  assert.equal(view({ face: face(closed), rate: 2 }).rail.rate, '–');
});

test('the rail tells when voting closed, once it has', () => {
  assert.equal(view({}).rail.closed, null);
  assert.match(view({ face: face(closed) }).rail.closed ?? '', /^\d\d:59$/);
});

test('after 10 s the last votes are counted', () => {
  const at = (/** @type {number} */ ago) => view({ face: face({ ...closed, stateAt: NOW - ago }) }).verdict?.title;

  assert.deepEqual([at(9_999), at(10_000)], ['Voting is closed', 'RED wins']);
});

test('in the lab a round without votes is a board of empty bars', () => {
  const none = totals({ RED: 0, GREEN: 0, BLUE: 0 });

  assert.equal(view({ totals: none, lab: true }).scene, 'board');
});
