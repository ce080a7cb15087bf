/** The page: faults and a form, the worker that counts, and the four counts. */
import { download, forgetOtherVersions, readManifest } from './download.js';
import { COLUMNS, equals, figure, judge, megabytes, total, verdict } from './view.js';

/** @typedef {import('./view.js').Run} Run */
/** @typedef {{name: string, meaning: string}} Fault */
/** @typedef {{title: string, faults: Fault[]}} Group */

const manifest = await readManifest();
if (await forgetOtherVersions(manifest)) location.reload();

/** @type {{groups: Group[], polls: Record<string, {question: string, choices: Record<string, string>}>}} */
const LABELS = await (await fetch('./evening.json')).json();

/** @template {HTMLElement} T @param {string} id @returns {T} */
const find = (id) => /** @type {T} */ (document.getElementById(id));
const start = /** @type {HTMLButtonElement} */ (find('start'));
const bar = /** @type {HTMLProgressElement} */ (find('bar'));

/** @param {string} name @param {string} className @param {...(Node | string)} children */
function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** @param {Group} group */
function faultGroup({ title, faults }) {
  const boxes = faults.map(({ name, meaning }) => {
    const box = element('input', '');
    box.setAttribute('type', 'checkbox');
    box.setAttribute('value', name);
    /** @type {HTMLInputElement} */ (box).checked = true;
    const times = element('span', 'times soft');
    times.id = `times-${name}`;
    return element('label', 'fault', box, element('span', '', meaning), times);
  });
  return element('fieldset', '', element('legend', '', title), element('div', 'boxes', ...boxes));
}

/** @param {readonly [string, string]} column */
function card([column, title]) {
  const made = element('article', 'card', element('h2', '', title), element('b', 'total', '–'), element('p', 'judged soft'));
  made.id = column;
  for (const [poll, { question, choices }] of Object.entries(LABELS.polls)) {
    const rows = Object.entries(choices).map(([key, label]) => {
      const row = element('li', 'choice', element('span', 'name', label), element('span', 'votes', '–'), element('span', 'track', element('span', 'fill')));
      row.dataset.choice = `${poll} ${key}`;
      return row;
    });
    made.append(element('h3', 'soft', question), element('ul', '', ...rows));
  }
  return made;
}

const boxes = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.fault input')]);

/** @param {Run} run */
function paint(run) {
  const most = Math.max(1, ...Object.values(run.truth).flatMap((poll) => Object.values(poll)));
  for (const [column] of COLUMNS) {
    const part = find(column);
    const { state, text } = judge(run, column);
    part.dataset.state = state;
    write(part, '.total', figure(total(run[column])));
    write(part, '.judged', text);
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll('.choice'))) {
      const [poll = '', choice = ''] = row.dataset.choice?.split(' ') ?? [];
      const votes = run[column][poll]?.[choice] ?? 0;
      write(row, '.votes', figure(votes));
      row.style.setProperty('--share', String(Math.max(0, Math.min(1, votes / most / 1.2))));
      row.classList.toggle('over', votes > 1.2 * most);
    }
  }
  for (const box of boxes()) {
    const times = run.injected[box.value];
    find(`times-${box.value}`).textContent = times ? `× ${figure(times)}` : '';
  }
  bar.value = run.done / run.deliveries;
  const waiting = run.waiting ? `; ${figure(run.waiting)} records wait in the stream` : '';
  find('doing').textContent = `${figure(run.done)} of ${figure(run.deliveries)} texts${waiting}`;
}

/** @param {Element} part @param {string} selector @param {string} text */
function write(part, selector, text) {
  const target = part.querySelector(selector);
  if (target && target.textContent !== text) target.textContent = text;
}

/** @type {Worker | undefined} */
let worker;

async function loadPython() {
  await download(manifest, (bytes) => {
    bar.value = bytes / manifest.bytes;
    find('doing').textContent = `Loading Python: ${megabytes(bytes)} of ${megabytes(manifest.bytes)} MB`;
  });
  bar.removeAttribute('value');
  find('doing').textContent = 'Starting Python…';
  return new Worker('./worker.js', { type: 'module' });
}

/** @param {MessageEvent} event */
function onMessage({ data }) {
  if (data.kind === 'failed') return fail(data.text);
  if (data.kind === 'ready') return;
  paint(data.run);
  if (data.kind === 'done') {
    const isExact = equals(data.run.ours, data.run.truth);
    find('verdict').textContent = `${isExact ? 'VoteApp is exact.' : 'You have broken our count: please report this evening and its faults.'} ${verdict(data.run)}`;
    finish('done');
  }
}

/** @param {string} text */
function fail(text) {
  find('verdict').textContent = `It does not run here: ${text.trim().split('\n').at(-1)}`;
  finish('failed');
}

/** @param {'done' | 'failed'} state */
function finish(state) {
  if (bar.position < 0) bar.value = 0;
  start.disabled = false;
  document.documentElement.dataset.state = state;
}

/** @param {Event} event */
async function run(event) {
  event.preventDefault();
  start.disabled = true;
  document.documentElement.dataset.state = 'running';
  find('verdict').textContent = '';
  try {
    if (!worker) {
      worker = await loadPython();
      worker.addEventListener('message', onMessage);
      worker.addEventListener('error', (problem) => fail(problem.message ?? 'the worker does not start'));
    }
    worker.postMessage({
      voters: Number(/** @type {HTMLSelectElement} */ (find('voters')).value),
      seed: Number(/** @type {HTMLInputElement} */ (find('seed')).value),
      faults: boxes().filter((box) => box.checked).map((box) => box.value),
    });
  } catch (error) {
    fail(String(error));
  }
}

find('counts').append(...COLUMNS.map(card));
find('groups').append(...LABELS.groups.map(faultGroup));
find('size').textContent = `The first run loads ${megabytes(manifest.bytes)} MB, once.`;
find('all').addEventListener('click', () => boxes().forEach((box) => (box.checked = true)));
find('none').addEventListener('click', () => boxes().forEach((box) => (box.checked = false)));
find('form').addEventListener('submit', run);
document.documentElement.dataset.state = 'idle';
