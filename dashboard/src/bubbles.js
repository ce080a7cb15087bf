/**
 * The messages on the screen of a demo's phone. Pure.
 */

/** @typedef {'sent' | 'reply' | 'silence' | 'failure'} Kind */
/** @typedef {{kind: Kind, text: string, at_ms: number}} Bubble */
/** @typedef {{side: 'mine' | 'theirs' | 'note', who: string, text: string, time: string}} Line */

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const list = new Intl.ListFormat('en', { type: 'disjunction' });

/** @param {Bubble} bubble @returns {Line} `who` is for screen readers */
export function lineOf({ kind, text, at_ms }) {
  const time = clock.format(at_ms);
  if (kind === 'sent') return { side: 'mine', who: 'You:', text, time };
  if (kind === 'reply') return { side: 'theirs', who: 'Reply:', text, time };
  if (kind === 'silence') return { side: 'note', who: '', text: 'No reply. Some words are answered by the carriers themselves.', time };
  return { side: 'note', who: '', text, time };
}

/** @param {string} question @param {string[]} words @returns {string} the first message of a thread */
export const opening = (question, words) => `${question} Text ${list.format(words)}.`;
