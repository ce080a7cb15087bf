import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUTTONS, confirmation, freshness, healthTime, jobText, logText, nameText, phaseText, shareText, stageText, timeText, totalText, whoText } from '../src/console/words.js';
import { clockTime } from '../src/phase.js';

const NOW = 1_800_000_000_000;
/** @type {import('../src/console/types.js').Poll} */
const poll = {
  poll: 'colors', question: 'Which?', revision: 3, round: 2, phase: 'open', is_sealed: false, opens_at: null, closes_at: NOW + 272_000,
  certified_at: null, numbers: ['+15550100199'], votes: 1204, voters: 1200, newest_vote_at: NOW - 2000, choices: [], can: [],
};
const stack = { name: 'VoteApp-prod', stage: 'prod', is_production: true, region: 'us-east-1', operator: 'alice', dashboard_url: null };
/** @type {import('../src/console/types.js').Job} */
const job = { id: '1', action: 'certify', poll: 'colors', status: 'running', text: '', question: '', progress: '', started_at: NOW, ended_at: null };

test('production is in capitals', () => {
  assert.equal(stageText(stack), 'PROD');
  assert.equal(stageText({ ...stack, stage: 'dev', is_production: false }), 'dev');
});

test('the time of a poll is that of what comes next, or of what ended it', () => {
  assert.equal(timeText(poll, NOW), 'closes in 4:32');
  assert.equal(timeText({ ...poll, closes_at: NOW - 1 }, NOW), 'closes in 0:00');
  assert.equal(timeText({ ...poll, closes_at: null }, NOW), 'no closing time');
  assert.equal(timeText({ ...poll, phase: 'waiting', opens_at: NOW + 61_000 }, NOW), 'opens in 1:01');
  assert.equal(timeText({ ...poll, phase: 'waiting' }, NOW), '');
  assert.match(timeText({ ...poll, phase: 'closed', closes_at: NOW }, NOW), /^since \d\d:\d\d$/);
  assert.match(timeText({ ...poll, phase: 'closed', certified_at: NOW }, NOW), /^certified \d\d:\d\d$/);
  assert.equal(timeText({ ...poll, phase: 'archived', closes_at: null }, NOW), '');
});

test('each phase has a name', () => {
  const phases = /** @type {const} */ (['open', 'waiting', 'closed', 'archived']);
  assert.deepEqual(phases.map((phase) => phaseText({ ...poll, phase })), ['Open', 'Not open yet', 'Closed', 'Archived']);
});

test('a poll is named with its round and its numbers', () => {
  assert.equal(nameText({ ...poll, numbers: ['+15550100199', '+15550100177'] }), 'colors · round 2 · (555) 010-0199, (555) 010-0177');
  assert.equal(nameText(poll), 'colors · round 2 · (555) 010-0199');
  assert.equal(nameText({ ...poll, numbers: [] }), 'colors · round 2');
});

test('phones are counted where they are known, and the newest vote has an age', () => {
  assert.equal(totalText(poll, NOW), 'from 1,200 phones · newest vote 2 s ago');
  assert.equal(totalText({ ...poll, voters: null, newest_vote_at: null }, NOW), 'no vote yet');
});

test('a small share is not none', () => {
  assert.equal(shareText(0, 3), '<1%');
  assert.equal(shareText(0, 0), '0%');
  assert.equal(shareText(41, 3), '41%');
});

test('a confirmation names stack, poll and consequence', () => {
  const asked = confirmation('reset', poll, stack, NOW);
  assert.equal(asked.title, 'Start round 3 of colors on VoteApp-prod?');
  assert.match(asked.text, /goes to zero at once, from 1,204 votes\. .*the new round is open\./);
  assert.match(confirmation('reset', { ...poll, phase: 'closed' }, stack, NOW).text, /the new round is not opened/);
});

test('each action has a button, a question and an answer', () => {
  const actions = /** @type {const} */ (['open', 'close', 'extend', 'reset', 'certify']);
  const asked = actions.map((action) => {
    const { title, answer } = confirmation(action, poll, stack, NOW);
    return [BUTTONS[action], title, answer];
  });
  assert.deepEqual(asked, [
    ['Open', 'Open colors, round 2, on VoteApp-prod?', 'Open voting'],
    ['Close', 'Close colors, round 2, on VoteApp-prod?', 'Close voting'],
    ['Extend…', 'Extend colors, round 2, on VoteApp-prod?', 'Extend voting'],
    ['Reset…', 'Start round 3 of colors on VoteApp-prod?', 'Start a new round'],
    ['Certify…', 'Certify colors, round 2, on VoteApp-prod?', 'Certify for good'],
  ]);
  assert.equal(confirmation('close', poll, stack, NOW).text, 'Within 3 seconds texts are no longer counted; their replies say that voting is closed.');
});

