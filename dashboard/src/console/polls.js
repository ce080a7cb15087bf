/**
 * The polls: a card each, made once and then only updated, so that the focus stays where it is.
 */
import { element, write } from '../dom.js';
import { huesOf } from '../palette.js';
import { percentages } from '../percentages.js';
import { amount, figure } from '../sentences.js';
import { BUTTONS, nameText, phaseText, shareText, timeText, totalText } from './words.js';

/** @typedef {import('./types.js').Poll} Poll */
/** @typedef {import('./types.js').Action} Action */
/** @typedef {(action: Action, poll: string) => void} OnAction */
/** @typedef {{polls: Poll[], busy: Set<string>, resting: boolean, readOnly: boolean, now: number}} Shown */

const ORDER = ['open', 'waiting', 'closed', 'archived'];
const ACTIONS = /** @type {Action[]} */ (Object.keys(BUTTONS));

/** @param {Poll['choices'][number]} choice @param {number} place in ballot order */
function choiceRow({ label, colour }, place) {
  const [share, votes, fill] = [element('b', 'share'), element('span', 'votes soft'), element('span', 'fill')];
  const row = element('li', 'choice', element('span', 'label', label), share, votes, element('span', 'bar', fill));
  const { dark, light } = huesOf(place, colour.dark, colour.light);
  row.style.setProperty('--dark', dark);
  row.style.setProperty('--light', light);
  return { row, share, votes, fill };
}

/** @param {string} id @param {OnAction} onAction */
function createCard(id, onAction) {
  const [phase, sealed, time, name] = [element('span', 'phase'), element('span', 'sealed'), element('span', 'time'), element('span', '')];
  const [total, totals] = [element('b', 'total'), element('span', 'totals')];
  const question = element('h2', 'question');
  question.id = `poll-${id}`;
  question.dir = 'auto';
  const list = element('ol', 'choices');
  list.setAttribute('role', 'list');
  /** @type {Map<Action, HTMLButtonElement>} */
  const buttons = new Map();
  const row = element('p', 'buttons');
  for (const action of ACTIONS) {
    const button = /** @type {HTMLButtonElement} */ (element('button', `button ${action}`, BUTTONS[action], element('span', 'unseen', ` ${id}`)));
    button.type = 'button';
    button.addEventListener('click', () => button.getAttribute('aria-disabled') !== 'true' && onAction(action, id));
    buttons.set(action, button);
    row.append(button);
  }
  const card = element('section', 'poll',
    element('p', 'state', phase, sealed, time), question, element('p', 'names soft', name),
    element('p', 'figures', total, totals), list, row);
  card.setAttribute('aria-labelledby', question.id);
  let known = '';
  /** @type {ReturnType<typeof choiceRow>[]} */
  let rows = [];

  return {
    card,
    /** @param {Poll} poll @param {Shown} shown */
    update(poll, { busy, resting, readOnly, now }) {
      card.dataset.phase = poll.phase;
      write(question, poll.question);
      write(phase, phaseText(poll));
      write(sealed, poll.is_sealed ? (poll.certified_at === null ? 'Sealed: guests see no count' : 'Was sealed') : '');
      write(time, timeText(poll, now));
      write(name, nameText(poll));
      write(total, amount(poll.votes, 'vote'));
      write(totals, totalText(poll, now));
      const choices = JSON.stringify(poll.choices.map(({ key, label, colour }) => [key, label, colour]));
      if (choices !== known) {
        known = choices;
        rows = poll.choices.map(choiceRow);
        list.replaceChildren(...rows.map((one) => one.row));
      }
      const shares = percentages(poll.choices.map(({ votes }) => votes));
      poll.choices.forEach(({ votes }, place) => {
        const one = rows[place];
        if (!one) return;
        write(one.share, shareText(shares[place] ?? 0, votes));
        write(one.votes, figure(votes));
        one.fill.style.setProperty('--share', String(poll.votes > 0 ? votes / poll.votes : 0));
      });
      row.hidden = readOnly;
      for (const [action, button] of buttons) {
        const can = poll.can.includes(action) && !resting && !busy.has(poll.poll);
        button.setAttribute('aria-disabled', String(!can));
      }
    },
  };
}

/** @param {HTMLElement} place @param {OnAction} onAction */
export function createPolls(place, onAction) {
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();
  const archived = element('div', 'archived');
  const summary = element('summary', 'soft');
  const more = element('details', 'more', summary, archived);
  const current = element('div', 'current');
  place.append(current, more);

  /** @param {HTMLElement} part @param {HTMLElement[]} wanted moved only where the order has changed */
  function arrange(part, wanted) {
    if (wanted.some((card, index) => part.children[index] !== card) || part.children.length !== wanted.length) part.replaceChildren(...wanted);
  }

  return {
    /** @param {Shown} shown */
    update(shown) {
      const ranked = [...shown.polls].sort((a, b) => ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase) || a.poll.localeCompare(b.poll));
      /** @type {[HTMLElement[], HTMLElement[]]} */
      const [now, past] = [[], []];
      for (const poll of ranked) {
        const card = cards.get(poll.poll) ?? createCard(poll.poll, onAction);
        cards.set(poll.poll, card);
        card.update(poll, shown);
        (poll.phase === 'archived' ? past : now).push(card.card);
      }
      arrange(current, now);
      arrange(archived, past);
      more.hidden = past.length === 0;
      write(summary, `Archived: ${amount(past.length, 'poll')}`);
    },
  };
}
