/**
 * The phase of a poll, and how times are written. Pure.
 */

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {'waiting' | 'open' | 'closed' | 'archived'} Phase */

const SKEW_MS = 2000; // what the Date header, in whole seconds, cannot tell from no skew

/**
 * The phase of the round, as `Round.phase_at` in services/voting/poll.py defines it.
 * @param {PollView} pollView
 * @param {boolean} isCertified whether the round is certified: it never accepts texts again
 * @param {number} now epoch ms
 * @returns {Phase}
 */
export function phaseOf(pollView, isCertified, now) {
  const { state, opensAt } = pollView;
  const closesAt = knownClose(pollView);
  if (state === 'archived') return 'archived';
  if (state === 'closed' || isCertified || (closesAt !== null && closesAt <= now)) return 'closed';
  return state === 'auto' && opensAt !== null && now < opensAt ? 'waiting' : 'open';
}

/** @param {PollView} pollView @returns {number | null} when it closes without an operator, epoch ms */
function knownClose({ state, stateAt, closesAt }) {
  const isReopened = state === 'open' && closesAt !== null && stateAt >= closesAt;
  return isReopened ? null : closesAt;
}

/**
 * When a round that is closed or archived was closed. An archived one was closed at its closing
 * time, or by being archived before it.
 * @param {PollView} pollView
 * @returns {number | null} epoch ms
 */
export function closedAt(pollView) {
  const { state, stateAt } = pollView;
  const closesAt = knownClose(pollView);
  if (state === 'closed') return stateAt;
  return state === 'archived' ? Math.min(stateAt, closesAt ?? stateAt) : closesAt;
}

/**
 * @param {PollView} pollView
 * @param {Phase} phase
 * @param {number} now epoch ms
 * @returns {number | null} ms until the poll opens or closes by its times
 */
export function untilNextPhase(pollView, phase, now) {
  const next = { waiting: pollView.opensAt, open: knownClose(pollView), closed: null, archived: null }[phase];
  return next === null ? null : next - now;
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

/** @param {number} at @param {number} now @returns {string} `20:15`, another day `20:15 on Sat, Nov 21` */
export function clockTime(at, now) {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? hour.format(at) : `${hour.format(at)} on ${day.format(at)}`;
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
