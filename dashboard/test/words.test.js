import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, freshness, invitation, lastVote, notes, percentText, phaseText, phoneText, troubleText } from '../src/words.js';
import { face } from './face.js';

const NOW = new Date(2026, 10, 20, 20, 0, 30).getTime();
const MINUTE = 60_000;
const plain = { certified: false, outdated: false, sealed: false };

test('one vote, no votes, many votes', () => {
  assert.deepEqual([0, 1, 2, 12_345].map((n) => amount(n, 'vote')), ['0 votes', '1 vote', '2 votes', '12,345 votes']);
});

test('how long ago the last vote came is said for an hour, then when it came', () => {
  const said = [0, 2_999, 3_000, 59 * MINUTE, 60 * MINUTE, 90 * MINUTE].map((ago) => lastVote(NOW - ago, NOW, false));

  assert.deepEqual(said, ['last vote just now', 'last vote just now', 'last vote 3 s ago', 'last vote 59 min ago', 'last vote at 19:00', 'last vote at 18:30']);
});

test('of a poll that has ended it is said when the last vote came, however recent', () => {
  assert.equal(lastVote(NOW - MINUTE, NOW, true), 'last vote at 19:59');
  assert.equal(lastVote(0, NOW, true), '');
});

test('voters are promised what the policy of the poll keeps', () => {
  const said = ['last', 'first', 'each', 'unlimited', 'new'].map((policy) => invitation(face({ policy }), 'open', null, NOW).sub);

  assert.deepEqual(said, [
    'One vote per phone. Text again to change it.', 'One vote per phone. The first one stands.',
    'Every text is a vote, up to a limit per phone.', 'Every text is a vote.', '',
  ]);
});

test('voters of a sealed poll are told when they see the results', () => {
  assert.equal(invitation(face({ sealed: true }), 'open', null, NOW).sub,
    'One vote per phone. Text again to change it. Sealed: the results are shown after the close.');
});

test('before the opening the screen says when it is, and asks for nothing yet', () => {
  const opensAt = NOW + 90_000;

  assert.deepEqual(invitation(face({ opensAt }), 'waiting', 90_000, NOW),
    { opens: 'Voting opens at 20:02, in', countdown: '1:30', lead: 'Then text one of', sub: 'One vote per phone. Text again to change it.' });
  assert.deepEqual(invitation(face(), 'open', 90_000, NOW),
    { opens: '', countdown: '', lead: 'To vote, text one of', sub: 'One vote per phone. Text again to change it.' });
});

test('a poll that waits opens, one that is open closes', () => {
  assert.equal(phaseText('waiting', 90_000, plain), 'Not open yet · opens in 1:30');
  assert.equal(phaseText('open', 90_000, plain), 'Voting open · closes in 1:30');
  assert.equal(phaseText('open', null, { ...plain, sealed: true }), 'Voting open, sealed');
});

test('a result is called certified only if it is', () => {
  assert.equal(phaseText('closed', null, plain), 'Voting closed · not yet certified');
  assert.equal(phaseText('closed', null, { ...plain, certified: true }), 'Voting closed · certified result');
  assert.equal(phaseText('archived', null, { ...plain, certified: true }), 'Archived · certified result');
  assert.equal(phaseText('archived', null, { ...plain, outdated: true }), 'Archived · not certified');
  assert.equal(phaseText('closed', null, { ...plain, sealed: true }), 'Voting closed · sealed');
});

test('every trouble has a sentence of its own', () => {
  const troubles = /** @type {import('../src/source.js').Trouble[]} */ (
    ['network', 'timeout', 'credentials', 'denied', 'table', 'busy', 'fault', 'contradiction', 'face']);
  const said = troubles.map((trouble) => troubleText({ kind: 'delayed', ageMs: 4000, trouble }));

  assert.equal(new Set(said).size, 9);
  assert.ok(said.every((sentence) => sentence.endsWith('.')));
});

test('figures that are not live are told by their age, or by their time in a pause', () => {
  const link = { ageMs: 12_000, trouble: null };

  assert.equal(freshness({ ...link, kind: 'live' }, false, NOW), 'Live');
  assert.equal(freshness({ ...link, kind: 'live' }, true, NOW), 'Up to date');
  assert.equal(freshness({ ...link, kind: 'delayed' }, false, NOW), 'Delayed · 12 s');
  assert.equal(freshness({ ...link, kind: 'paused' }, false, NOW), 'Paused · figures of 20:00:18');
  assert.equal(freshness({ kind: 'reconnecting', ageMs: null, trouble: 'network' }, false, NOW), 'Reconnecting…');
});

test('a screen whose clock is right and whose rows add up has no note', () => {
  const well = { link: { kind: /** @type {const} */ ('live'), ageMs: 10, trouble: null }, bad: 0, unread: 0, outdated: false, percentFrom: 0, skew: 0, now: NOW };

  assert.equal(notes(well), '');
  assert.equal(notes({ ...well, skew: -3000 }), 'This screen’s clock is 3 s slow; times here are corrected.');
  assert.equal(notes({ ...well, percentFrom: 30 }), 'Percentages are shown from 30 votes on.');
});

test('one vote of thousands is neither nothing nor all', () => {
  assert.deepEqual([percentText(0, 0, 10), percentText(0, 1, 10_000), percentText(100, 9999, 10_000), percentText(100, 7, 7)], ['0%', '<1%', '>99%', '100%']);
});

test('what is no telephone number is left as it is', () => {
  assert.deepEqual(['+15550100199', '+4915550100', '12345'].map(phoneText), ['(555) 010-0199', '+49 155 50100', '12345']);
});
