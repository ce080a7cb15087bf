import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, certified, closed, pollView, totals, view } from './examples.js';

test('the leader’s margin is said, and an overtake for what it is', () => {
  assert.equal(view({}).rows[0]?.note, 'Leads by 2');
  assert.equal(view({ overtook: 'RED' }).rows[0]?.note, 'Takes the lead by 2');
  assert.equal(view({ pollView: pollView(closed) }).rows[0]?.note, 'Wins by 2');
});

test('a row has the word to text while one can vote, unless it is its label', () => {
  const choices = pollView().choices.map((choice) => ({ ...choice, label: choice.key === 'RED' ? 'Red' : 'Another' }));
  const words = (/** @type {object} */ given) => view({ pollView: pollView({ choices, ...given }) }).rows.map(({ word }) => word);

  assert.deepEqual(words({}), ['', 'GREEN', 'BLUE']);
  assert.deepEqual(words(closed), ['', '', '']);
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
  assert.deepEqual(view({ pollView: pollView({ percentFrom: 9 }) }).rows.map(({ percent }) => percent), ['', '', '']);
  assert.equal(view({ pollView: pollView({ percentFrom: 8 }) }).rows[0]?.percent, '63%');
});

test('before the first vote the screen invites; after the close it says that nobody voted', () => {
  const none = totals({ RED: 0, GREEN: 0, BLUE: 0 });

  assert.equal(view({ totals: none }).scene, 'invite');
  assert.equal(view({ totals: none, pollView: pollView(closed) }).verdict?.title, 'No votes');
});

test('just after the close the last votes are still being counted', () => {
  const settling = view({ pollView: pollView({ ...closed, stateAt: NOW - 3000 }) });

  assert.deepEqual([settling.verdict?.text, settling.verdict?.hues], ['Counting the last votes…', []]);
});

test('phones are not told where every text is a ballot of its own', () => {
  const unlimited = pollView({ policy: 'unlimited' });

  assert.deepEqual([view({}).sidebar.phones, view({ pollView: unlimited }).sidebar.phones], [8, null]);
  assert.equal(view({ pollView: { ...unlimited, ...closed }, certified: [certified] }).sidebar.phones, null);
});

test('a sealed poll shows nothing of its count until it is certified', () => {
  assert.equal(view({ pollView: pollView({ sealed: true }) }).scene, 'invite');
  assert.equal(view({ pollView: pollView({ sealed: true, ...closed }) }).message.title, 'The ballot is sealed');
  assert.equal(view({ pollView: pollView({ sealed: true, ...closed }), certified: [certified] }).sidebar.total, 8);
});

test('a count that never added up is not shown as no votes', () => {
  const shown = view({ totals: null });

  assert.deepEqual([shown.scene, shown.verdict], ['message', null]);
  assert.deepEqual(shown.message, {
    title: 'Nothing to show yet',
    text: 'The rows of this count contradict each other. This page looks again every second.',
  });
});

test('the note says what is wrong, and of when the figures are', () => {
  const link = { kind: /** @type {const} */ ('reconnecting'), ageMs: 12_000, trouble: /** @type {const} */ ('network') };
  const shown = view({ link, unread: ['00001#tally#x#0'], skew: 720_000, totals: { ...totals({ RED: 1 }), bad: 2 } });

  assert.match(shown.freshness, /Reconnecting… · last update 12 s ago/);
  assert.match(shown.note, /cannot be reached. Shown are the figures of \d+:59:48/);
  assert.match(shown.note, /1 row of the store could not be read/);
  assert.match(shown.note, /2 records could not be counted/);
  assert.match(shown.note, /clock is 12 min fast/);
});

test('the lab says that it is starting while its poll is not there yet', () => {
  assert.equal(view({ pollView: null, lab: true }).message.title, 'Starting…');
});

test('an unknown poll and an unreadable one have different messages', () => {
  assert.equal(view({ pollView: null }).message.title, 'There is no such poll');
  assert.equal(view({ pollView: null, unread: ['poll'] }).message.title, 'This poll cannot be read');
  assert.equal(view({ pollView: null, link: { kind: 'reconnecting', ageMs: null, trouble: 'table' } }).message.title, 'Nothing to show yet');
  assert.equal(view({ pollView: null, link: { kind: 'connecting', ageMs: null, trouble: null } }).message.title, '');
});

test('the rate is shown with one digit below 100, and not once voting has ended', () => {
  const rates = [2, 123.4, null].map((rate) => view({ rate }).sidebar.rate);

  assert.deepEqual(rates, ['2.0', '123', '–']);
  assert.equal(view({ pollView: pollView(closed), rate: 2 }).sidebar.rate, '–');
});

test('the sidebar tells when voting closed, once it has', () => {
  assert.equal(view({}).sidebar.closed, null);
  assert.match(view({ pollView: pollView(closed) }).sidebar.closed ?? '', /^\d\d:59$/);
});

test('after 10 s the last votes are counted', () => {
  const at = (/** @type {number} */ ago) => view({ pollView: pollView({ ...closed, stateAt: NOW - ago }) }).verdict?.title;

  assert.deepEqual([at(9_999), at(10_000)], ['Voting is closed', 'RED wins']);
});

