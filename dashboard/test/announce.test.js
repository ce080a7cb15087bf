import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnnouncer, summary } from '../src/announce.js';
import { NOW, certified, closed, pollView, totals, view as viewOf } from './examples.js';

const counts = { RED: 5, GREEN: 1, BLUE: 0 };
const late = { kind: /** @type {const} */ ('delayed'), ageMs: 4000, trouble: /** @type {const} */ ('busy') };

/** @param {Partial<import('../src/view.js').ViewInput>} given */
const view = (given) => viewOf({ totals: totals(counts), ...given });

test('the summary of a board names question, phase, total and each choice', () => {
  assert.equal(summary(view({})), 'Which? Voting open. 6 votes. RED, 83%, 5 votes, Leads by 4. GREEN, 17%, 1 vote. BLUE, 0%, 0 votes.');
});

test('the summary says that figures are old', () => {
  assert.match(summary(view({ link: late })), /BLUE, 0%, 0 votes\. Delayed · 4 s\.$/);
  assert.match(summary(view({ link: late, pollView: pollView({ sealed: true }) })), /No votes are shown yet\. Delayed · 4 s\.$/);
});

test('the summary says who won', () => {
  assert.match(summary(view({ pollView: pollView({ state: 'closed', stateAt: NOW - 60_000 }) })), /^Which\? Voting closed · not yet certified\. RED wins, by 4 votes\. 6 votes\./);
});

test('the summary of a sealed poll has no counts', () => {
  assert.equal(summary(view({ pollView: pollView({ sealed: true }) })), 'Which? Voting open, sealed. No votes are shown yet.');
});

test('the summary of a message is its text', () => {
  assert.match(summary(view({ pollView: null })), /^There is no such poll\. The store knows no poll “colors”\./);
});

test('a new summary is spoken after 30 s, and not before', () => {
  let time = 0;
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => time);
  const more = view({ totals: totals({ ...counts, RED: 9 }) });
  announcer.paint(view({}));
  time = 29_999;
  announcer.paint(more);
  assert.equal(said.length, 1);
  time = 30_000;
  announcer.paint(more);

  assert.equal(said.length, 2);
});

/** What is spoken, `ms` after a first view, when the view has become another. @param {ReturnType<typeof view>} later @param {number} ms */
function spoken(later, ms) {
  let time = 0;
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => time);
  announcer.paint(view({}));
  time = ms;
  announcer.paint(later);
  return said.slice(1).join();
}

test('a result is spoken within three seconds, and its certificate', () => {
  const result = view({ pollView: pollView(closed) });
  const settling = view({ pollView: pollView({ ...closed, stateAt: NOW - 3000 }) });

  assert.equal(spoken(result, 2999), '');
  assert.match(spoken(result, 3000), /RED wins, by 4 votes/);
  assert.match(spoken(settling, 3000), /Voting is closed, Counting the last votes…/);
  assert.match(spoken(view({ pollView: pollView(closed), certified: [certified] }), 3000), /certified result/);
});

test('another leader is spoken within ten seconds, and more votes of the same one are not', () => {
  const other = view({ totals: totals({ ...counts, GREEN: 9 }) });
  const more = view({ totals: totals({ ...counts, RED: 9 }) });

  assert.equal(spoken(other, 9999), '');
  assert.match(spoken(other, 10_000), /GREEN, 64%, 9 votes, Leads by 4/);
  assert.equal(spoken(more, 29_999), '');
});

test('a result that stays is spoken once', () => {
  let time = 0;
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => time);
  for (time of [0, 3000, 6000, 40_000]) announcer.paint(view({ pollView: pollView(closed) }));

  assert.equal(said.length, 1);
});

test('nothing is spoken while nothing is known, and the first summary at once', () => {
  const nothing = view({ pollView: null, link: { kind: 'connecting', ageMs: null, trouble: null } });
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => 0);
  announcer.paint(nothing);
  assert.deepEqual(said, []);
  announcer.paint(view({}));

  assert.equal(summary(nothing), '');
  assert.deepEqual(said, ['Which? Voting open. 6 votes. RED, 83%, 5 votes, Leads by 4. GREEN, 17%, 1 vote. BLUE, 0%, 0 votes.']);
});

test('an unchanged summary is not spoken again, and a changed one as soon as it changes', () => {
  let time = 0;
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => time);
  announcer.paint(view({}));
  time = 31_000;
  announcer.paint(view({}));
  assert.equal(said.length, 1);
  announcer.paint(view({ totals: { counts: { ...counts, RED: 6 }, total: 7, voters: 7, bad: 0, asOf: NOW } }));

  assert.equal(said.length, 2);
  assert.match(said[1] ?? '', /7 votes\. RED, 86%, 6 votes, Leads by 5/);
});

test('a percentage that is not shown is not spoken', () => {
  assert.match(summary(view({ pollView: pollView({ percentFrom: 7 }) })), /RED, 5 votes, Leads by 4\. GREEN, 1 vote\./);
});

test('an empty summary is not spoken', () => {
  let time = 0;
  /** @type {string[]} */
  const said = [];
  const announcer = createAnnouncer((text) => said.push(text), () => time);
  announcer.paint(view({}));
  time = 30_000;
  announcer.paint(view({ pollView: null, link: { kind: 'connecting', ageMs: null, trouble: null } }));

  assert.equal(said.length, 1);
});
