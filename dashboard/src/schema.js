/**
 * The keys and attributes of the aggregates table that the page reads. They are spelled only
 * here; a test compares them with `services/voting/schema.py`.
 */

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';

export const BOARD_PREFIX = 'open#'; // of a partition key; the id of the poll follows
export const POLL_VIEW_SK = 'poll';
export const TALLY_PREFIX = 'tally#'; // of a sort key, as the next one; the number of the round follows
export const CERTIFIED_PREFIX = 'certified#';
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

/** Attributes of the poll view. */
export const POLL_VIEW_ATTRIBUTES = [SORT_KEY, ...Object.values(POLL_VIEW)];

/** @param {string[]} keys of choices @returns {string[]} attributes of all rows of a board */
export const boardAttributes = (keys) => [
  ...new Set([...POLL_VIEW_ATTRIBUTES, ...Object.values(TALLY), ...Object.values(CERTIFIED)]),
  ...keys.map(countAttribute),
];

/** @param {string} key of a choice */
export const countAttribute = (key) => `${COUNT_PREFIX}${key}`;
