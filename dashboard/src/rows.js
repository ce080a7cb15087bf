/**
 * Reads items of the aggregates table into checked values. An item that cannot be read is named in
 * `unread` and left out: one bad row must not empty the whole screen.
 */
import { currentSortKey } from './formerRows.js';
import { huesOf } from './palette.js';
import {
  BASE, BASE_SUFFIX, CERTIFIED, CERTIFIED_SUFFIX, POLL_VIEW, POLL_VIEW_SK, SORT_KEY, TALLY, TALLY_INFIX, countAttribute, roundPrefix,
} from './schema.js';

/** @typedef {{key: string, label: string, word: string, dark: string, light: string}} Choice */

/**
 * @typedef {object} PollView the public side of a poll; times in epoch ms
 * @property {string} question
 * @property {Choice[]} choices in ballot order
 * @property {string | null} number E.164
 * @property {number | null} opensAt
 * @property {number | null} closesAt
 * @property {'auto' | 'open' | 'closed' | 'archived'} state
 * @property {number} stateAt
 * @property {number} round
 * @property {string} policy
 * @property {boolean} sealed
 * @property {number} percentFrom percentages are hidden below that many votes
 */

/** @typedef {Record<string, number>} Counts votes by choice key */
/** @typedef {{id: string, round: number, counts: Counts, voters: number, folded: number, bad: number, asOf: number, revision: number, merged: string[]}} TallyRow
 *   a base row has a `revision`, and the ids of the rows that it includes in `merged` */
/** @typedef {{round: number, counts: Counts, ballots: number, voters: number, at: number, digest: string}} Certified */
/** @typedef {{pollView: PollView | null, tallies: TallyRow[], certified: Certified[], unread: string[]}} Rows */
/** @typedef {{S?: string, N?: string, L?: Value[], M?: Record<string, Value>}} Value in DynamoDB's notation */
/** @typedef {Record<string, Value | undefined>} Item */

/** @param {Value | undefined} value @param {number} [otherwise] */
function number(value, otherwise) {
  if (value === undefined && otherwise !== undefined) return otherwise;
  const read = Number(value?.N);
  if (!Number.isSafeInteger(read)) throw new TypeError('not a number');
  return read;
}

/** @param {Value | undefined} value */
const time = (value) => (value ? number(value) : null);

/** @param {Value | undefined} value @param {string} [otherwise] */
function text(value, otherwise) {
  const read = value?.S ?? otherwise;
  if (read === undefined) throw new TypeError('not a text');
  return read;
}

/** @param {Value} value @param {number} place @returns {Choice} */
function readChoice(value, place) {
  const given = /** @type {Item} */ (value.M ?? {});
  const key = text(given.key);
  return {
    key,
    label: text(given.label, key),
    word: text(given.word, key),
    ...huesOf(place, given.colour?.M?.dark?.S, given.colour?.M?.light?.S),
  };
}

/** @param {Item} item @returns {PollView} */
function readPollView(item) {
  const choices = (item[POLL_VIEW.choices]?.L ?? []).map(readChoice);
  if (choices.length === 0 || new Set(choices.map(({ key }) => key)).size < choices.length) {
    throw new TypeError('no choices, or one twice');
  }
  const phone = text(item[POLL_VIEW.number], '');
  const state = text(item[POLL_VIEW.state], 'auto');
  return {
    question: text(item[POLL_VIEW.question]),
    choices,
    number: /^\+[1-9]\d{6,14}$/.test(phone) ? phone : null,
    opensAt: time(item[POLL_VIEW.opensAt]),
    closesAt: time(item[POLL_VIEW.closesAt]),
    state: state === 'open' || state === 'closed' || state === 'archived' ? state : 'auto',
    stateAt: number(item[POLL_VIEW.stateAt], 0),
    round: number(item[POLL_VIEW.round]),
    policy: text(item[POLL_VIEW.policy], 'last'),
    sealed: item[POLL_VIEW.visibility]?.S === 'sealed',
    percentFrom: number(item[POLL_VIEW.percentFrom], 0),
  };
}

/** @param {Item} item @param {string[]} keys @returns {Counts} */
const readCounts = (item, keys) =>
  Object.fromEntries(keys.map((key) => [key, number(item[countAttribute(key)], 0)]));

/** @param {string} id @param {Item} item @param {string[]} keys @returns {TallyRow} */
const readTally = (id, item, keys) => ({
  id,
  round: number({ N: id.split('#')[0] ?? '' }),
  counts: readCounts(item, keys),
  voters: number(item[TALLY.voters], 0),
  folded: number(item[TALLY.folded]),
  bad: number(item[TALLY.bad], 0),
  asOf: number(item[TALLY.asOf], 0),
  revision: 0,
  merged: [],
});

/** @param {string} id @param {Item} item @param {string[]} keys @returns {TallyRow} */
function readBase(id, item, keys) {
  const row = readTally(id, item, keys);
  const names = Object.keys(item[BASE.merged]?.M ?? {});
  const merged = names.map((name) => `${roundPrefix(row.round)}${TALLY_INFIX}${name}`);
  return { ...row, revision: number(item[BASE.revision]), merged };
}

/** @param {string} id @param {Item} item @param {string[]} keys @returns {Certified} */
const readCertified = (id, item, keys) => ({
  round: number({ N: id.split('#')[0] ?? '' }),
  counts: readCounts(item, keys),
  ballots: number(item[CERTIFIED.ballots]),
  voters: number(item[CERTIFIED.voters], 0),
  at: number(item[CERTIFIED.at], 0),
  digest: text(item[CERTIFIED.digest], ''),
});

/**
 * @param {Item[]} items of one board
 * @param {string[]} keys of the choices whose counts were asked for
 * @returns {Rows} `unread` holds the sort keys of the items that could not be read
 */
export function readRows(items, keys) {
  /** @type {Rows} */
  const rows = { pollView: null, tallies: [], certified: [], unread: [] };
  for (const item of items) {
    const id = currentSortKey(item[SORT_KEY]?.S ?? '?');
    try {
      if (id === POLL_VIEW_SK) rows.pollView = readPollView(item);
      else if (id.includes(TALLY_INFIX)) rows.tallies.push(readTally(id, item, keys));
      else if (id.endsWith(BASE_SUFFIX)) rows.tallies.push(readBase(id, item, keys));
      else if (id.endsWith(CERTIFIED_SUFFIX)) rows.certified.push(readCertified(id, item, keys));
    } catch {
      rows.unread.push(id);
    }
  }
  return rows;
}
