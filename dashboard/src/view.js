/**
 * What the screen shows, from what is known: one pure step between reading and painting.
 */
import { clockTime, closedAt, phaseOf, untilNextPhase } from './phase.js';
import { percentages, standings } from './tally.js';
import * as words from './sentences.js';

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Certified} Certified */
/** @typedef {import('./rows.js').Choice} Choice */
/** @typedef {import('./tally.js').Totals} Totals */
/** @typedef {import('./poller.js').Link} Link */
/** @typedef {Choice & {share: number, percent: string, votes: number, note: string, leads: boolean}} Row */

/**
 * @typedef {object} Seen everything a view is made of
 * @property {string} poll
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
 * @property {ReturnType<typeof words.invitation>} invitation
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
 * @property {{sure: boolean, title: string, text: string, digest: string} | null} certificate
 */

const SETTLING_MS = 10_000; // texts accepted just before the close are still being counted

/** @param {Seen} seen @returns {View} */
export function describe(seen) {
  const { pollView, link, now } = seen;
  if (!pollView) return blank(seen);
  const found = seen.certified.find(({ round }) => round === pollView.round) ?? null;
  const phase = phaseOf(pollView, found !== null, now);
  const nextPhaseMs = untilNextPhase(pollView, phase, now);
  const ended = phase === 'closed' || phase === 'archived';
  const outdated = found !== null && isOutdated(found, seen.totals);
  const certified = outdated ? null : found;
  const figures = certified ? ofCertified(certified, pollView) : pollView.sealed ? null : seen.totals;
  const since = ended ? closedAt(pollView) : null;
  const settling = !certified && since !== null && now - since < SETTLING_MS;
  const rows = figures ? rowsOf(pollView, figures, ended, seen.overtook) : [];
  const leaders = rows.filter(({ leads }) => leads);
  const margin = (rows[0]?.votes ?? 0) - (rows[1]?.votes ?? 0);
  const empty = figures === null || figures.total === 0;
  const hidden = figures === null && (ended || !pollView.sealed);
  return {
    scene: hidden ? 'message' : empty && !ended && !seen.lab ? 'invite' : 'board',
    freshness: words.freshness(link, ended, now),
    link: link.kind,
    note: words.notes({
      link, now,
      skew: seen.skew,
      bad: seen.totals?.bad ?? 0,
      unread: seen.unread.length,
      percentFrom: figures && figures.total < pollView.percentFrom ? pollView.percentFrom : 0,
      outdated,
    }),
    phase: words.phaseText(phase, nextPhaseMs, { certified: certified !== null, outdated, sealed: pollView.sealed }),
    question: pollView.question,
    pollView,
    message: hidden ? hiddenMessage(pollView) : { title: '', text: '' },
    invitation: words.invitation(pollView, phase, nextPhaseMs, now),
    verdict: ended && !hidden ? { ...words.verdict(leaders, margin, settling), hues: settling ? [] : leaders } : null,
    rows,
    sidebar: {
      total: figures?.total ?? 0,
      phones: pollView.policy === 'unlimited' ? null : (figures?.voters ?? 0),
      rate: ended || seen.rate === null ? '–' : seen.rate.toFixed(seen.rate < 100 ? 1 : 0),
      last: words.lastVote(seen.totals?.asOf ?? 0, now, ended),
      closed: since === null ? null : clockTime(since, now),
      certificate: ended ? certificateOf(found, outdated, now) : null,
    },
  };
}

/** @param {PollView} pollView */
const hiddenMessage = (pollView) =>
  pollView.sealed
    ? { title: 'The ballot is sealed', text: 'Voting is closed. The result is shown here once it is recounted and certified.' }
    : { title: 'Nothing to show yet', text: 'The rows of this count contradict each other. This page looks again every second.' };

/** @param {Seen} seen @returns {View} before anything is known of the poll */
function blank({ poll, link, unread, now }) {
  const nothing = { title: link.kind === 'reconnecting' ? 'Nothing to show yet' : '', text: words.troubleText(link) };
  const unreadable = { title: 'This poll cannot be read', text: `The store describes “${poll}” in a way that this page does not understand.` };
  const missing = { title: 'There is no such poll', text: `The store knows no poll “${poll}”. This page looks again every second.` };
  return {
    scene: 'message',
    freshness: words.freshness(link, false, now),
    link: link.kind,
    note: '',
    phase: '',
    question: '',
    pollView: null,
    message: link.ageMs === null ? nothing : unread.includes('poll') ? unreadable : missing,
    invitation: { opens: '', countdown: '', lead: '', sub: '' },
    verdict: null,
    rows: [],
    sidebar: { total: 0, phones: null, rate: '–', last: '', closed: null, certificate: null },
  };
}

/** @param {Certified} certified @param {PollView} pollView */
const ofCertified = (certified, pollView) => ({
  counts: certified.counts,
  total: pollView.choices.reduce((all, { key }) => all + (certified.counts[key] ?? 0), 0),
  voters: certified.voters,
});

/**
 * Whether votes were counted after the certificate was made, so that it is not the result. Where
 * the newest vote counted is older, the certificate is right whatever the live count says: its
 * rows may be older copies, or a ballot may have been forgotten since.
 * @param {Certified} certified
 * @param {Totals | null} totals
 */
const isOutdated = ({ at, counts }, totals) =>
  totals !== null && totals.asOf > at &&
  Object.entries(totals.counts).some(([key, votes]) => (counts[key] ?? 0) !== votes);

/** @param {Certified | null} found @param {boolean} outdated @param {number} now @returns {Sidebar['certificate']} */
function certificateOf(found, outdated, now) {
  if (!found) return { sure: false, digest: '', title: 'Not yet certified', text: 'A recount of every ballot will confirm this count.' };
  const { ballots, at, digest } = found;
  if (outdated) return { sure: false, digest: '', title: 'Not certified', text: `The certificate of ${clockTime(at, now)} is of an earlier count.` };
  const text = `${words.amount(ballots, 'ballot')} recounted, ${clockTime(at, now)}`;
  return { sure: true, title: 'Certified', text, digest: digest.match(/.{1,8}/g)?.join(' ') ?? '' };
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
      leads,
      votes,
      share: total === 0 ? 0 : votes / total,
      percent: total < pollView.percentFrom ? '' : words.percentText(shares[place] ?? 0, votes, total),
      note: leads ? words.leadText(margin, leaders.length, keys.length, moment) : '',
    };
  });
}
