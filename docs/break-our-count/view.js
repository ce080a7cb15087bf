/** Pure: what the page shows of a run. */

/**
 * @typedef {Record<string, Record<string, number>>} Counts votes by poll and choice
 * @typedef {object} Run
 * @property {number} done texts that were delivered
 * @property {number} deliveries
 * @property {number} waiting records of the stream that VoteApp has not counted yet
 * @property {Counts} truth
 * @property {Counts} ours
 * @property {Counts} counters_2015
 * @property {Counts} differences
 * @property {Record<string, number>} injected how often each fault happened
 * @property {boolean} [exact] only at the end
 */

/** The four counts in the order in which they are shown. */
export const COLUMNS = /** @type {const} */ ([
  ['truth', 'The truth'],
  ['ours', 'VoteApp'],
  ['counters_2015', 'Counters of 2015'],
  ['differences', 'Adding differences'],
]);

const format = new Intl.NumberFormat('en-US');

/** @param {number} count */
export const figure = (count) => format.format(count);

/** @param {number} count @param {string} noun */
const amount = (count, noun) => `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;

/** @param {Counts} counts */
export function total(counts) {
  return Object.values(counts).flatMap((poll) => Object.values(poll)).reduce((sum, count) => sum + count, 0);
}

/**
 * Whether a count is the truth, choice by choice.
 * @param {Counts} counts @param {Counts} truth
 */
export function equals(counts, truth) {
  const flat = (/** @type {Counts} */ of) =>
    JSON.stringify(Object.entries(of).flatMap(([poll, votes]) =>
      Object.entries(votes).filter(([, count]) => count).map(([choice, count]) => `${poll} ${choice} ${count}`)).sort());
  return flat(counts) === flat(truth);
}

/**
 * One word for the state of a count, and the sentence below it.
 * @param {Run} run @param {'truth' | 'ours' | 'counters_2015' | 'differences'} column
 * @returns {{state: 'truth' | 'right' | 'wrong' | 'running', text: string}}
 */
export function judge(run, column) {
  if (column === 'truth') return { state: 'truth', text: 'from the texts alone' };
  const over = total(run[column]) - total(run.truth);
  if (run.exact === undefined) {
    // What waits may still take votes away: ballots that are removed.
    if (over > run.waiting && column !== 'ours') return { state: 'wrong', text: `${figure(over)} too many` };
    return { state: 'running', text: run.waiting && column === 'ours' ? `${amount(run.waiting, 'record')} waiting` : 'counting' };
  }
  if (equals(run[column], run.truth)) return { state: 'right', text: 'exact' };
  if (over === 0) return { state: 'wrong', text: 'the sum is right, the choices are not' };
  return { state: 'wrong', text: `${figure(Math.abs(over))} ${over > 0 ? 'too many' : 'too few'}` };
}

/**
 * The result in one sentence for each count.
 * @param {Run} run
 */
export function verdict(run) {
  const faults = Object.values(run.injected).reduce((sum, times) => sum + times, 0);
  const said = COLUMNS.slice(1).map(([column, title]) => `${title}: ${figure(total(run[column]))} (${judge(run, column).text}).`);
  return `${amount(total(run.truth), 'vote')}, ${amount(faults, 'fault')}. ${said.join(' ')}`;
}

/** @param {number} bytes */
export const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
