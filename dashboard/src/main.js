/**
 * Wires the parts together, and listens to keys. The only file that holds state.
 */
import { createAnnouncer } from './announce.js';
import { createBanner } from './banner.js';
import { createBoard } from './board.js';
import { loadConfig, readOptions } from './config.js';
import { createHistory } from './history.js';
import { beat } from './motion.js';
import { skewOf } from './phase.js';
import { createPoller } from './poller.js';
import { createSidebar } from './sidebar.js';
import { createSource } from './source.js';
import { createControls } from './controls.js';
import { emptyBoardState, merge, standings, sum } from './tally.js';
import { describe } from './view.js';

/** @typedef {import('./source.js').Snapshot} Snapshot */

const OVERTOOK_MS = 6000;
const STALE_MS = 3000;
const now = () => performance.now();

/** @param {string} id @returns {HTMLElement} */
function find(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

/** @param {import('./config.js').Config} config @param {ReturnType<typeof createControls>} controls */
function start(config, controls) {
  const banner = createBanner(find);
  const board = createBoard(find('board'));
  const sidebar = createSidebar(find);
  const announcer = createAnnouncer((text) => (find('spoken').textContent = text), now);
  const history = createHistory();
  const source = createSource(config);
  const letters = Promise.race([document.fonts.load('600 1em "Inter Variable"', '0'), after(1500)]);

  let boardState = emptyBoardState();
  /** @type {import('./tally.js').Totals | null} */
  let totals = null;
  let soundAt = 0; // when the rows last added up
  let skew = 0;
  let leader = '';
  let overtook = { key: '', at: -Infinity };
  let round = 0;

  /** @param {Snapshot} snapshot */
  function take(snapshot) {
    boardState = merge(boardState, snapshot, now());
    skew = skewOf(snapshot.serverAt, Date.now());
    const { pollView } = boardState;
    if (!pollView) return;
    if (pollView.round !== round) startRound(pollView.round);
    const added = sum([...boardState.rows.values()].map(({ row }) => row), pollView);
    if (added) [totals, soundAt] = [added, now()];
    if (!totals) return;
    history.add(now(), totals.total);
    watchLeader(standings(pollView.choices.map(({ key }) => key), totals.counts).leaders);
  }

  /** @param {number} next */
  function startRound(next) {
    [round, totals, leader] = [next, null, ''];
    history.clear();
  }

  /** @param {string[]} leaders a tie leaves the former leader the one to overtake */
  function watchLeader(leaders) {
    const [first = ''] = leaders;
    if (leaders.length !== 1 || first === leader) return;
    if (leader !== '') overtook = { key: first, at: now() };
    leader = first;
  }

  function link() {
    const own = poller.link();
    const wrong = !boardState.pollView ? null
      : now() - soundAt > STALE_MS ? { trouble: 'contradiction', ageMs: now() - soundAt }
      : now() - (boardState.pollViewLostAt ?? now()) > STALE_MS ? { trouble: 'poll', ageMs: now() - (boardState.pollViewLostAt ?? 0) } : null;
    if (own.kind !== 'live' || !wrong) return own;
    return /** @type {typeof own} */ ({ kind: 'delayed', ...wrong });
  }

  function paint() {
    const current = link();
    const view = describe({
      poll: config.poll,
      pollView: boardState.pollView,
      totals,
      certified: boardState.certified,
      unread: boardState.unread,
      link: current,
      rate: current.kind === 'live' ? (history.samples.at(-1)?.rate ?? null) : null,
      overtook: now() - overtook.at < OVERTOOK_MS ? overtook.key : null,
      skew,
      now: Date.now() - skew,
      lab: config.lab,
    });
    document.title = view.question ? `${view.question} · Live vote` : 'Live vote';
    banner.paint(view);
    board.paint(view.rows);
    sidebar.paint(view.sidebar, history.samples, now());
    announcer.paint(view);
  }

  const poller = createPoller({
    read: async () => (await Promise.all([source.read(), letters]))[0],
    onRead(snapshot) {
      take(snapshot);
      paint();
      beat(find('dot'));
    },
    onFailure: paint,
    now,
    schedule: (run, ms) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(/** @type {number} */ (timer)),
  });
  document.addEventListener('visibilitychange', () => poller.rest(document.hidden));
  controls.onPause((paused) => {
    poller.pause(paused);
    paint();
  });
  poller.rest(document.hidden);
  poller.start();
  setInterval(() => document.hidden || poller.link().kind === 'live' || paint(), 1000); // ages go on
}

/** @param {number} ms @returns {Promise<void>} */
const after = (ms) => new Promise((done) => setTimeout(done, ms));

/** @param {unknown} error */
function giveUp(error) {
  find('pill').dataset.link = 'reconnecting';
  find('freshness').textContent = 'Not set up';
  find('message').hidden = false;
  find('message-title').textContent = 'This screen is not set up';
  find('message-text').textContent = error instanceof Error ? error.message : String(error);
  throw error;
}

const options = readOptions(location.search, location.pathname);
const controls = createControls(find, options);
loadConfig(options).then(async (config) => {
  start(config, controls);
  if (config.lab) (await import('./lab.js')).openLab(find);
}, giveUp);
