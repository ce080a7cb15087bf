/**
 * The phones of a demo, side by side: a text that one types goes through the real webhook, whose
 * reply is shown. The token that signs the request stays on the server.
 */
import { lineOf, opening } from './bubbles.js';
import { element, write } from './dom.js';
import { applyTheme } from './theme.js';
import { phoneText } from './sentences.js';

/** @typedef {import('./bubbles.js').Bubble} Bubble */
/** @typedef {{word: string, dark?: string, light?: string}} Choice */
/** @typedef {{phone: number, number: string, bubbles: Bubble[]}} Handset */
/** @typedef {{number: string, question: string, choices: Choice[], phones: Handset[]}} Demo */

const ADDRESS = './api/phone';
const SHOWN = 3;

/** @param {RequestInit} [request] */
async function ask(request) {
  const answer = await fetch(ADDRESS, { cache: 'no-store', ...request });
  const said = await answer.json().catch(() => ({ error: `The server answers ${answer.status}.` }));
  if (!answer.ok) throw new Error(said.error);
  return said;
}

/** @param {Bubble} bubble */
function bubbleItem(bubble) {
  const { side, who, text, time } = lineOf(bubble);
  const item = element('li', side);
  const words = element('p', 'bubble', ...(who ? [element('span', 'unseen', `${who} `)] : []), text);
  words.dir = 'auto';
  item.append(words);
  if (side !== 'note') item.append(element('span', 'time', time));
  return item;
}

/** @param {Choice} choice @param {(text: string) => void} send */
function quickButton({ word, dark, light }, send) {
  const button = /** @type {HTMLButtonElement} */ (element('button', 'quick', word));
  button.type = 'button';
  button.style.setProperty('--dark', dark ?? '');
  button.style.setProperty('--light', light ?? '');
  button.addEventListener('click', () => send(word));
  return button;
}

/** @param {Handset} handset @param {Demo} demo */
function createPhone(handset, demo) {
  const name = `Phone ${handset.phone}`;
  const thread = element('ol', 'thread', element('li', 'note', element('p', 'bubble', opening(demo.question, demo.choices.map(({ word }) => word)))));
  const talk = element('div', 'talk', thread);
  talk.setAttribute('role', 'log');
  talk.setAttribute('aria-label', `Messages of ${name}`);
  talk.tabIndex = 0;
  const field = /** @type {HTMLInputElement} */ (element('input', 'field'));
  Object.assign(field, { type: 'text', autocomplete: 'off', maxLength: 1600, placeholder: 'Text message', enterKeyHint: 'send' });
  field.setAttribute('aria-label', `Text message from ${name}`);
  const button = /** @type {HTMLButtonElement} */ (element('button', 'send', '↑'));
  button.setAttribute('aria-label', `Send from ${name}`);
  const form = /** @type {HTMLFormElement} */ (element('form', 'composer', field, button));

  const toEnd = () => (talk.scrollTop = talk.scrollHeight);
  new ResizeObserver(toEnd).observe(talk); // as when a keyboard slides in

  /** @param {...Node} items */
  function add(...items) {
    thread.append(...items);
    toEnd();
  }

  /** @param {string} text */
  async function send(text) {
    if (text.trim() === '') return;
    const mine = bubbleItem({ kind: 'sent', text, at_ms: Date.now() });
    const typing = element('li', 'theirs typing', element('p', 'bubble', element('i', ''), element('i', ''), element('i', '')));
    typing.setAttribute('aria-hidden', 'true');
    add(mine, typing);
    /** @type {Bubble} */
    let reply;
    try {
      const { bubbles } = await ask({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ phone: handset.phone, text }) });
      reply = bubbles.at(-1);
    } catch (error) {
      reply = { kind: 'failure', text: `Not sent. ${error instanceof Error && error.name === 'Error' ? error.message : 'Is the demo still running?'}`, at_ms: Date.now() };
    }
    typing.remove();
    add(bubbleItem(reply));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(field.value);
    field.value = '';
  });
  thread.append(...handset.bubbles.map(bubbleItem));
  const phone = element('section', 'phone',
    element('header', 'who', element('span', 'avatar', String(handset.phone)), element('div', '', element('h2', '', name), element('p', 'soft', phoneText(handset.number)))),
    element('p', 'to soft', 'To ', element('b', '', phoneText(demo.number))),
    talk,
    element('div', 'quicks', ...demo.choices.map((choice) => quickButton(choice, (word) => void send(word)))),
    form);
  phone.setAttribute('aria-label', `${name}, ${phoneText(handset.number)}`);
  return phone;
}

/** @param {Demo} demo */
function showPhones(demo) {
  const row = /** @type {HTMLElement} */ (document.getElementById('phones'));
  const rest = [...demo.phones];
  const used = Math.max(SHOWN, ...rest.filter(({ bubbles }) => bubbles.length > 0).map(({ phone }) => phone));
  const more = /** @type {HTMLElement} */ (document.getElementById('more'));

  function addPhone() {
    const next = rest.shift();
    if (!next) return null;
    const phone = createPhone(next, demo);
    row.append(phone);
    more.hidden = rest.length === 0;
    return phone;
  }
  more.addEventListener('click', () => addPhone()?.querySelector('input')?.focus());
  for (let i = 0; i < used; i += 1) addPhone();
}

/** @param {unknown} error */
function showError(error) {
  const intro = /** @type {HTMLElement} */ (document.getElementById('intro'));
  const why = error instanceof Error && error.name === 'Error' ? error.message : '';
  write(intro, `There are no phones here. They come with a demo on your own machine: make demo. ${why}`);
}

const theme = new URLSearchParams(location.search).get('theme');
applyTheme(theme === 'dark' || theme === 'light' ? theme : null);
ask().then(showPhones, showError);