test('in the lab a round without votes is a board of empty bars', () => {
  const none = totals({ RED: 0, GREEN: 0, BLUE: 0 });

  assert.equal(view({ totals: none, lab: true }).scene, 'board');
});

test('an open poll is shown with all of its figures', () => {
  const colours = { dark: '#000000', light: '#ffffff' };
  const row = (/** @type {string} */ key) => ({ key, label: key, word: '', ...colours });

  assert.deepEqual(view({}), {
    scene: 'board', freshness: 'Live', link: 'live', note: '', phase: 'Voting open', question: 'Which?', pollView: pollView(),
    message: { title: '', text: '' },
    invitation: { opens: '', countdown: '', lead: 'To vote, text one of', sub: 'One vote per phone. Text again to change it.' },
    verdict: null,
    rows: [
      { ...row('RED'), leads: true, votes: 5, share: 0.625, percent: '63%', note: 'Leads by 2' },
      { ...row('GREEN'), leads: false, votes: 3, share: 0.375, percent: '37%', note: '' },
      { ...row('BLUE'), leads: false, votes: 0, share: 0, percent: '0%', note: '' },
    ],
    sidebar: { total: 8, phones: 8, rate: '2.0', last: 'last vote just now', closed: null, certificate: null },
  });
});

test('of an unknown poll nothing is shown but a message', () => {
  assert.deepEqual(view({ pollView: null }), {
    scene: 'message', freshness: 'Live', link: 'live', note: '', phase: '', question: '', pollView: null,
    message: { title: 'There is no such poll', text: 'The store knows no poll “colors”. This page looks again every second.' },
    invitation: { opens: '', countdown: '', lead: '', sub: '' },
    verdict: null,
    rows: [],
    sidebar: { total: 0, phones: null, rate: '–', last: '', closed: null, certificate: null },
  });
});

test('the message says why nothing can be shown', () => {
  assert.deepEqual(view({ pollView: null, unread: ['poll'] }).message,
    { title: 'This poll cannot be read', text: 'The store describes “colors” in a way that this page does not understand.' });
  assert.deepEqual(view({ pollView: null, link: { kind: 'reconnecting', ageMs: null, trouble: 'network' } }).message,
    { title: 'Nothing to show yet', text: 'The store cannot be reached.' });
  assert.deepEqual(view({ pollView: null, link: { kind: 'connecting', ageMs: null, trouble: null } }).message, { title: '', text: '' });
});

test('a sealed ballot that is closed says when its result is shown', () => {
  const shown = view({ pollView: pollView({ sealed: true, ...closed }) });

  assert.deepEqual([shown.scene, shown.verdict, shown.rows, shown.sidebar.total, shown.sidebar.phones], ['message', null, [], 0, 0]);
  assert.deepEqual(shown.message, {
    title: 'The ballot is sealed',
    text: 'Voting is closed. The result is shown here once it is recounted and certified.',
  });
});

test('a closed poll says who won, with the winner’s colour', () => {
  const { verdict, freshness, sidebar } = view({ pollView: pollView(closed) });

  assert.deepEqual([verdict?.title, verdict?.text], ['RED wins', 'by 2 votes']);
  assert.deepEqual(verdict?.hues.map(({ key }) => key), ['RED']);
  assert.equal(freshness, 'Up to date');
  assert.match(sidebar.last, /^last vote at \d\d:00$/);
});

test('of a poll with a single choice the margin is all of its votes', () => {
  const alone = pollView({ ...closed, choices: pollView().choices.slice(0, 1) });

  assert.equal(view({ pollView: alone, totals: totals({ RED: 5 }) }).verdict?.text, 'by 5 votes');
});

test('percentages that are hidden are named in the note, and only then', () => {
  assert.equal(view({ pollView: pollView({ percentFrom: 9 }) }).note, 'Percentages are shown from 9 votes on.');
  assert.equal(view({ pollView: pollView({ percentFrom: 8 }) }).note, '');
  assert.equal(view({ pollView: pollView({ percentFrom: 9 }), totals: null }).note, '');
});

test('a round without votes has no shares and no leader', () => {
  const { rows } = view({ totals: totals({ RED: 0, GREEN: 0, BLUE: 0 }), lab: true });

  assert.deepEqual(rows.map(({ share, leads, note }) => [share, leads, note]), Array(3).fill([0, false, '']));
});

test('a poll that waits invites with the time of its opening', () => {
  const shown = view({ pollView: pollView({ opensAt: NOW + 90_000 }), totals: totals({}) });

  assert.deepEqual([shown.scene, shown.phase, shown.invitation.countdown], ['invite', 'Not open yet · opens in 1:30', '1:30']);
});

test('below 100 votes a second the rate has one digit, from there on none', () => {
  assert.deepEqual([99.94, 100].map((rate) => view({ rate }).sidebar.rate), ['99.9', '100']);
});

test('without a count there is no last vote', () => {
  assert.equal(view({ totals: null }).sidebar.last, '');
});
