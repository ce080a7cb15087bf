/**
 * The rows of the board, one for each choice, leader first. Elements are kept by choice, so
 * that a row that changes places remains the same element.
 */
import { element, write } from './dom.js';
import { countTo, reorder } from './motion.js';
import { SHORT_LENGTH, amount } from './sentences.js';

/** @typedef {import('./view.js').Row} Row */
/** @typedef {{item: HTMLElement, word: HTMLElement, name: Element, note: HTMLElement, percent: HTMLElement, fill: HTMLElement, votes: Element}} Parts */

/** @returns {Parts} */
function rowParts() {
  const word = element('bdi', 'word');
  const name = element('bdi', 'name');
  const note = element('span', 'lead');
  const percent = element('b', 'percent');
  const fill = element('span', 'fill');
  const votes = element('span', 'votes');
  const bar = element('span', 'bar', fill);
  const item = element('li', 'row', element('span', 'title', element('span', 'naming', word, ' ', name), ' ', note), ' ', percent, ' ', bar, votes);
  return { item, word, name, note, percent, fill, votes };
}

/** @param {Parts} parts @param {Row} row */
function paintRow(parts, row) {
  const { item, word, name, note, percent, fill, votes } = parts;
  write(name, row.label);
  item.title = row.label;
  write(word, row.word);
  word.hidden = row.word === '';
  write(note, row.note);
  note.hidden = row.note === '';
  write(percent, row.percent);
  item.classList.toggle('leads', row.leads);
  item.classList.toggle('overtook', row.note.startsWith('Takes'));
  item.style.setProperty('--dark', row.dark);
  item.style.setProperty('--light', row.light);
  fill.style.setProperty('--share', row.share.toFixed(4));
  fill.classList.toggle('some', row.votes > 0); // a vote is never too small to be seen
  countTo(votes, row.votes, (n) => amount(n, 'vote'));
}

/** @param {HTMLElement} list */
export function createBoard(list) {
  /** @type {Map<string, Parts>} */
  const known = new Map();

  /** @param {string} key */
  function partsOf(key) {
    const parts = known.get(key) ?? rowParts();
    known.set(key, parts);
    return parts;
  }

  return {
    /** Nothing of the poll shown before is counted on from. */
    clear: () => known.clear(),
    /** @param {Row[]} rows in order of rank */
    paint(rows) {
      list.hidden = rows.length === 0;
      list.dataset.density = rows.length < 5 ? 'roomy' : rows.length < 7 ? 'close' : 'dense';
      list.dataset.length = rows.some(({ word, label }) => word.length + label.length > (rows.length < 7 ? SHORT_LENGTH : SHORT_LENGTH / 2)) ? 'long' : 'short';
      list.style.setProperty('--n', String(rows.length));
      for (const row of rows) paintRow(partsOf(row.key), row);
      reorder(list, rows.map(({ key }) => partsOf(key).item));
    },
  };
}
