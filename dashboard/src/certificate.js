/**
 * The certified result of a round: whether it is still the result, and what is shown of it. Pure.
 */
import { clockTime } from './phase.js';
import { amount } from './sentences.js';

/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Certified} Certified */
/** @typedef {import('./tally.js').Totals} Totals */
/** @typedef {{sure: boolean, title: string, text: string, digest: string}} Certificate `sure`: it is the result */

/**
 * Whether votes were counted after the certificate was made, so that it is not the result. Where
 * the newest vote counted is older, the certificate is right whatever the live count says: its
 * rows may be older copies, or a ballot may have been forgotten since.
 * @param {Certified} certified
 * @param {Totals | null} totals
 */
export const isOutdated = ({ at, counts }, totals) =>
  totals !== null && totals.asOf > at &&
  Object.entries(totals.counts).some(([key, votes]) => (counts[key] ?? 0) !== votes);

/** @param {Certified} certified @param {PollView} pollView */
export const certifiedFigures = ({ counts, voters }, { choices }) =>
  ({ counts, total: choices.reduce((all, { key }) => all + (counts[key] ?? 0), 0), voters });

/** @param {Certified | null} certified @param {boolean} outdated @param {number} now @returns {Certificate} */
export function describeCertificate(certified, outdated, now) {
  if (!certified) return { sure: false, digest: '', title: 'Not yet certified', text: 'A recount of every ballot will confirm this count.' };
  const { ballots, at, digest } = certified;
  if (outdated) return { sure: false, digest: '', title: 'Not certified', text: `The certificate of ${clockTime(at, now)} is of an earlier count.` };
  const text = `${amount(ballots, 'ballot')} recounted, ${clockTime(at, now)}`;
  return { sure: true, title: 'Certified', text, digest: digest.match(/.{1,8}/g)?.join(' ') ?? '' };
}
