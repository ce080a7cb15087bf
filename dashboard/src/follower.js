/**
 * Which poll `?poll=current` shows: the one that is open. While that one is open, no other is looked
 * at. After it, the others are looked at, one before each read, and it stays on the screen until one
 * of them is open. Pure, but for the reads.
 */
import { closedAt, phaseOf } from './phase.js';

/** @typedef {import('./rows.js').PollView} PollView */

/** @param {PollView} pollView @returns {number} when it was opened, epoch ms */
const openedAt = ({ state, stateAt, opensAt }) => (state === 'open' ? stateAt : Math.max(stateAt, opensAt ?? 0));

/**
 * The poll opened last of those that are open; without one, the poll closed last; without one, the
 * poll that opens first.
 * @param {[poll: string, pollView: PollView][]} polls
 * @param {number} now epoch ms
 * @returns {string | null}
 */
export function currentPoll(polls, now) {
  const ranks = polls.map(([poll, pollView]) => {
    const phase = phaseOf(pollView, false, now);
    if (phase === 'open') return { poll, rank: 2, at: openedAt(pollView) };
    if (phase === 'waiting') return { poll, rank: 0, at: -(pollView.opensAt ?? 0) };
    return { poll, rank: 1, at: closedAt(pollView) ?? 0 };
  });
  return ranks.sort((a, b) => b.rank - a.rank || b.at - a.at)[0]?.poll ?? null;
}

/**
 * @param {string[]} polls
 * @param {string} otherwise shown where the store has none of them
 * @param {(poll: string) => Promise<PollView | null>} readPollView
 * @param {string | null} [number] E.164; if given, only polls that show this number are followed
 */
export function createFollower(polls, otherwise, readPollView, number = null) {
  /** @type {Map<string, PollView | null>} */
  const views = new Map();
  /** @type {string | null} */
  let shown = null;
  let turn = 0;

  /** @param {string} poll */
  const look = async (poll) => void views.set(poll, await readPollView(poll));

  /** @param {string[]} among @returns {[string, PollView][]} */
  const known = (among) => among.flatMap((poll) => {
    const view = views.get(poll);
    return view && (number === null || view.number === number) ? [[poll, view]] : [];
  });

  /** @param {string} poll @param {number} now @returns {boolean} */
  function isOpen(poll, now) {
    const view = views.get(poll);
    return view ? phaseOf(view, false, now) === 'open' : false;
  }

  return {
    /**
     * @param {boolean} isShownOpen whether the poll on the screen is open
     * @param {number} now epoch ms, corrected
     * @returns {Promise<string>} the poll to read next; fails as a read does
     */
    async choose(isShownOpen, now) {
      for (const poll of polls) if (!views.has(poll)) await look(poll);
      if (shown === null) return (shown = currentPoll(known(polls), now) ?? otherwise);
      const others = polls.filter((poll) => poll !== shown);
      if (isShownOpen || others.length === 0) return shown;
      turn += 1;
      await look(/** @type {string} */ (others[turn % others.length]));
      const next = currentPoll(known(others), now) ?? shown;
      if (!isOpen(next, now)) return shown;
      await look(next); // it may have been closed since
      if (isOpen(next, now)) shown = next;
      return shown;
    },
  };
}
