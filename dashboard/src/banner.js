/**
 * The header of the screen: link state, question, how to vote, result; and the note in the
 * footer. Text is never parsed as HTML: a label may be anything.
 */
import { generate } from 'lean-qr/nano';
import { element, write } from './dom.js';
import { SHORT_LENGTH, phoneText, wordBeside } from './sentences.js';

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./rows.js').PollView} PollView */

const QUIET_ZONE = 2; // modules around the code; the card around it is white, too

/** @param {string} text @returns {{size: number, path: string}} dark modules as one SVG path */
export function qrPath(text) {
  const code = generate(text);
  let path = '';
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z`;
    }
  }
  return { size: code.size + 2 * QUIET_ZONE, path };
}

/** @param {Element} svg @param {string} text */
function paintQr(svg, text) {
  const { size, path } = qrPath(text);
  const dots = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  dots.setAttribute('d', path);
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.replaceChildren(dots);
}

/** @param {string} text @param {number} short at most that many characters @param {number} middle @returns {string} for the style sheet */
const lengthOf = (text, short, middle) => (text.length > middle ? 'long' : text.length > short ? 'middle' : 'short');

/** @param {string} label @returns {HTMLElement} what a word stands for */
function described(label) {
  const made = element('span', 'label', label);
  made.dir = 'auto';
  return made;
}

/** @param {(id: string) => HTMLElement} find */
export function createBanner(find) {
  const phone = matchMedia('(max-width: 799px), (pointer: coarse)');
  let painted = '';

  /** @param {HTMLElement} link @param {string | null} href set only on a phone, which can send a text */
  function setLink(link, href) {
    if (href && phone.matches) link.setAttribute('href', href);
    else link.removeAttribute('href');
  }

  /** @param {PollView} pollView */
  function paintHowToVote(pollView) {
    const wanted = JSON.stringify([pollView.choices, pollView.number, phone.matches]);
    if (wanted === painted) return;
    painted = wanted;
    const chips = pollView.choices.map((choice) => {
      const { word, dark, light } = choice;
      const chip = element('a', 'chip', word);
      chip.style.setProperty('--dark', dark);
      chip.style.setProperty('--light', light);
      chip.dir = 'auto';
      setLink(chip, pollView.number && `sms:${pollView.number}?body=${encodeURIComponent(word)}`);
      return element('li', '', chip, ...(wordBeside(choice) ? [' ', described(choice.label)] : []));
    });
    find('chips').replaceChildren(...chips);
    find('how').style.setProperty('--n', String(chips.length));
    find('how').dataset.list = pollView.choices.some(wordBeside) ? 'labels' : 'words';
    find('how').dataset.length = pollView.choices.some(({ label }) => label.length > SHORT_LENGTH) ? 'long' : 'short';
    find('to').hidden = pollView.number === null;
    document.getElementById('qr')?.toggleAttribute('hidden', pollView.number === null);
    if (pollView.number === null) return;
    write(find('number'), phoneText(pollView.number));
    setLink(find('number'), `sms:${pollView.number}`);
    paintQr(/** @type {Element} */ (document.getElementById('qr')), `sms:${pollView.number}`);
  }

  /** @param {View['verdict']} verdict */
  function paintVerdict(verdict) {
    find('verdict').hidden = verdict === null;
    if (!verdict) return;
    write(find('winner'), verdict.title);
    write(find('margin'), verdict.text);
    find('winner').dataset.length = lengthOf(verdict.title, 18, 36);
    find('margin').dataset.length = lengthOf(verdict.text, 60, 60);
    const hues = verdict.hues.map(({ dark, light }) => {
      const hue = element('i', '');
      hue.style.setProperty('--dark', dark);
      hue.style.setProperty('--light', light);
      return hue;
    });
    find('hues').replaceChildren(...hues);
  }

  return {
    /** @param {View} view */
    paint(view) {
      document.body.dataset.scene = view.scene;
      find('pill').dataset.link = view.link;
      write(find('freshness'), view.freshness);
      write(find('phase'), view.phase);
      write(find('question'), view.question || 'Live vote');
      find('question').dataset.length = lengthOf(view.question, 45, 90);
      find('how').hidden = view.pollView === null || view.verdict !== null || view.scene === 'message';
      find('opens-line').hidden = view.invitation.countdown === '';
      write(find('opens'), view.invitation.opens);
      write(find('countdown'), view.invitation.countdown);
      write(find('lead'), view.invitation.lead);
      write(find('sub'), view.invitation.sub);
      if (view.pollView) paintHowToVote(view.pollView);
      paintVerdict(view.verdict);
      find('message').hidden = view.scene !== 'message' || view.message.title === '';
      write(find('message-title'), view.message.title);
      write(find('message-text'), view.message.text);
      write(find('note'), view.note);
    },
  };
}
