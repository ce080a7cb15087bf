/**
 * The dialogs: before an action, with stack, poll and consequence; and when an action asks back.
 */
import { write } from '../dom.js';
import { confirmation, stageText } from './words.js';

/** @typedef {import('./types.js').Action} Action */
/** @typedef {import('./types.js').Poll} Poll */
/** @typedef {import('./types.js').Stack} Stack */
/** @typedef {import('./types.js').Job} Job */
/** @typedef {{id: string, action: Action, poll: string, round: number, revision: number, minutes: number, confirmed_id: string}} Wanted */

/** @template {HTMLElement} [T=HTMLElement] @param {string} id */
const find = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * @param {(wanted: Wanted) => Promise<void>} onConfirm
 * @param {() => string} problem why nothing can be done now, empty if it can
 */
export function createConfirmation(onConfirm, problem) {
  const dialog = /** @type {HTMLDialogElement} */ (find('confirm'));
  const minutes = /** @type {HTMLInputElement} */ (find('minutes'));
  const typed = /** @type {HTMLInputElement} */ (find('typed'));
  /** @type {Wanted | null} what is sent, once */
  let wanted = null;
  let isTyped = false;

  find('confirm-no').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => (wanted = null));
  find('confirm-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!wanted) return; // a second click
    const why = problem() || (isTyped && typed.value.trim() !== wanted.poll ? `Type ${wanted.poll} to confirm.` : '');
    write(find('confirm-problem'), why);
    if (why) return;
    const sent = { ...wanted, minutes: wanted.action === 'extend' ? minutes.valueAsNumber : 0, confirmed_id: typed.value.trim() };
    dialog.close();
    void onConfirm(sent);
  });

  return {
    /** @param {Action} action @param {Poll} poll @param {Stack} stack @param {number} now */
    ask(action, poll, stack, now) {
      const { title, text, answer, isTyped: mustType } = confirmation(action, poll, stack, now);
      wanted = { id: crypto.randomUUID(), action, poll: poll.poll, round: poll.round, revision: poll.revision, minutes: 0, confirmed_id: '' };
      isTyped = mustType;
      write(find('confirm-stage'), stageText(stack));
      write(find('confirm-stack'), stack.name);
      write(find('confirm-title'), title);
      write(find('confirm-text'), text);
      write(find('confirm-yes'), answer);
      write(find('confirm-problem'), '');
      write(find('typed-id'), poll.poll);
      find('confirm-minutes').hidden = action !== 'extend';
      minutes.disabled = action !== 'extend';
      find('confirm-typed').hidden = !mustType;
      typed.value = '';
      dialog.dataset.action = action;
      dialog.showModal();
      (action === 'extend' ? minutes : mustType ? typed : find('confirm-no')).focus();
    },
  };
}

/** @param {(id: string, yes: boolean) => void} onAnswer */
export function createQuestion(onAnswer) {
  const dialog = /** @type {HTMLDialogElement} */ (find('question'));
  let asked = '';
  /** @param {boolean} yes */
  const answer = (yes) => {
    const id = asked;
    dialog.close();
    onAnswer(id, yes);
  };
  find('question-no').addEventListener('click', () => answer(false));
  find('question-yes').addEventListener('click', () => answer(true));
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault(); // Escape is an answer, too
    answer(false);
  });

  return {
    /** @param {Job[]} jobs @param {Stack} stack */
    update(jobs, stack) {
      const job = jobs.find(({ status }) => status === 'asking');
      if (!job || job.id === asked) {
        if (!job && dialog.open) dialog.close(); // answered in another tab
        return;
      }
      asked = job.id;
      write(find('question-stage'), stageText(stack));
      write(find('question-stack'), stack.name);
      write(find('question-title'), job.question);
      write(find('question-text'), 'Twilio received them, and no ballot holds them. They are counted as of the time at which Twilio received them; the certificate follows.');
      dialog.showModal();
      find('question-no').focus();
    },
  };
}
