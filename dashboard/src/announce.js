/**
 * The summary that a screen reader speaks: the text of a `role=status`, at most every 30 s.
 */
import { amount } from './sentences.js';

/** @typedef {import('./view.js').View} View */

const INTERVAL_MS = 30_000;

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

/** @param {(text: string) => void} say @param {() => number} now ms */
export function createAnnouncer(say, now) {
  let said = '';
  let saidAt = -Infinity;
  return {
    /** @param {View} view */
    paint(view) {
      if (now() - saidAt < INTERVAL_MS) return;
      const text = summary(view);
      if (text === '' || text === said) return;
      said = text;
      saidAt = now();
      say(text);
    },
  };
}
