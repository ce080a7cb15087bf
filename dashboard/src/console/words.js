/**
 * Every sentence of the console. Pure.
 */
import { amount, figure, phoneText } from '../sentences.js';
import { clockSeconds, clockTime, countdown, span } from '../phase.js';

/** @typedef {import('./types.js').Poll} Poll */
/** @typedef {import('./types.js').Stack} Stack */
/** @typedef {import('./types.js').Action} Action */
/** @typedef {import('./types.js').Job} Job */
/** @typedef {import('./types.js').LogRow} LogRow */

export const STALE_MS = 5000; // the counts are read once a second

/** @type {Record<Action, string>} */
export const BUTTONS = { open: 'Open', close: 'Close', extend: 'Extend…', reset: 'Reset…', certify: 'Certify…' };

/** @type {Record<Action, string>} */
const ANSWERS = { open: 'Open voting', close: 'Close voting', extend: 'Extend voting', reset: 'Start a new round', certify: 'Certify for good' };

/** @type {Record<Poll['phase'], string>} */
const PHASES = { open: 'Open', waiting: 'Not open yet', closed: 'Closed', archived: 'Archived' };

/** @param {Stack} stack @returns {string} in capitals where mistakes are public */
export const stageText = ({ stage, is_production: isProduction }) => (isProduction ? stage.toUpperCase() : stage);

/** @param {Poll} poll */
export const phaseText = ({ phase }) => PHASES[phase];

/** @param {Poll} poll @param {number} now @returns {string} empty where no time is known */
export function timeText({ phase, opens_at: opensAt, closes_at: closesAt, certified_at: certifiedAt }, now) {
  if (certifiedAt !== null) return `certified ${clockTime(certifiedAt, now)}`;
  if (phase === 'waiting') return opensAt === null ? '' : `opens in ${countdown(opensAt - now)}`;
  if (phase === 'open') return closesAt === null ? 'no closing time' : `closes in ${countdown(Math.max(0, closesAt - now))}`;
  return closesAt === null ? '' : `since ${clockTime(closesAt, now)}`;
}

/** @param {Poll} poll */
export function nameText({ poll, round, numbers }) {
  const on = numbers.length > 0 ? ` · ${numbers.map(phoneText).join(', ')}` : '';
  return `${poll} · round ${round}${on}`;
}

/** @param {Poll} poll @param {number} now */
export function totalText({ voters, newest_vote_at: newest }, now) {
  const phones = voters === null ? '' : `from ${amount(voters, 'phone')}`;
  const age = newest === null ? 'no vote yet' : `newest vote ${span(Math.max(0, now - newest))} ago`;
  return [phones, age].filter(Boolean).join(' · ');
}

/** @param {number} share @param {number} votes */
export const shareText = (share, votes) => (votes > 0 && share === 0 ? '<1%' : `${share}%`);

/**
 * @param {Action} action
 * @param {Poll} poll
 * @param {Stack} stack
 * @param {number} now
 * @returns {{title: string, text: string, answer: string, isTyped: boolean}} what the operator is asked
 */
export function confirmation(action, poll, stack, now) {
  const where = `on ${stack.name}`;
  const title = {
    open: `Open ${poll.poll}, round ${poll.round}, ${where}?`,
    close: `Close ${poll.poll}, round ${poll.round}, ${where}?`,
    extend: `Extend ${poll.poll}, round ${poll.round}, ${where}?`,
    reset: `Start round ${poll.round + 1} of ${poll.poll} ${where}?`,
    certify: `Certify ${poll.poll}, round ${poll.round}, ${where}?`,
  }[action];
  return { title, text: consequence(action, poll, now), answer: ANSWERS[action], isTyped: action === 'reset' || action === 'certify' };
}

/** @param {Action} action @param {Poll} poll @param {number} now */
function consequence(action, poll, now) {
  const { closes_at: closesAt, phase, votes, is_sealed: isSealed } = poll;
  const closes = clockTime(closesAt ?? now, now); // named only where there is a closing time
  switch (action) {
    case 'open': {
      const until = phase === 'waiting' && closesAt !== null ? ` It still closes at ${closes}.` : ' It stays open until you close it, or its closing time comes.';
      return `Texts count within 3 seconds.${until}`;
    }
    case 'close':
      return 'Within 3 seconds texts are no longer counted; their replies say that voting is closed.';
    case 'extend':
      return phase === 'open' || phase === 'waiting'
        ? `It closes at ${closes} now. It will close so many minutes later.`
        : `It has closed at ${closes}. It opens again, and closes so many minutes from now.`;
    case 'reset':
      return `The screen goes to zero at once, from ${amount(votes, 'vote')}. Everybody may vote again. The round so far stays readable, and ${phase === 'open' ? 'the new round is open' : 'the new round is not opened'}.`;
    case 'certify':
      return `All ballots are recounted, which may take a while. That is final: the round takes no text any more and cannot be opened again.${isSealed ? ' Its sealed result is shown to everybody.' : ''}`;
  }
}

/** @param {Job} job @param {number} now */
export function jobText(job, now) {
  const name = `${BUTTONS[job.action].replace('…', '')} ${job.poll}`;
  if (job.status === 'done') return `${name}: done. ${job.text}`;
  if (job.status === 'refused') return `${name}: refused. ${job.text}`;
  if (job.status === 'asking') return `${name}: waits for your answer.`;
  const seconds = Math.floor((now - job.started_at) / 1000);
  return [`${name}…`, job.progress, seconds >= 2 ? `${seconds} s` : ''].filter(Boolean).join(' ');
}

/**
 * How fresh the page is: what was read, and whether the buttons may be used.
 * @param {{readAt: number | null, trouble: string, isAnswering: boolean, now: number}} seen
 * @returns {{link: 'connecting' | 'live' | 'stale', text: string, notice: string}}
 */
export function freshness({ readAt, trouble, isAnswering, now }) {
  if (readAt === null) {
    if (isAnswering && !trouble) return { link: 'connecting', text: 'Connecting…', notice: '' };
    return { link: 'stale', text: 'Nothing read', notice: isAnswering ? trouble : ENDED };
  }
  const age = now - readAt;
  if (isAnswering && age <= STALE_MS) return { link: 'live', text: 'Live', notice: '' };
  const why = isAnswering ? (trouble ? `${trouble}.` : 'AWS does not answer.') : ENDED;
  return { link: 'stale', text: `${span(age)} old`, notice: `${why} What you see was read at ${clockSeconds(readAt)}. The buttons rest until their effect can be seen.` };
}

const ENDED = 'The console does not answer: it has ended, or this machine sleeps.';

/** @param {string} arn of a caller @returns {string} `operators/alice`; other names as they are */
export const whoText = (arn) => arn.slice(arn.lastIndexOf(':') + 1).replace(/^assumed-role\//, '');

/** @param {LogRow} row @param {number} now @returns {{time: string, text: string, by: string}} */
export function logText({ at, poll, what, round, by, detail }, now) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return {
    time: isToday ? clockSeconds(at) : clockTime(at, now),
    text: `${poll}, round ${figure(round)}: ${what}${detail ? ` (${detail})` : ''}`,
    by: whoText(by),
  };
}

/** @param {{checked_at: number | null, trouble: string}} health @param {number} now */
export function healthTime({ checked_at: checkedAt, trouble }, now) {
  const age = checkedAt === null ? 'Being checked…' : `Checked ${span(now - checkedAt)} ago, every 45 s.`;
  return [age, trouble].filter(Boolean).join(' ');
}
