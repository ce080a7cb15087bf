/**
 * Every sentence of the lab. Pure.
 */
import { rateText } from './sliderStops.js';
import { amount, figure } from './sentences.js';

/** @typedef {{keys: number, stored: number, throttled: number, saved: number}} Partition rates a second */
/** @typedef {{sent: number, accepted: number, refused: number, under_way: number, reply_ms: number | null}} Texts */

/** @typedef {{pulled: boolean, sent: number, waiting: number, by_webhook: number, queued: number, by_fallback: number, lost: number}} Plug texts that met the pulled plug */

/** @param {Plug} plug what became of the texts; when all have arrived, the result alone */
export function plugText(plug) {
  if (plug.sent === 0) return plug.pulled ? 'No texts yet since the plug was pulled' : 'The store is connected';
  if (hasArrived(plug)) {
    const counted = plug.by_webhook + plug.by_fallback;
    return `Accepted ${figure(plug.sent)} · counted ${figure(counted)} · lost ${figure(plug.lost)}`;
  }
  const parts = [
    ['Sent', plug.sent], ['tried again', plug.waiting], ['counted by the webhook', plug.by_webhook],
    ['in the fallback queue', plug.queued], ['counted from there', plug.by_fallback], ['lost', plug.lost],
  ];
  return parts.map(([what, count]) => `${what} ${figure(Number(count))}`).join(' · ');
}

/** @param {Plug} plug one sentence about what happens now */
export function plugHint(plug) {
  if (plug.pulled) return 'The webhook cannot reach the store. Each text is tried again for up to 15 s, then goes to a second way in, the fallback queue, and is counted from there.';
  if (plug.sent === 0) return 'Pull the plug to cut the store from the webhook: no text gets lost.';
  if (hasArrived(plug)) return 'That is what became of the texts that met the pulled plug. The store is connected again.';
  return 'The store is connected again: the webhook counts what is tried again, and the queue is emptied. A text from near a change of shards waits there for 88 s.';
}

/** @param {Plug} plug */
const hasArrived = ({ pulled, sent, waiting, queued }) => !pulled && sent > 0 && waiting + queued === 0;

/** @param {{stored: number, throttled: number}} counts */
export function recentWritesText({ stored, throttled }) {
  const all = stored + throttled;
  if (all === 0) return 'No writes yet';
  const which = all === 1 ? 'Last write' : `Last ${figure(all)} writes`;
  return `${which}: ${figure(stored)} stored, ${figure(throttled)} throttled (${Math.round((100 * throttled) / all)}%)`;
}

/** @param {Partition[]} partitions @param {number} limit writes a second of one of them */
export function partitionText(partitions, limit) {
  const used = partitions.filter(({ keys }) => keys > 0);
  const keys = used.reduce((all, one) => all + one.keys, 0);
  const fullest = used.reduce((most, one) => (one.stored > most.stored ? one : most), { stored: 0, saved: 0 });
  const hot = used.filter(({ throttled }) => throttled > 0).length;
  const fall = `${amount(keys, 'key')} on ${used.length} of ${amount(partitions.length, 'partition')}.`;
  if (hot > 0) return `${fall} ${hot === 1 ? 'One is' : `${hot} are`} hot: no more than ${rateText(limit)} writes a second get in.`;
  const takes = `${fall} The fullest takes ${rateText(fullest.stored)}`;
  if (fullest.stored < 1.05 * limit) return `${takes} of its ${rateText(limit)} writes a second.`;
  return `${takes} writes a second instead of ${rateText(limit)}: of what it saved, ${amount(Math.round(fullest.saved), 'write')} are left.`;
}

/** @param {Texts} texts what becomes of the text messages */
export function textsText({ sent, accepted, refused, under_way, reply_ms }) {
  if (sent + accepted + refused === 0 && under_way === 0) return 'No texts are arriving.';
  const parts = [rated(sent, 'text a second arrives', 'texts a second arrive'), rated(accepted, 'is counted', 'are counted')];
  if (refused > 0) parts.push(`${rated(refused, 'is', 'are')} given up after 3 s of retries`);
  const wait = under_way > 5 ? `${amount(under_way, 'phone')} wait for a reply` : '';
  return `${[parts.join(', '), wait, replyText(reply_ms)].filter(Boolean).join('; ')}.`;
}

/** @param {number} rate @param {string} one what follows the rate 1 @param {string} others what follows any other */
const rated = (rate, one, others) => `${rateText(rate)} ${rateText(rate) === '1' ? one : others}`;

/** @param {number | null} ms */
const replyText = (ms) => {
  if (ms === null) return '';
  return `a reply takes ${ms < 950 ? `${Math.max(10, Math.round(ms / 10) * 10)} ms` : `${(Math.round(ms / 100) / 10).toFixed(1)} s`}`;
};
