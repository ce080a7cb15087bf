/**
 * The operator's console: reads its own server once a second, and sends what the operator confirms.
 */
import { write } from '../dom.js';
import { applyTheme, switchTheme } from '../theme.js';
import { answerQuestion, beginSession, readState, RefusedError, startAction } from './api.js';
import { createConfirmation, createQuestion } from './dialogs.js';
import { showActions, showHealth, showLog } from './panels.js';
import { createPolls } from './polls.js';
import { freshness, jobText, stageText, whoText } from './words.js';

/** @typedef {import('./types.js').State} State */

const INTERVAL_MS = 1000;
const BUSY_INTERVAL_MS = 400;

/** @template {HTMLElement} [T=HTMLElement] @param {string} id */
const find = (id) => /** @type {T} */ (document.getElementById(id));

/** @type {State | null} */
let state = null;
let isAnswering = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Map<string, string>} how each action stood when it was spoken of */
const spoken = new Map();

const isBusy = () => (state?.actions ?? []).some(({ ended_at: endedAt }) => endedAt === null);
const fresh = () => freshness({ readAt: state?.read_at ?? null, trouble: state?.trouble ?? '', isAnswering, now: Date.now() });

const confirmation = createConfirmation(
  async (wanted) => {
    find('message').hidden = true; // about an action before
    try {
      await startAction(wanted);
    } catch (error) {
      showMessage('Refused', error instanceof RefusedError ? error.message : 'The console does not answer: look whether it was done.');
    }
    await look();
  },
  () => (fresh().link === 'live' ? '' : fresh().notice),
);
const question = createQuestion((id, yes) => void answerQuestion(id, yes).then(look, look));
const polls = createPolls(find('polls'), (action, id) => {
  const poll = state?.polls.find((one) => one.poll === id);
  if (state && poll) confirmation.ask(action, poll, state.stack, Date.now());
});

/** @param {string} title @param {string} text */
function showMessage(title, text) {
  find('message').hidden = false;
  write(find('message-title'), title);
  write(find('message-text'), text);
}

/** @param {string} why */
function refuseAccess(why) {
  showMessage('No access', why);
  write(find('notice'), '');
  write(find('freshness'), 'No access');
  document.documentElement.dataset.link = 'stale';
}

/** @param {State} seen */
function showStack({ stack, read_only: readOnly }) {
  document.documentElement.dataset.stage = stack.is_production ? 'production' : stack.stage === 'local' ? 'local' : 'other';
  document.title = `${stageText(stack)}: VoteApp console`;
  write(find('stage'), stageText(stack));
  write(find('stack-name'), stack.name);
  write(find('who'), [stack.region, whoText(stack.operator), readOnly ? 'read only' : ''].filter(Boolean).join(' · '));
  find('screen').hidden = stack.dashboard_url === null;
  if (stack.dashboard_url !== null) find('screen').setAttribute('href', stack.dashboard_url);
}

/** @param {State} seen what a person who cannot see the page hears: how each action ends */
function speak({ actions }) {
  for (const job of actions) {
    if (spoken.get(job.id) === job.status) continue;
    spoken.set(job.id, job.status);
    write(find('spoken'), jobText(job, job.started_at));
  }
}

function paint() {
  const { link, text, notice } = fresh();
  document.documentElement.dataset.link = link;
  write(find('freshness'), text);
  write(find('notice'), notice);
  if (!state) return;
  const now = Date.now();
  showStack(state);
  const busy = new Set(state.actions.filter(({ ended_at: endedAt }) => endedAt === null).map(({ poll }) => poll));
  polls.update({ polls: state.polls, busy, resting: link !== 'live', readOnly: state.read_only, now });
  find('side').hidden = false;
  showActions(state.actions, now);
  showHealth(state.health, now);
  showLog(state.log, now);
  question.update(state.actions, state.stack);
  speak(state);
}

async function look() {
  clearTimeout(timer);
  try {
    const seen = await readState();
    if (!state || seen.now >= state.now) state = seen;
    isAnswering = true;
  } catch (error) {
    isAnswering = false;
    if (error instanceof RefusedError && error.status === 401) {
      paint();
      refuseAccess(`This page has no session: ${error.message}. It works once.`);
      return; // asking again would not help
    }
  }
  paint();
  timer = setTimeout(look, isBusy() ? BUSY_INTERVAL_MS : INTERVAL_MS);
}

async function start() {
  const theme = new URLSearchParams(location.search).get('theme');
  applyTheme(theme === 'dark' || theme === 'light' ? theme : null);
  find('theme').addEventListener('click', switchTheme);
  try {
    await beginSession();
  } catch (error) {
    refuseAccess(error instanceof RefusedError ? error.message : 'The console does not answer.');
    return;
  }
  await look();
}

void start();
