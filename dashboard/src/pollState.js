/**
 * What the page knows of a poll from all snapshots read so far, and how a snapshot changes it.
 * Pure: each transition takes a state and returns the next one; the caller tells the time.
 */
import { emptyBoardState, mergeRows } from './boardState.js';
import { addSample } from './history.js';
import { skewOf } from './phase.js';
import { standings, sumTallies } from './tally.js';

/** @typedef {import('./source.js').Snapshot} Snapshot */
/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./poller.js').Link} Link */
/** @typedef {{now: number, date: number}} Clock `now` in ms, never set back; `date` in epoch ms, by this screen */

/**
 * @typedef {object} PollState
 * @property {import('./boardState.js').BoardState} board
 * @property {import('./tally.js').Totals | null} totals of the current round; null until its rows add up
 * @property {number} addedUpAt when the rows last added up, ms
 * @property {import('./history.js').Sample[]} samples of the current round
 * @property {string | null} leader key of the choice that last led alone in the current round
 * @property {{key: string, at: number} | null} overtake the last change of the leader, ms
 * @property {number} skew ms by which this screen's clock is ahead of the store's
 */

const OVERTAKE_SHOWN_MS = 6000;
const STALE_MS = 3000;

/** @returns {PollState} */
export const emptyPollState = () =>
  ({ board: emptyBoardState(), totals: null, addedUpAt: 0, samples: [], leader: null, overtake: null, skew: 0 });

/**
 * The state after a snapshot, which may be an older copy.
 * @param {PollState} state
 * @param {Snapshot} snapshot
 * @param {Clock} clock
 * @returns {PollState}
 */
export function addSnapshot(state, snapshot, { now, date }) {
  const board = mergeRows(state.board, snapshot, now);
  const next = { ...state, board, skew: skewOf(snapshot.serverAt, date) };
  if (!board.pollView) return next;
  const isSameRound = board.pollView.round === state.board.pollView?.round;
  return addTotals(isSameRound ? next : startRound(next), board.pollView, now);
}

/** @param {PollState} state @returns {PollState} with nothing of the round before */
const startRound = (state) => ({ ...state, totals: null, samples: [], leader: null, overtake: null });

/** @param {PollState} state @param {PollView} pollView @param {number} now @returns {PollState} */
function addTotals(state, pollView, now) {
  const added = sumTallies([...state.board.rows.values()].map(({ row }) => row), pollView);
  const totals = added ?? state.totals; // while rows contradict each other, the last ones that added up
  if (!totals) return state;
  const { leaders } = standings(pollView.choices.map(({ key }) => key), totals.counts);
  return followLeader({
    ...state,
    totals,
    addedUpAt: added ? now : state.addedUpAt,
    samples: addSample(state.samples, now, totals.total),
  }, leaders, now);
}

/** @param {PollState} state @param {string[]} leaders @param {number} now @returns {PollState} */
function followLeader(state, leaders, now) {
  const [key] = leaders;
  // In a tie the former leader remains the one to overtake.
  if (key === undefined || leaders.length > 1 || key === state.leader) return state;
  return { ...state, leader: key, overtake: state.leader === null ? state.overtake : { key, at: now } };
}

/**
 * The link as it is shown: a link that is live is delayed if what it reads is of no use.
 * @param {PollState} state
 * @param {Link} link
 * @param {number} now ms
 * @returns {Link}
 */
export function shownLink({ board, addedUpAt }, link, now) {
  if (link.kind !== 'live' || !board.pollView) return link;
  const contradictionMs = now - addedUpAt;
  if (contradictionMs > STALE_MS) return { kind: 'delayed', trouble: 'contradiction', ageMs: contradictionMs };
  const lostMs = now - (board.pollViewLostAt ?? now);
  return lostMs > STALE_MS ? { kind: 'delayed', trouble: 'poll', ageMs: lostMs } : link;
}

/**
 * What a view is made of, apart from the configuration.
 * @param {PollState} state
 * @param {Link} ownLink of the poller
 * @param {Clock} clock
 * @returns {Omit<import('./view.js').ViewInput, 'pollId' | 'lab'>}
 */
export function viewInput(state, ownLink, { now, date }) {
  const { board, totals, samples, overtake, skew } = state;
  const link = shownLink(state, ownLink, now);
  return {
    pollView: board.pollView,
    certified: board.certified,
    unread: board.unread,
    totals,
    link,
    rate: link.kind === 'live' ? (samples.at(-1)?.rate ?? null) : null,
    overtook: overtake && now - overtake.at < OVERTAKE_SHOWN_MS ? overtake.key : null,
    skew,
    now: date - skew,
  };
}
