/**
 * Where a poll stands in time, and how times are written. Pure.
 */

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {'waiting' | 'open' | 'closed' | 'archived'} Phase */

const SKEW_MS = 2000; // what the Date header, in whole seconds, cannot tell from no skew

/**
 * The operator's word counts before the timetable, until the timetable's next turn.
 * @param {PollView} pollView
 * @param {number} now epoch ms
 * @returns {Phase}
 */
export function phaseOf(pollView, now) {
  const { state, stateAt, opensAt, closesAt } = pollView;
  const over = closesAt !== null && now >= closesAt;
  if (state === 'archived' || state === 'closed') return state;
  if (state === 'open') return over && closesAt > stateAt ? 'closed' : 'open';
  if (opensAt !== null && now < opensAt) return 'waiting';
  return over ? 'closed' : 'open';
}

/** @param {PollView} pollView @returns {number | null} when a closed poll closed, epoch ms */
export function closedAt(pollView) {
  if (pollView.state === 'closed' || pollView.state === 'archived') return pollView.stateAt || pollView.closesAt;
  return pollView.closesAt;
}

/**
 * @param {PollView} pollView
 * @param {Phase} phase
 * @param {number} now
 * @returns {number | null} ms to the next turn of the timetable
 */
export function untilTurn(pollView, phase, now) {
  const turn = phase === 'waiting' ? pollView.opensAt : pollView.closesAt;
  if (turn === null || now >= turn || phase === 'closed' || phase === 'archived') return null;
  return turn - now;
}

/** @param {number} ms @returns {string} `4:32`, `1:04:32`, `3 days` */
export function countdown(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds >= 48 * 3600) return `${Math.floor(seconds / 86_400)} days`;
  const [hours, rest] = [Math.floor(seconds / 3600), seconds % 3600];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const minutes = hours > 0 ? `${hours}:${two(Math.floor(rest / 60))}` : Math.floor(rest / 60);
  return `${minutes}:${two(rest % 60)}`;
}

/** @param {number} ms @returns {string} `12 s`, `3 min`, `2 h` */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

const hour = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const second = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short' });

/** @param {number} at @param {number} now @returns {string} `20:15`, another day `Sat, Nov 21, 20:15` */
export function clockTime(at, now) {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? hour.format(at) : `${day.format(at)}, ${hour.format(at)}`;
}

/** @param {number} at @returns {string} `20:15:03` */
export const clockSeconds = (at) => second.format(at);

/**
 * How far the clock of this screen is ahead of the store's; 0 where the difference is small.
 * @param {number | null} serverAt what the store's last answer was dated, epoch ms
 * @param {number} here
 */
export function skewOf(serverAt, here) {
  const skew = serverAt === null ? 0 : here - (serverAt + 500);
  return Math.abs(skew) < SKEW_MS ? 0 : skew;
}
