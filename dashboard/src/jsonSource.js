/**
 * Reads a board from `boards/<poll>.json`, which CloudFront keeps for a second: the way of a large
 * audience. docs/api.md describes the answer. Its sums take the place of the tally rows.
 */
import { huesOf } from './palette.js';
import { SourceError, troubleOf } from './trouble.js';

/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./source.js').Snapshot} Snapshot */
/** @typedef {import('./rows.js').Rows} Rows */
/** @typedef {import('./trouble.js').Trouble} Trouble */
/** @typedef {(address: string, request: RequestInit) => Promise<Response>} Fetch */

/**
 * @typedef {object} Board the answer, as far as the page reads it; counts are null of a sealed poll
 * @property {1} v
 * @property {number} round
 * @property {string} question
 * @property {string | null} number
 * @property {string} policy
 * @property {boolean} sealed
 * @property {import('./rows.js').PollView['state']} state
 * @property {number} stateAt
 * @property {number | null} opensAt
 * @property {number | null} closesAt
 * @property {number} percentFrom
 * @property {{key: string, label: string, word: string, colour: {dark?: string, light?: string}, votes: number | null}[]} choices
 * @property {number | null} voters
 * @property {number | null} unreadableTexts
 * @property {number} unreadableRows
 * @property {number | null} version
 * @property {{at: number, votes: Record<string, number>, ballots: number, voters: number, digest: string} | null} certified
 * @property {number | null} asOf
 * @property {number} readAt
 */

const VERSION = 1;
const TIMEOUT_MS = 5000; // CloudFront gives up its request after four
/** @type {Trouble[]} */
const NAMED = ['denied', 'table'];
/** @type {Record<number, Trouble>} */
const STATUSES = { 403: 'denied', 429: 'busy', 503: 'busy' };

/** @param {Board} board @returns {Rows} */
function rowsOf(board) {
  const { round, question, number, policy, sealed, state, stateAt, opensAt, closesAt, percentFrom, certified } = board;
  const choices = board.choices.map(({ key, label, word, colour }, place) => ({ key, label, word, ...huesOf(place, colour.dark, colour.light) }));
  const counts = Object.fromEntries(board.choices.map(({ key, votes }) => [key, votes ?? 0]));
  const sums = {
    id: `${round}`, round, counts,
    voters: board.voters ?? 0,
    folded: board.version ?? 0, // of two answers, the one with more is newer
    bad: board.unreadableTexts ?? 0,
    asOf: board.asOf ?? 0,
    revision: 0, merged: [],
  };
  return {
    pollView: { question, choices, number, opensAt, closesAt, state, stateAt, round, policy, sealed, percentFrom },
    tallies: sealed ? [] : [sums],
    certified: certified ? [{ ...certified, round, counts: certified.votes }] : [],
    unread: Array.from({ length: board.unreadableRows }, () => 'tally'),
  };
}

/**
 * When the answer was sent, by the server's clock. A cache passes on the `Date` of the answer that it
 * keeps, and says in `Age` for how long it has kept it (RFC 9111).
 * @param {Headers} headers
 * @returns {number | null} epoch ms
 */
function sentAt(headers) {
  const at = Date.parse(String(headers.get('date')));
  return at ? at + 1000 * Number(headers.get('age') ?? 0) : null;
}

/** @param {Response} response @returns {Promise<never>} */
async function refuse(response) {
  const { error } = await response.json().catch(() => ({}));
  const trouble = NAMED.find((name) => name === error) ?? STATUSES[response.status] ?? 'fault';
  throw new SourceError(trouble, new Error(`status ${response.status}`));
}

/**
 * @param {{poll: string}} config
 * @param {Fetch} send
 * @returns {Source}
 */
export function createJsonSource(config, send = (address, request) => fetch(address, request)) {
  /** @param {string} poll @returns {Promise<Snapshot>} */
  async function ask(poll) {
    // Past the browser's own cache: it would serve stale answers, too, without saying how old they are.
    const response = await send(`./boards/${poll}.json`, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const serverAt = sentAt(response.headers);
    if (response.status === 404) return { pollView: null, tallies: [], certified: [], unread: [], serverAt, ageMs: 0 };
    if (!response.ok) return refuse(response);
    const board = /** @type {Board} */ (await response.json());
    if (board.v !== VERSION) throw new SourceError('fault', new Error(`version ${board.v}`));
    // `Date` has whole seconds, so on average it is half a second behind; without one the age is 0.
    return { ...rowsOf(board), serverAt, ageMs: Math.max(0, (serverAt ?? 0) + 500 - board.readAt) };
  }

  /** @param {string} poll @returns {Promise<Snapshot>} @throws {SourceError} */
  const read = async (poll = config.poll) =>
    ask(poll).catch((error) => {
      throw new SourceError(troubleOf(error), error);
    });

  return { read, readPollView: async (poll) => (await read(poll)).pollView };
}
