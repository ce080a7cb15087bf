/**
 * The summary that a screen reader speaks: the text of a `role=status`. A result is spoken within
 * seconds, another leader a little later, and mere counts at most every 30 s.
 */
import { amount } from './sentences.js';

/** @typedef {import('./view.js').View} View */

const RESULT_MS = 3000; // at least that long after the last summary
const LEADER_MS = 10_000;
const COUNTS_MS = 30_000;

/** @param {View} view @returns {string} empty while there is nothing to say */
export function summary({ scene, question, phase, verdict, rows, sidebar, message, link, freshness }) {
  if (scene === 'message') return message.title && `${message.title}. ${message.text}`;
  const stale = link === 'live' ? '' : ` ${freshness}.`;
  if (scene === 'invite') return `${question} ${phase}. No votes are shown yet.${stale}`;
  const each = rows.map(({ label, percent, votes, note }) =>
    [label, percent, amount(votes, 'vote'), note].filter(Boolean).join(', '));
  const result = verdict ? ` ${verdict.title}, ${verdict.text}.` : '';
  return `${question} ${phase}.${result} ${amount(sidebar.total, 'vote')}. ${each.join('. ')}.${stale}`;
}

/** @param {View} view @returns {string} which result is shown, if any */
const resultOf = ({ scene, phase, verdict, sidebar }) =>
  verdict || scene === 'message' ? [scene, phase, verdict?.title, sidebar.certificate?.title].join() : '';

/** @param {View} view @returns {string} who leads */
const leadersOf = ({ rows }) => rows.filter(({ leads }) => leads).map(({ key }) => key).join();

/** @param {(text: string) => void} say @param {() => number} now ms */
export function createAnnouncer(say, now) {
  let said = '';
  let saidAt = -Infinity;
  let [result, leaders] = ['', ''];
  return {
    /** @param {View} view */
    paint(view) {
      const interval = resultOf(view) !== result ? RESULT_MS : leadersOf(view) !== leaders ? LEADER_MS : COUNTS_MS;
      if (now() - saidAt < interval) return;
      const text = summary(view);
      if (text === '' || text === said) return;
      said = text;
      saidAt = now();
      [result, leaders] = [resultOf(view), leadersOf(view)];
      say(text);
    },
  };
}
