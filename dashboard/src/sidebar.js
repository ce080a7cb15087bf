/**
 * The sidebar beside the board: total, phones, rate with its curve, certificate.
 */
import { write } from './dom.js';
import { HEIGHT, sparkline } from './history.js';
import { countTo } from './motion.js';
import { span } from './phase.js';
import { amount, figure } from './sentences.js';

/** @typedef {import('./view.js').Sidebar} Sidebar */
/** @typedef {import('./history.js').Sample} Sample */

/** @param {[number, number][]} run */
const path = (run) => run.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/** @param {[number, number][]} run */
const area = (run) => `${path(run)}V${HEIGHT}H${(run[0]?.[0] ?? 0).toFixed(1)}Z`;

/** @param {(id: string) => HTMLElement} find */
export function createSidebar(find) {
  const line = find('spark').querySelector('.line');
  const shade = find('spark').querySelector('.area');

  /** @param {Sample[]} samples @param {number} now ms, of the samples' clock */
  function paintSparkline(samples, now) {
    const { runs, top, fromMs } = sparkline(samples, now);
    line?.setAttribute('d', runs.map(path).join(''));
    shade?.setAttribute('d', runs.map(area).join(''));
    write(find('spark-top'), `${figure(top)}/s`);
    const late = now - (samples.at(-1)?.at ?? now);
    write(find('spark-to'), late < 3000 ? 'now' : `${span(late)} ago`);
    write(find('spark-from'), runs.length > 0 ? `${span(fromMs)} ago` : 'measuring…');
  }

  return {
    /** @param {Sidebar} sidebar @param {Sample[]} samples @param {number} now ms, of the samples' clock */
    paint(sidebar, samples, now) {
      const { certificate, closed } = sidebar;
      countTo(find('total'), sidebar.total, figure);
      find('total').style.setProperty('--digits', String(figure(sidebar.total).length));
      find('phones').hidden = sidebar.phones === null;
      countTo(find('phones'), sidebar.phones ?? 0, (n) => `from ${amount(n, 'phone')}`);
      write(find('pace-title'), closed === null ? 'Votes per second' : 'Voting closed');
      write(find('rate'), closed ?? sidebar.rate);
      write(find('last'), sidebar.last);
      find('spark').hidden = closed !== null;
      find('certificate').hidden = certificate === null;
      find('certificate').classList.toggle('sure', certificate?.sure ?? false);
      write(find('certificate-title'), certificate?.title ?? '');
      write(find('certificate-text'), certificate?.text ?? '');
      write(find('digest'), certificate?.digest ?? '');
      if (closed === null) paintSparkline(samples, now);
    },
  };
}
