/**
 * What the screen shows, made of the state of the poll. Pure.
 */
import { certifiedFigures, describeCertificate, isOutdated } from './certificate.js';
import { clockTime, closedAt, phaseOf, untilNextPhase } from './phase.js';
import { percentages } from './percentages.js';
import { POLL_VIEW_SK } from './schema.js';
import * as sentences from './sentences.js';
import { standings } from './tally.js';

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Certified} Certified */
/** @typedef {import('./rows.js').Choice} Choice */
/** @typedef {import('./tally.js').Totals} Totals */
/** @typedef {import('./poller.js').Link} Link */
/** @typedef {Choice & {share: number, percent: string, votes: number, note: string, leads: boolean}} Row */

/**
 * @typedef {object} ViewInput everything a view is made of
 * @property {string} pollId
 * @property {PollView | null} pollView null where the store has no such poll
 * @property {Totals | null} totals of the open board
 * @property {Certified[]} certified
 * @property {string[]} unread
 * @property {Link} link
 * @property {number | null} rate votes a second
 * @property {string | null} overtook the choice that took the lead a moment ago
 * @property {number} skew ms by which this screen's clock is ahead
 * @property {number} now epoch ms, corrected
 * @property {boolean} [lab] in the lab rounds come and go: bars, and no invitation
 */

/**
 * @typedef {object} View
 * @property {'message' | 'invite' | 'board'} scene
 * @property {string} freshness
 * @property {Link['kind']} link
 * @property {string} note
 * @property {string} phase
 * @property {string} question
 * @property {PollView | null} pollView
 * @property {{title: string, text: string}} message
 * @property {ReturnType<typeof sentences.invitation>} invitation
 * @property {{title: string, text: string, hues: Choice[]} | null} verdict
 * @property {Row[]} rows in order of rank
 * @property {Sidebar} sidebar
 */

/**
 * @typedef {object} Sidebar
 * @property {number} total
 * @property {number | null} phones null where every text is a ballot, and nobody knows
 * @property {string} rate
 * @property {string} last when the newest vote came
 * @property {string | null} closed
 * @property {import('./certificate.js').Certificate | null} certificate
 */

const SETTLING_MS = 10_000; // texts accepted just before the close are still being counted

/** @param {ViewInput} input @returns {View} */
export function buildView(input) {
  const { pollView, link, now } = input;
  if (!pollView) return buildEmptyView(input);
  const found = input.certified.find(({ round }) => round === pollView.round) ?? null;
  const phase = phaseOf(pollView, found !== null, now);
  const nextPhaseMs = untilNextPhase(pollView, phase, now);
  const ended = phase === 'closed' || phase === 'archived';
  const outdated = found !== null && isOutdated(found, input.totals);
  const certified = outdated ? null : found;
  const figures = certified ? certifiedFigures(certified, pollView) : pollView.sealed ? null : input.totals;
  const since = ended ? closedAt(pollView) : null;
  const settling = !certified && since !== null && now - since < SETTLING_MS;
  const rows = figures ? rowsOf(pollView, figures, ended, input.overtook) : [];
  const leaders = rows.filter(({ leads }) => leads);
  const margin = (rows[0]?.votes ?? 0) - (rows[1]?.votes ?? 0);
  const empty = figures === null || figures.total === 0;
  const hidden = figures === null && (ended || !pollView.sealed);
  return {
    scene: hidden ? 'message' : empty && !ended && !input.lab ? 'invite' : 'board',
    freshness: sentences.freshness(link, ended, now),
    link: link.kind,
    note: sentences.notes({
      link, now,
      skew: input.skew,
      bad: input.totals?.bad ?? 0,
      unread: input.unread.length,
      percentFrom: figures && figures.total < pollView.percentFrom ? pollView.percentFrom : 0,
      outdated,
    }),
    phase: sentences.phaseText(phase, nextPhaseMs, { certified: certified !== null, outdated, sealed: pollView.sealed }),
    question: pollView.question,
    pollView,
    message: hidden ? hiddenMessage(pollView) : { title: '', text: '' },
    invitation: sentences.invitation(pollView, phase, nextPhaseMs, now),
    verdict: ended && !hidden ? { ...sentences.verdict(leaders, margin, settling), hues: settling ? [] : leaders } : null,
    rows,
    sidebar: {
      total: figures?.total ?? 0,
      phones: pollView.policy === 'unlimited' ? null : (figures?.voters ?? 0),
      rate: ended || input.rate === null ? '–' : input.rate.toFixed(input.rate < 100 ? 1 : 0),
      last: sentences.lastVote(input.totals?.asOf ?? 0, now, ended),
      closed: since === null ? null : clockTime(since, now),
      certificate: ended ? describeCertificate(found, outdated, now) : null,
    },
  };
}

/** @param {PollView} pollView */
const hiddenMessage = (pollView) =>
  pollView.sealed
    ? { title: 'The ballot is sealed', text: 'Voting is closed. The result is shown here once it is recounted and certified.' }
    : { title: 'Nothing to show yet', text: 'The rows of this count contradict each other. This page looks again every second.' };

/** @param {ViewInput} input @returns {View} before anything is known of the poll */
function buildEmptyView({ pollId, link, unread, now, lab }) {
  const starting = { title: 'Starting…', text: 'The lab takes some seconds to start.' };
  const nothing = { title: link.kind === 'reconnecting' ? 'Nothing to show yet' : '', text: sentences.troubleText(link) };
  const unreadable = { title: 'This poll cannot be read', text: `The store describes “${pollId}” in a way that this page does not understand.` };
  const missing = { title: 'There is no such poll', text: `The store knows no poll “${pollId}”. This page looks again every second.` };
  return {
    scene: 'message',
    freshness: sentences.freshness(link, false, now),
    link: link.kind,
    note: '',
    phase: '',
    question: '',
    pollView: null,
    message: link.ageMs === null ? nothing : unread.includes(POLL_VIEW_SK) ? unreadable : lab ? starting : missing,
    invitation: { opens: '', countdown: '', lead: '', sub: '' },
    verdict: null,
    rows: [],
    sidebar: { total: 0, phones: null, rate: '–', last: '', closed: null, certificate: null },
  };
}

/**
 * @param {PollView} pollView
 * @param {{counts: Record<string, number>, total: number}} figures
 * @param {boolean} final
 * @param {string | null} overtook
 * @returns {Row[]}
 */
function rowsOf(pollView, { counts, total }, final, overtook) {
  const keys = pollView.choices.map(({ key }) => key);
  const shares = percentages(keys.map((key) => counts[key] ?? 0));
  const { order, leaders, margin } = standings(keys, counts);
  return order.map((key) => {
    const place = keys.indexOf(key);
    const choice = /** @type {Choice} */ (pollView.choices[place]);
    const votes = counts[key] ?? 0;
    const leads = leaders.includes(key);
    const moment = { final, overtook: key === overtook };
    return {
      ...choice,
      word: final ? '' : sentences.wordBeside(choice),
      leads,
      votes,
      share: total === 0 ? 0 : votes / total,
      percent: total < pollView.percentFrom ? '' : sentences.percentText(shares[place] ?? 0, votes, total),
      note: leads ? sentences.leadText(margin, leaders.length, keys.length, moment) : '',
    };
  });
}
