/**
 * Every sentence of the screen that depends on what was read. Pure.
 */
import { clockSeconds, clockTime, countdown, span } from './phase.js';

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./poller.js').Link} Link */
/** @typedef {import('./view.js').Row} Row */
/** @typedef {import('./phase.js').Phase} Phase */

const plain = new Intl.NumberFormat('en');
const list = new Intl.ListFormat('en');

/** @param {number} n */
export const figure = (n) => plain.format(n);

/** @param {number} n @param {string} one @returns {string} `1 vote`, `2 votes` */
export const amount = (n, one) => `${plain.format(n)} ${n === 1 ? one : `${one}s`}`;

/** @type {Record<string, string>} */
const POLICIES = {
  last: 'One vote per phone. Text again to change it.',
  first: 'One vote per phone. The first one stands.',
  each: 'Every text is a vote, up to a limit per phone.',
  unlimited: 'Every text is a vote.',
};

/** @type {Record<string, string>} */
const TROUBLES = {
  network: 'The store cannot be reached.',
  timeout: 'The store does not answer in time.',
  credentials: 'No guest credentials are to be had.',
  denied: 'The store refuses guests.',
  table: 'The table of the counts is not there.',
  busy: 'The store has too much to do.',
  fault: 'The store answers with an error.',
  contradiction: 'The rows just read contradict each other.',
  poll: 'The poll is no longer described in the store.',
};

/** @param {Link} link @param {boolean} ended @param {number} now @returns {string} how fresh the figures are */
export function freshness(link, ended, now) {
  const age = span(link.ageMs ?? 0);
  const first = link.ageMs === null;
  return {
    connecting: 'Connecting…',
    live: ended ? 'Up to date' : 'Live',
    delayed: `Delayed · ${age}`,
    reconnecting: first ? 'Reconnecting…' : `Reconnecting… · last update ${age} ago`,
    paused: first ? 'Paused' : `Paused · figures of ${clockSeconds(now - (link.ageMs ?? 0))}`,
  }[link.kind];
}

/** @param {Link} link @returns {string} why nothing could be read yet */
export const troubleText = (link) => (link.trouble === null ? '' : (TROUBLES[link.trouble] ?? ''));

/**
 * What is out of order, or left out, for the footer.
 * @param {{link: Link, bad: number, unread: number, outdated: boolean, percentFrom: number, skew: number, now: number}} seen
 */
export function notes({ link, bad, unread, outdated, percentFrom, skew, now }) {
  const shown = link.ageMs === null ? '' : ` Shown are the figures of ${clockSeconds(now - link.ageMs)}.`;
  return [
    link.kind === 'live' || !link.trouble ? '' : `${troubleText(link)}${shown}`,
    unread > 0 ? `${amount(unread, 'row')} of the store could not be read.` : '',
    bad > 0 ? `${amount(bad, 'record')} could not be counted.` : '',
    outdated ? 'Votes were counted after this result was certified. Run an audit.' : '',
    percentFrom > 0 ? `Percentages are shown from ${amount(percentFrom, 'vote')} on.` : '',
    skew === 0 ? '' : `This screen’s clock is ${span(Math.abs(skew))} ${skew > 0 ? 'fast' : 'slow'}; times here are corrected.`,
  ].filter(Boolean).join(' ');
}

/**
 * @param {Phase} phase
 * @param {number | null} nextPhaseMs
 * @param {{certified: boolean, outdated: boolean, sealed: boolean}} result
 */
export function phaseText(phase, nextPhaseMs, { certified, outdated, sealed }) {
  const left = nextPhaseMs === null ? '' : ` · ${phase === 'waiting' ? 'opens' : 'closes'} in ${countdown(nextPhaseMs)}`;
  const result = certified ? 'certified result' : sealed ? 'sealed' : outdated ? 'not certified' : 'not yet certified';
  return {
    waiting: `Not open yet${left}`,
    open: `Voting open${sealed ? ', sealed' : ''}${left}`,
    closed: `Voting closed · ${result}`,
    archived: `Archived · ${result}`,
  }[phase];
}

/**
 * @param {PollView} pollView
 * @param {Phase} phase
 * @param {number | null} nextPhaseMs
 * @param {number} now
 * @returns {{opens: string, countdown: string, lead: string, sub: string}}
 */
export function invitation(pollView, phase, nextPhaseMs, now) {
  const policy = POLICIES[pollView.policy] ?? '';
  const sealed = pollView.sealed ? ' Sealed: the results are shown after the close.' : '';
  const waits = phase === 'waiting' && nextPhaseMs !== null;
  return {
    opens: waits ? `Voting opens at ${clockTime(pollView.opensAt ?? now, now)}, in` : '',
    countdown: waits ? countdown(nextPhaseMs) : '',
    lead: waits ? 'Then text one of' : 'To vote, text one of',
    sub: `${policy}${sealed}`,
  };
}

/** In characters: if one label is longer, the screen is laid out for long ones. */
export const SHORT_LENGTH = 30;

/** @param {import('./rows.js').Choice} choice @returns {string} the word to text; empty where the label is that word */
export const wordBeside = ({ word, label }) => (word.toLowerCase() === label.toLowerCase() ? '' : word);

/** @param {number} share whole percent @param {number} votes @param {number} total */
export function percentText(share, votes, total) {
  if (votes > 0 && share === 0) return '<1%';
  return votes < total && share === 100 ? '>99%' : `${share}%`;
}

/** @param {number} margin @param {number} leaders @param {number} choices @param {{final: boolean, overtook: boolean}} moment */
export function leadText(margin, leaders, choices, { final, overtook }) {
  if (leaders > 1) return leaders === choices ? 'All tied' : 'Tied for first';
  const verb = final ? 'Wins' : overtook ? 'Takes the lead' : 'Leads';
  return `${verb} by ${plain.format(margin)}`;
}

/**
 * @param {Row[]} leaders
 * @param {number} margin
 * @param {boolean} settling
 * @returns {{title: string, text: string}} who won, or that nobody did
 */
export function verdict(leaders, margin, settling) {
  const [winner, second] = leaders;
  if (settling) return { title: 'Voting is closed', text: 'Counting the last votes…' };
  if (!winner) return { title: 'No votes', text: 'Nobody voted in this poll.' };
  if (!second) return { title: `${winner.label} wins`, text: `by ${amount(margin, 'vote')}` };
  const names = list.format(leaders.map(({ label }) => label));
  return { title: 'It is a tie', text: `${names}, ${amount(winner.votes, 'vote')} each` };
}

/** @param {number} asOf epoch ms of the newest vote counted, 0 without one @param {number} now @param {boolean} ended */
export function lastVote(asOf, now, ended) {
  if (asOf === 0) return '';
  const ago = now - asOf;
  if (ended || ago >= 3_600_000) return `last vote at ${clockTime(asOf, now)}`;
  return ago < 3000 ? 'last vote just now' : `last vote ${span(ago)} ago`;
}

/** @param {string} number E.164 @returns {string} as it is read aloud: `(555) 010-0199`, `+44 7700 900 123` */
export function phoneText(number) {
  const home = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (home) return `(${home[1]}) ${home[2]}-${home[3]}`;
  const parts = /^\+(7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d+)$/.exec(number);
  const groups = parts?.[2]?.match(/\d{3}(?=\d{3})|\d+/g) ?? [];
  return parts ? `+${parts[1]} ${groups.join(' ')}` : number;
}
