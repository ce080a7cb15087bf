/**
 * The lab: sliders for the rate of texts, capacity and shards; the plug; the partitions; the
 * last writes. Loaded only where there is a lab, which is in a demo on one's own machine.
 */
import './lab.css';
import { element, write } from './dom.js';
import { partitionText, recentWritesText, textsText } from './labSentences.js';
import { createPartitions } from './partitions.js';
import { createPlug } from './plug.js';
import { createSliders } from './sliders.js';
import { createRecentWrites } from './recentWrites.js';

/**
 * @typedef {object} Report
 * @property {import('./sliders.js').Settings} settings
 * @property {number} round
 * @property {number} stored ballots of the round
 * @property {import('./labSentences.js').Plug} plug
 * @property {{label: string, dark?: string, light?: string}[]} choices
 * @property {number} written writes there ever were
 * @property {string} tape a letter for each of the last writes
 * @property {number} partition_rate
 * @property {import('./labSentences.js').Partition[]} partitions
 * @property {import('./labSentences.js').Texts} texts
 */

const ADDRESS = './api/lab';
const INTERVAL_MS = 500; // twice a second: a cell that changes more often would flash
const TIMEOUT_MS = 15_000; // the first answer waits for the lab to start

function createWriteGrid() {
  const writes = createRecentWrites();
  const grid = element('div', 'recent-writes');
  grid.setAttribute('role', 'img');
  const cells = writes.places.map(() => element('i', 'cell'));
  grid.append(...cells);

  return {
    part: grid,
    written: () => writes.written,
    /** @param {Report} report @returns {string} the counts in words */
    paint({ written, tape: letters, choices }) {
      grid.querySelector('.next')?.classList.remove('next');
      for (const index of writes.add(written, letters)) {
        const [cell, write] = [cells[index], writes.places[index]];
        const choice = write ? choices[write.choiceIndex] : undefined;
        if (!cell) continue;
        cell.className = write ? (write.stored ? 'cell stored' : 'cell throttled') : 'cell';
        cell.textContent = choice?.label.slice(0, 1) ?? '';
        cell.style.setProperty('--dark', choice?.dark ?? '');
        cell.style.setProperty('--light', choice?.light ?? '');
      }
      if (written > 0) cells[writes.nextIndex]?.classList.add('next');
      const text = recentWritesText(writes.counts());
      grid.setAttribute('aria-label', text);
      return text;
    },
  };
}

/** @param {string} href @param {string} text */
function link(href, text) {
  const made = element('a', 'link', text);
  made.setAttribute('href', href);
  return made;
}

/** @param {(id: string) => HTMLElement} find */
export function openLab(find) {
  let partitionCount = 1;
  let [asked, painted] = [0, 0];
  const grid = createWriteGrid();
  const partitions = createPartitions();
  const sliders = createSliders(change, () => partitionCount);
  const plug = createPlug(change);
  const [writeLine, partitionLine, textLine, trouble] = ['said', 'said', 'texts', 'trouble'].map((name) => element('p', name));
  if (!writeLine || !partitionLine || !textLine || !trouble) return;
  write(trouble, 'Starting the lab…');
  const lab = element('section', 'lab', trouble, sliders.part, plug.part,
    element('div', 'writes',
      element('div', 'pane', partitionLine, partitions.part, element('p', 'soft legend', 'Dots are keys. Below: writes stored a second; above: throttled.')),
      element('div', 'pane', writeLine, grid.part, textLine)));
  lab.setAttribute('aria-label', 'Lab');
  lab.dataset.ready = 'no';
  document.documentElement.toggleAttribute('data-lab', true);
  find('how').after(element('section', 'about',
    element('h2', '', 'The lab'),
    element('p', 'soft', 'The webhook, its client and the count are the real ones. In front of the store, each partition takes so many writes a second and throttles the rest, as DynamoDB does.'),
    element('p', 'links', link('./phone', 'Text a vote yourself'), link('./', 'The evening’s count'))));
  find('board').closest('.results')?.after(lab);

  /** @param {Report} report */
  function paint(report) {
    partitionCount = report.partitions.length;
    sliders.show(report.settings, report.plug.pulled ? 'shards' : null);
    plug.paint(report.plug);
    write(/** @type {Element} */ (writeLine), grid.paint(report));
    const words = partitionText(report.partitions, report.partition_rate);
    partitions.paint(report.partitions, report.partition_rate, words);
    write(/** @type {Element} */ (partitionLine), words);
    // A text that the fallback has taken is answered, but not counted yet.
    write(/** @type {Element} */ (textLine), report.plug.pulled ? '' : textsText(report.texts));
    lab.dataset.ready = 'yes';
    lab.dataset.stored = String(report.stored);
    lab.dataset.round = String(report.round);
  }

  /** @param {RequestInit} [request] */
  async function ask(request) {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const serial = (asked += 1);
    try {
      const answer = await fetch(`${ADDRESS}?after=${grid.written()}`, { ...request, signal, cache: 'no-store' });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.error);
      write(/** @type {Element} */ (trouble), '');
      if (serial < painted) return; // this request began before the one that is painted
      painted = serial;
      paint(said);
    } catch (error) {
      const why = error instanceof Error && error.name === 'Error' ? error.message : 'Is the demo still running?';
      write(/** @type {Element} */ (trouble), `The lab does not answer. ${why}`);
    }
  }

  /** @param {Partial<import('./sliders.js').Settings> | {plug_pulled: boolean}} wanted */
  async function change(wanted) {
    await ask({ method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(wanted) });
  }

  async function poll() {
    const rests = document.hidden || document.documentElement.hasAttribute('data-paused');
    if (!rests) await ask();
    setTimeout(poll, INTERVAL_MS);
  }
  void poll();
}
