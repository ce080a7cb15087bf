/**
 * The page: config -> source -> poller -> poll state -> view -> screen and announcer.
 */
import { createAnnouncer } from './announce.js';
import { createBanner } from './banner.js';
import { createBoard } from './board.js';
import { loadConfig, readOptions } from './config.js';
import { createControls } from './controls.js';
import { createFollower } from './follower.js';
import { pulse } from './motion.js';
import { phaseOf } from './phase.js';
import { createPoller } from './poller.js';
import { addSnapshot, emptyPollState, viewInput } from './pollState.js';
import { createSidebar } from './sidebar.js';
import { buildView } from './view.js';

const LARGE_DELAYED_MS = 6000; // for so long a cache may serve an answer that it can renew
const FONT_WAIT_MS = 1500; // the first figures wait that long for their font

const now = () => performance.now();
const clock = () => ({ now: now(), date: Date.now() });

/** @param {string} id @returns {HTMLElement} */
function find(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

/** @param {import('./config.js').Config} config @returns {Promise<import('./source.js').Source>} */
async function sourceOf(config) {
  // Each page loads the way that it reads; the signer is part of one of them.
  if (config.large) return (await import('./jsonSource.js')).createJsonSource(config);
  return (await import('./source.js')).createSource(config);
}

/**
 * @param {import('./config.js').Config} config
 * @param {import('./source.js').Source} source
 * @param {ReturnType<typeof createControls>} controls
 */
function start(config, source, controls) {
  let state = emptyPollState();
  let shown = config.poll;
  const follower = config.follow && createFollower(config.follow, config.poll, source.readPollView, options.number);
  const font = Promise.race([document.fonts.load('600 1em "Inter Variable"', '0'), after(FONT_WAIT_MS)]);
  const poller = createPoller({
    async read() {
      const poll = follower ? await follower.choose(isOpen(), Date.now() - state.skew) : shown;
      const [snapshot] = await Promise.all([source.read(poll), font]);
      return { poll, snapshot };
    },
    onRead({ poll, snapshot }) {
      if (poll !== shown) showAnother(poll);
      state = addSnapshot(state, snapshot, clock());
      paint();
      pulse(find('dot'));
    },
    onFailure: paint,
    ageOf: ({ snapshot }) => snapshot.ageMs,
    delayedMs: config.large ? LARGE_DELAYED_MS : undefined,
    now,
    schedule: (run, ms) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(/** @type {number} */ (timer)),
  });
  const banner = createBanner(find);
  const board = createBoard(find('board'));
  const sidebar = createSidebar(find);
  const announcer = createAnnouncer((text) => (find('spoken').textContent = text), now);

  function isOpen() {
    const { pollView, certified, now } = viewInput(state, poller.link(), clock());
    return pollView !== null && phaseOf(pollView, certified.some(({ round }) => round === pollView.round), now) === 'open';
  }

  /** @param {string} poll */
  function showAnother(poll) {
    shown = poll;
    state = emptyPollState();
    board.clear();
  }

  function paint() {
    const view = buildView({ pollId: shown, lab: config.lab, ...viewInput(state, poller.link(), clock()) });
    document.title = view.question ? `${view.question} · Live vote` : 'Live vote';
    banner.paint(view);
    board.paint(view.rows);
    sidebar.paint(view.sidebar, state.samples, now());
    announcer.paint(view);
  }

  document.addEventListener('visibilitychange', () => poller.rest(document.hidden));
  controls.onPause((paused) => {
    poller.pause(paused);
    paint();
  });
  poller.rest(document.hidden);
  poller.start();
  setInterval(() => document.hidden || poller.link().kind === 'live' || paint(), 1000); // so that shown ages grow while nothing is read
}

/** @param {number} ms @returns {Promise<void>} */
const after = (ms) => new Promise((done) => setTimeout(done, ms));

/** @param {unknown} error */
function showSetupError(error) {
  find('pill').dataset.link = 'reconnecting';
  find('freshness').textContent = 'Not set up';
  find('message').hidden = false;
  find('message').dataset.setup = ''; // even an overlay shows it
  find('message-title').textContent = 'This screen is not set up';
  find('message-text').textContent = error instanceof Error ? error.message : String(error);
  throw error;
}

const options = readOptions(location.search, location.pathname);
const controls = createControls(find, options);
loadConfig(options)
  .then(async (config) => ({ config, source: await sourceOf(config) }))
  .then(async ({ config, source }) => {
    start(config, source, controls);
    if (config.lab) (await import('./lab.js')).openLab(find);
  }, showSetupError);
