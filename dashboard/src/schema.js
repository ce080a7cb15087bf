/**
 * The keys and attributes of the aggregates table that the page reads. They are spelled only
 * here; a test compares them with `services/voting/schema.py`.
 */

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';

export const BOARD_PREFIX = 'open#'; // of a partition key; the id of the poll follows
export const POLL_VIEW_SK = 'poll';
export const ROUND_DIGITS = 5; // at the beginning of the sort keys of a round's rows; one of these follows
export const TALLY_INFIX = '#tally#';
export const BASE_SUFFIX = '#base';
export const CERTIFIED_SUFFIX = '#certified';
export const COUNT_PREFIX = 'c#'; // of an attribute; the key of the choice follows

export const POLL_VIEW = {
  question: 'question',
  choices: 'choices',
  number: 'number',
  opensAt: 'opens_at',
  closesAt: 'closes_at',
  state: 'state',
  stateAt: 'state_at',
  round: 'round',
  policy: 'policy',
  visibility: 'visibility',
  percentFrom: 'percent_from',
};

export const TALLY = {
  voters: 'voters',
  folded: 'folded',
  bad: 'bad',
  asOf: 'as_of',
};

export const CERTIFIED = {
  ballots: 'ballots',
  voters: 'voters',
  at: 'certified_at',
  digest: 'digest',
};

/** Of the base row: the rows that it includes, by stream label and shard, and the number of its writes. */
export const BASE = {
  merged: 'merged',
  revision: 'revision',
};

/** Attributes of the poll view. */
export const POLL_VIEW_ATTRIBUTES = [SORT_KEY, ...Object.values(POLL_VIEW)];

/** @param {string[]} keys of choices @returns {string[]} attributes of all rows of a board */
export const boardAttributes = (keys) => [
  ...new Set([...POLL_VIEW_ATTRIBUTES, ...Object.values(TALLY), ...Object.values(CERTIFIED), ...Object.values(BASE)]),
  ...keys.map(countAttribute),
];

/** @param {number} round @returns {string} its rows, those of newer rounds and the poll view have higher sort keys */
export const roundPrefix = (round) => String(round).padStart(ROUND_DIGITS, '0');

/** @param {string} key of a choice */
export const countAttribute = (key) => `${COUNT_PREFIX}${key}`;
