/**
 * The panels beside the polls: what was done here, the health, the log.
 */
import { element, write } from '../dom.js';
import { healthTime, jobText, logText } from './words.js';

/** @typedef {import('./types.js').Check} Check */
/** @typedef {import('./types.js').Health} Health */
/** @typedef {import('./types.js').Job} Job */
/** @typedef {import('./types.js').LogRow} LogRow */

/** @type {Record<Check['verdict'], [string, string]>} a sign, and what a screen reader says */
const MARKS = { ok: ['✓', 'All right'], warning: ['!', 'Warning'], skipped: ['–', 'Not checked'], failed: ['✗', 'Failed'] };

/** @template {HTMLElement} [T=HTMLElement] @param {string} id */
const find = (id) => /** @type {T} */ (document.getElementById(id));

/** Replaces the items of a list if they differ. @param {HTMLElement} list @param {() => Node[]} make @param {unknown} of */
function fill(list, make, of) {
  const known = JSON.stringify(of);
  if (list.dataset.known === known) return;
  list.dataset.known = known;
  list.replaceChildren(...make());
}

/** @param {Job[]} jobs @param {number} now */
export function showActions(jobs, now) {
  find('actions-part').hidden = jobs.length === 0;
  const items = [...jobs].reverse().map((job) => ({ id: job.id, status: job.status, text: jobText(job, now) }));
  fill(find('actions'), () => items.map(({ status, text }) => {
    const item = element('li', 'action', text);
    item.dataset.status = status;
    return item;
  }), items);
}

/** @param {Health} health @param {number} now */
export function showHealth(health, now) {
  write(find('health-time'), healthTime(health, now));
  fill(find('checks'), () => health.checks.map(({ check, verdict, detail, remedy }) => {
    const [sign, said] = MARKS[verdict];
    const mark = element('span', 'mark', sign);
    mark.setAttribute('aria-hidden', 'true');
    const more = remedy && verdict !== 'ok' ? [element('span', 'remedy soft', remedy)] : [];
    const item = element('li', 'check', mark, element('span', 'unseen', `${said}: `), element('b', '', check), element('span', 'detail', detail), ...more);
    item.dataset.verdict = verdict;
    return item;
  }), health.checks);
}

/** @param {LogRow[]} rows @param {number} now */
export function showLog(rows, now) {
  const items = rows.map((row) => ({ ...logText(row, now), full: row.by }));
  fill(find('log'), () => items.map(({ time, text, by, full }) => {
    const who = element('span', 'by soft', by);
    who.title = full;
    return element('li', 'change', element('span', 'when', time), element('span', 'what', text), who);
  }), items);
}
