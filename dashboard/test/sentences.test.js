import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, figure, freshness, invitation, lastVote, leadText, notes, percentText, phaseText, phoneText, troubleText, verdict } from '../src/sentences.js';
import { pollView } from './examples.js';

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
  const said = ['last', 'first', 'each', 'unlimited', 'new'].map((policy) => invitation(pollView({ policy }), 'open', null, NOW).sub);

  assert.deepEqual(said, [
    'One vote per phone. Text again to change it.', 'One vote per phone. The first one stands.',
    'Every text is a vote, up to a limit per phone.', 'Every text is a vote.', '',
  ]);
});

test('voters of a sealed poll are told when they see the results', () => {
  assert.equal(invitation(pollView({ sealed: true }), 'open', null, NOW).sub,
    'One vote per phone. Text again to change it. Sealed: the results are shown after the close.');
});

test('before the opening the screen says when it is, and asks for nothing yet', () => {
  const opensAt = NOW + 90_000;

  assert.deepEqual(invitation(pollView({ opensAt }), 'waiting', 90_000, NOW),
    { opens: 'Voting opens at 20:02, in', countdown: '1:30', lead: 'Then text one of', sub: 'One vote per phone. Text again to change it.' });
  assert.deepEqual(invitation(pollView(), 'open', 90_000, NOW),
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
  const sentences = {
    network: 'The store cannot be reached.',
    timeout: 'The store does not answer in time.',
    credentials: 'No guest credentials are to be had.',
    denied: 'The store refuses guests.',
    table: 'The table of the counts is not there.',
    busy: 'The store has too much to do.',
    fault: 'The store answers with an error.',
    contradiction: 'The rows just read contradict each other.',
    poll: 'The poll is no longer described in the store.',
    unheard: '',
  };
  for (const [name, sentence] of Object.entries(sentences)) {
    const trouble = /** @type {import('../src/trouble.js').Trouble} */ (name);
    assert.equal(troubleText({ kind: 'delayed', ageMs: 4000, trouble }), sentence);
  }
  assert.equal(troubleText({ kind: 'live', ageMs: 4000, trouble: null }), '');
});

test('figures that are not live are told by their age, or by their time in a pause', () => {
  const link = { ageMs: 12_000, trouble: null };

  assert.equal(freshness({ ...link, kind: 'live' }, false, NOW), 'Live');
  assert.equal(freshness({ ...link, kind: 'live' }, true, NOW), 'Up to date');
  assert.equal(freshness({ ...link, kind: 'delayed' }, false, NOW), 'Delayed · 12 s');
  assert.equal(freshness({ ...link, kind: 'paused' }, false, NOW), 'Paused · figures of 20:00:18');
  assert.equal(freshness({ ...link, kind: 'reconnecting' }, false, NOW), 'Reconnecting… · last update 12 s ago');
  assert.equal(freshness({ kind: 'reconnecting', ageMs: null, trouble: 'network' }, false, NOW), 'Reconnecting…');
  assert.equal(freshness({ kind: 'connecting', ageMs: null, trouble: null }, false, NOW), 'Connecting…');
  assert.equal(freshness({ kind: 'paused', ageMs: null, trouble: null }, false, NOW), 'Paused');
});

test('a screen whose clock is right and whose rows add up has no note', () => {
  const well = { link: { kind: /** @type {const} */ ('live'), ageMs: 10, trouble: null }, bad: 0, unread: 0, outdated: false, percentFrom: 0, skew: 0, now: NOW };

  assert.equal(notes(well), '');
  assert.equal(notes({ ...well, skew: -3000 }), 'This screen’s clock is 3 s slow; times here are corrected.');
  assert.equal(notes({ ...well, percentFrom: 30 }), 'Percentages are shown from 30 votes on.');
});

test('a share above 0% is never shown as 0%, and one below 100% never as 100%', () => {
  assert.deepEqual([percentText(0, 0, 10), percentText(0, 1, 10_000), percentText(100, 9999, 10_000), percentText(100, 7, 7)], ['0%', '<1%', '>99%', '100%']);
});

test('a figure has commas between its thousands', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567].map(figure), ['0', '999', '1,000', '1,234,567']);
});

