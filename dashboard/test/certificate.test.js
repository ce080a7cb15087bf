import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, certified, closed, pollView, totals, view } from './examples.js';

test('a certified result replaces the live count once voting is closed', () => {
  const shown = view({ pollView: pollView(closed), certified: [certified] });

  assert.deepEqual([shown.sidebar.total, shown.verdict?.title], [8, 'It is a tie']);
  assert.equal(shown.sidebar.certificate?.digest, 'abcdefgh ij');
  assert.equal(shown.note, '');
  assert.equal(view({ pollView: pollView({ ...closed, round: 2 }), certified: [certified] }).sidebar.certificate?.sure, false);
});

test('a certified round is closed, although an older copy of the poll view says that it is open', () => {
  const shown = view({ certified: [certified] });

  assert.deepEqual([shown.phase, shown.rows[0]?.votes], ['Voting closed · certified result', 4]);
});

test('a certificate that votes counted later disagree with is not shown as the result', () => {
  const early = { ...certified, at: NOW - 1 };
  const shown = view({ pollView: pollView(closed), certified: [early] });

  assert.deepEqual([shown.sidebar.total, shown.verdict?.title, shown.phase], [8, 'RED wins', 'Voting closed · not certified']);
  assert.match(shown.note, /^Votes were counted after this result was certified\. Run an audit\.$/);
  assert.deepEqual([shown.sidebar.certificate?.sure, shown.sidebar.certificate?.title, shown.sidebar.certificate?.digest], [false, 'Not certified', '']);
});

test('a certificate stands while the live count is older, the same, or not to be had', () => {
  const early = { ...certified, at: NOW - 1, counts: { RED: 5, GREEN: 3, BLUE: 0 } };
  const older = { ...totals({ RED: 1, GREEN: 0, BLUE: 0 }), asOf: NOW };
  const shown = [
    view({ pollView: pollView(closed), certified: [early] }),
    view({ pollView: pollView(closed), certified: [certified], totals: older }),
    view({ pollView: pollView(closed), certified: [certified], totals: null }),
  ];

  assert.deepEqual(shown.map(({ phase }) => phase), Array(3).fill('Voting closed · certified result'));
  assert.deepEqual(shown.map(({ note }) => note), ['', '', '']);
  assert.deepEqual(shown.map(({ sidebar }) => sidebar.certificate?.sure), [true, true, true]);
});

test('a certificate says what was recounted, and when', () => {
  const certificate = (/** @type {Partial<import('../src/view.js').ViewInput>} */ given) =>
    view({ pollView: pollView(closed), ...given }).sidebar.certificate;
  const at = new Date(2026, 10, 20, 20, 15).getTime();

  assert.deepEqual(certificate({ certified: [{ ...certified, at }], now: at }),
    { sure: true, title: 'Certified', text: '8 ballots recounted, 20:15', digest: 'abcdefgh ij' });
  assert.deepEqual(certificate({ certified: [{ ...certified, at, digest: '' }], now: at })?.digest, '');
  assert.deepEqual(certificate({}),
    { sure: false, title: 'Not yet certified', text: 'A recount of every ballot will confirm this count.', digest: '' });
  assert.deepEqual(certificate({ certified: [{ ...certified, at }], totals: { ...totals({ RED: 9 }), asOf: at + 1 }, now: at + 5 }),
    { sure: false, title: 'Not certified', text: 'The certificate of 20:15 is of an earlier count.', digest: '' });
});

test('an archived poll is shown as a closed one, with its certificate', () => {
  const shown = view({ pollView: pollView({ state: 'archived', stateAt: NOW - 60_000 }), certified: [certified] });

  assert.deepEqual([shown.phase, shown.sidebar.certificate?.sure, shown.verdict?.title], ['Archived · certified result', true, 'It is a tie']);
  assert.deepEqual([shown.sidebar.total, shown.sidebar.phones], [8, 8]);
});

test('a certified result is final at once: no votes are waited for', () => {
  const shown = view({ pollView: pollView({ ...closed, stateAt: NOW - 1000 }), certified: [certified] });

  assert.equal(shown.verdict?.title, 'It is a tie');
});

test('a choice that a certificate does not name has no votes in it', () => {
  const { rows, sidebar } = view({ pollView: pollView(closed), certified: [{ ...certified, counts: { RED: 4 } }] });

  assert.deepEqual(rows.map(({ votes }) => votes), [4, 0, 0]);
  assert.equal(sidebar.total, 4);
});

test('a choice that only the newer count names makes a certificate outdated, if it has votes', () => {
  const early = { ...certified, at: NOW - 1, counts: { RED: 5, GREEN: 3 } };

  assert.equal(view({ pollView: pollView(closed), certified: [early] }).sidebar.certificate?.sure, true);
  assert.equal(view({ pollView: pollView(closed), certified: [early], totals: totals({ RED: 5, GREEN: 3, BLUE: 1 }) }).sidebar.certificate?.sure, false);
});
