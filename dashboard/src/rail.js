/**
 * The rail beside the board: total, phones, pace with the last minutes, certificate.
 */
import { write } from './board.js';
import { countTo } from './motion.js';
import { span } from './phase.js';
import { HISTORY_MS, rateAt } from './tally.js';
import { amount, figure } from './words.js';

/** @typedef {import('./view.js').Rail} Rail */
/** @typedef {{at: number, total: number, rate: number | null}} Sample */

const WIDTH = 300;
const HEIGHT = 100;

/** The totals of the last minutes, each with the rate that was known then. */
export function createHistory() {
  /** @type {Sample[]} */
  let samples = [];
  return {
    /** @param {number} at ms @param {number} total */
    add(at, total) {
      samples = samples.filter((sample) => sample.at > at - HISTORY_MS - 5000);
      samples.push({ at, total, rate: rateAt([...samples, { at, total }], at) });
    },
    clear: () => (samples = []),
    get samples() {
      return samples;
    },
  };
}

/** @param {number} highest @returns {number} 1, 2, 5, 10, 20, 50 … */
export function scaleTop(highest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}

/**
 * The pace as runs of points, broken where nobody knows; the whole width is used from the
 * second sample on.
 * @param {Sample[]} samples
 * @param {number} now
 * @returns {{runs: [x: number, y: number][][], top: number, fromMs: number}}
 */
export function spark(samples, now) {
  const start = Math.max(now - HISTORY_MS, samples[0]?.at ?? now);
  const width = Math.max(1, (samples.at(-1)?.at ?? now) - start);
  const top = scaleTop(Math.max(0, ...samples.map(({ rate }) => rate ?? 0)));
  /** @type {[number, number][][]} */
  const runs = [[]];
  samples.forEach(({ at, rate }, i) => {
    const next = samples[i + 1]?.rate;
    const known = rate ?? next; // the first of a run has no rate of its own yet
    if (rate === null) runs.push([]);
    if (known === null || known === undefined || at < start) return;
    runs.at(-1)?.push([((at - start) / width) * WIDTH, HEIGHT - (known / top) * (HEIGHT - 4)]);
  });
  return { runs: runs.filter((run) => run.length > 1), top, fromMs: now - start };
}

/** @param {[number, number][]} run */
const path = (run) => run.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/** @param {[number, number][]} run */
const area = (run) => `${path(run)}V${HEIGHT}H${(run[0]?.[0] ?? 0).toFixed(1)}Z`;

/** @param {(id: string) => HTMLElement} find */
export function createRail(find) {
  const line = find('spark').querySelector('.line');
  const shade = find('spark').querySelector('.area');

  /** @param {Sample[]} samples @param {number} now ms, of the samples' clock */
  function paintSpark(samples, now) {
    const { runs, top, fromMs } = spark(samples, now);
    line?.setAttribute('d', runs.map(path).join(''));
    shade?.setAttribute('d', runs.map(area).join(''));
    write(find('spark-top'), `${figure(top)}/s`);
    write(find('spark-from'), runs.length > 0 ? `${span(fromMs)} ago` : 'measuring…');
  }

  return {
    /** @param {Rail} rail @param {Sample[]} samples @param {number} now ms, of the samples' clock */
    paint(rail, samples, now) {
      const { certificate, closed } = rail;
      countTo(find('total'), rail.total, figure);
      find('total').style.setProperty('--digits', String(figure(rail.total).length));
      write(find('phones'), `from ${amount(rail.phones, 'phone')}`);
      write(find('pace-title'), closed === null ? 'Votes per second' : 'Voting closed');
      write(find('rate'), closed ?? rail.rate);
      write(find('last'), `last vote ${rail.last}`);
      find('spark').hidden = closed !== null;
      find('certificate').hidden = certificate === null;
      write(find('certificate-title'), certificate?.title ?? '');
      write(find('certificate-text'), certificate?.text ?? '');
      write(find('digest'), certificate?.digest ?? '');
      if (closed === null) paintSpark(samples, now);
    },
  };
}