test('the leader is told with the margin, and a tie as a tie', () => {
  const calm = { final: false, overtook: false };

  assert.equal(leadText(1200, 1, 3, calm), 'Leads by 1,200');
  assert.equal(leadText(2, 1, 3, { ...calm, overtook: true }), 'Takes the lead by 2');
  assert.equal(leadText(2, 1, 3, { final: true, overtook: true }), 'Wins by 2');
  assert.equal(leadText(2, 1, 1, calm), 'Leads by 2');
  assert.equal(leadText(0, 2, 3, calm), 'Tied for first');
  assert.equal(leadText(0, 3, 3, calm), 'All tied');
});

/** @param {string} label @returns {import('../src/view.js').Row} */
const leader = (label) => ({ key: label, label, word: label, dark: '', light: '', share: 0, percent: '', votes: 4, note: '', leads: true });

test('who won is told, or that nobody did, or that the last votes are still being counted', () => {
  const [red, green, blue] = ['Red', 'Green', 'Blue'].map(leader);

  assert.deepEqual(verdict(red ? [red] : [], 1, false), { title: 'Red wins', text: 'by 1 vote' });
  assert.deepEqual(verdict(red && green ? [red, green] : [], 0, false), { title: 'It is a tie', text: 'Red and Green, 4 votes each' });
  assert.deepEqual(verdict(red && green && blue ? [red, green, blue] : [], 0, false), { title: 'It is a tie', text: 'Red, Green, and Blue, 4 votes each' });
  assert.deepEqual(verdict([], 0, false), { title: 'No votes', text: 'Nobody voted in this poll.' });
  assert.deepEqual(verdict(red ? [red] : [], 1, true), { title: 'Voting is closed', text: 'Counting the last votes…' });
});

test('a note says what is wrong, one sentence after the other', () => {
  const link = { kind: /** @type {const} */ ('delayed'), ageMs: 12_000, trouble: /** @type {const} */ ('busy') };
  const none = { link, bad: 0, unread: 0, outdated: false, percentFrom: 0, skew: 0, now: NOW };

  assert.equal(notes(none), 'The store has too much to do. Shown are the figures of 20:00:18.');
  assert.equal(notes({ ...none, link: { ...link, ageMs: null } }), 'The store has too much to do.');
  assert.equal(notes({ ...none, link: { ...link, kind: 'live' } }), '');
  assert.equal(notes({ ...none, link: { ...link, trouble: null } }), '');
  assert.equal(notes({ ...none, link: { ...link, kind: 'live' }, unread: 1, bad: 2, outdated: true, percentFrom: 30, skew: 3000 }),
    '1 row of the store could not be read. 2 records could not be counted. '
    + 'Votes were counted after this result was certified. Run an audit. '
    + 'Percentages are shown from 30 votes on. This screen’s clock is 3 s fast; times here are corrected.');
});

test('a poll that waits without an opening time has no countdown', () => {
  assert.equal(phaseText('waiting', null, plain), 'Not open yet');
  assert.deepEqual(invitation(pollView(), 'waiting', null, NOW),
    { opens: '', countdown: '', lead: 'To vote, text one of', sub: 'One vote per phone. Text again to change it.' });
});

test('a number of North America is written as it is there', () => {
  assert.equal(phoneText('+15550100199'), '(555) 010-0199');
});

test('a number is grouped in threes, with what is left at its end', () => {
  const rests = ['1', '1234', '12345', '123456', '1234567', '12345678', '123456789', '1234567890'];

  assert.deepEqual(rests.map((rest) => phoneText(`+44${rest}`)), ['+44 1', '+44 1234', '+44 12345', '+44 123 456', '+44 123 4567',
    '+44 123 45678', '+44 123 456 789', '+44 123 456 7890']);
});

test('a country calling code has one, two or three digits, as the ITU assigned them', () => {
  const two = [20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58,
    60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98];
  const codes = Array.from({ length: 80 }, (_, i) => 20 + i);
  const written = codes.map((code) => phoneText(`+${code}5551234`).split(' ')[0]);

  assert.deepEqual(written, codes.map((code) =>
    code >= 70 && code < 80 ? '+7' : two.includes(code) ? `+${code}` : `+${code}5`));
});

test('a text that is no telephone number is shown unchanged', () => {
  for (const text of ['12345', 'x+15550100199', '+15550100199x', 'x+4915550100', '+4915550100x', '+12', '+']) {
    assert.equal(phoneText(text), text);
  }
});
