/**
 * Values that several tests need: the rows of a board, and views.
 */
import { buildView } from '../src/view.js';

/** @param {Partial<import('../src/rows.js').PollView>} [given] @returns {import('../src/rows.js').PollView} */
export const pollView = (given) => ({
  question: 'Which?',
  choices: ['RED', 'GREEN', 'BLUE'].map((key) => ({ key, label: key, word: key, dark: '#000000', light: '#ffffff' })),
  number: null, opensAt: null, closesAt: null, state: 'auto', stateAt: 0, round: 1,
  policy: 'last', sealed: false, percentFrom: 0,
  ...given,
});

/** @param {Partial<import('../src/rows.js').TallyRow>} given @returns {import('../src/rows.js').TallyRow} */
export const row = (given) => ({ id: '00001#tally#x#0', round: 1, counts: { RED: 0, GREEN: 0, BLUE: 0 }, voters: 0, folded: 0, bad: 0, asOf: 0, revision: 0, merged: [], ...given });

export const NOW = Date.UTC(2026, 10, 20, 20, 0);

/** @param {Record<string, number>} counts of one phone each */
export const totals = (counts) => {
  const total = Object.values(counts).reduce((all, count) => all + count, 0);
  return { counts, total, voters: total, bad: 0, asOf: NOW };
};

/** @param {Partial<import('../src/view.js').ViewInput>} given else an open poll with 5, 3 and 0 votes, read just now */
export const view = (given) => buildView({
  pollId: 'colors', pollView: pollView(), totals: totals({ RED: 5, GREEN: 3, BLUE: 0 }), certified: [], unread: [],
  link: { kind: 'live', ageMs: 100, trouble: null }, rate: 2, overtook: null, skew: 0, now: NOW, ...given,
});

/** Of a poll that an operator closed a minute ago. */
export const closed = { state: /** @type {const} */ ('closed'), stateAt: NOW - 60_000 };

/** The certificate of its round. */
export const certified = { round: 1, counts: { RED: 4, GREEN: 4, BLUE: 0 }, ballots: 8, voters: 8, at: NOW, digest: 'abcdefghij' };