test('reset and certify want the id typed, the others do not', () => {
  const typed = /** @type {const} */ (['open', 'close', 'extend', 'reset', 'certify']).filter((action) => confirmation(action, poll, stack, NOW).isTyped);
  assert.deepEqual(typed, ['reset', 'certify']);
});

test('certifying a sealed poll says that it reveals the result', () => {
  assert.match(confirmation('certify', poll, stack, NOW).text, /cannot be opened again\.$/);
  assert.match(confirmation('certify', { ...poll, is_sealed: true }, stack, NOW).text, /shown to everybody/);
});

test('opening says until when, extending from which time on', () => {
  assert.match(confirmation('open', { ...poll, phase: 'waiting' }, stack, NOW).text, /It still closes at \d\d:\d\d\./);
  assert.match(confirmation('open', { ...poll, phase: 'closed' }, stack, NOW).text, /until you close it/);
  assert.match(confirmation('open', { ...poll, phase: 'waiting', closes_at: null }, stack, NOW).text, /until you close it/);
  assert.ok(confirmation('extend', poll, stack, NOW).text.startsWith(`It closes at ${clockTime(NOW + 272_000, NOW)} now.`));
  assert.match(confirmation('extend', { ...poll, phase: 'waiting' }, stack, NOW).text, /It closes at \d\d:\d\d now/);
  assert.match(confirmation('extend', { ...poll, phase: 'closed' }, stack, NOW).text, /It opens again/);
});

test('an action of over two seconds says how long it takes, and how far it is', () => {
  assert.equal(jobText(job, NOW + 1900), 'Certify colors…');
  assert.equal(jobText({ ...job, progress: 'Recounting: 3 ballots' }, NOW + 2100), 'Certify colors… Recounting: 3 ballots 2 s');
  assert.equal(jobText({ ...job, status: 'asking' }, NOW), 'Certify colors: waits for your answer.');
  assert.equal(jobText({ ...job, status: 'refused', text: 'It is open.' }, NOW), 'Certify colors: refused. It is open.');
  assert.equal(jobText({ ...job, action: 'close', status: 'done', text: 'It is closed.' }, NOW), 'Close colors: done. It is closed.');
});

test('what is older than five seconds is stale, whoever is to blame', () => {
  const seen = { readAt: NOW - 5000, trouble: '', isAnswering: true, now: NOW };
  assert.deepEqual(freshness(seen), { link: 'live', text: 'Live', notice: '' });
  assert.equal(freshness({ ...seen, readAt: NOW - 5001 }).link, 'stale');
  const lost = freshness({ ...seen, readAt: NOW - 12_000, trouble: 'AWS cannot be reached' });
  assert.deepEqual([lost.link, lost.text], ['stale', '12 s old']);
  assert.match(lost.notice, /^AWS cannot be reached\. What you see was read at \d\d:\d\d:\d\d\./);
  assert.match(freshness({ ...seen, isAnswering: false }).notice, /The console does not answer/);
  assert.match(freshness({ ...seen, readAt: NOW - 12_000 }).notice, /^AWS does not answer\. What you see/);
});

test('before the first read nothing is promised', () => {
  const seen = { readAt: null, trouble: '', isAnswering: true, now: NOW };
  const ended = 'The console does not answer: it has ended, or this machine sleeps.';
  assert.deepEqual(freshness(seen), { link: 'connecting', text: 'Connecting…', notice: '' });
  assert.deepEqual(freshness({ ...seen, trouble: 'no' }), { link: 'stale', text: 'Nothing read', notice: 'no' });
  assert.deepEqual(freshness({ ...seen, isAnswering: false }), { link: 'stale', text: 'Nothing read', notice: ended });
});

test('a row of the log names what, and who as a person', () => {
  const row = { at: NOW, poll: 'colors', what: 'extended', round: 1, by: 'arn:aws:sts::1:assumed-role/operators/alice', detail: 'closes later' };
  const { text, by, time } = logText(row, NOW);
  assert.deepEqual([text, by], ['colors, round 1: extended (closes later)', 'operators/alice']);
  assert.match(time, /^\d\d:\d\d:\d\d$/);
  assert.match(logText(row, NOW + 86_400_000 * 3).time, /^\d\d:\d\d on \w{3}, /);
  assert.equal(logText({ ...row, detail: '' }, NOW).text, 'colors, round 1: extended');
  assert.equal(whoText('local'), 'local');
  assert.equal(whoText('arn:aws:iam::1:user/assumed-role/alice'), 'user/assumed-role/alice');
});

test('the health has its age', () => {
  assert.equal(healthTime({ checked_at: null, trouble: '' }, NOW), 'Being checked…');
  assert.equal(healthTime({ checked_at: NOW - 12_000, trouble: 'AWS cannot be reached' }, NOW), 'Checked 12 s ago, every 45 s. AWS cannot be reached');
});
