/**
 * The partitions of the lab as a bar chart: a bar is as high as the writes a second that a partition
 * can store, filled by what it stores, and dashed where it throttles.
 */
import { element, write } from './dom.js';
import { rateText } from './sliderStops.js';

/** @typedef {import('./labSentences.js').Partition} Partition */

export function createPartitions() {
  const list = element('div', 'partitions');
  list.setAttribute('role', 'img');
  /** @type {{part: HTMLElement, over: HTMLElement, keys: HTMLElement, rate: HTMLElement}[]} */
  let bars = [];

  /** @param {number} count */
  function make(count) {
    bars = Array.from({ length: count }, () => {
      const over = element('span', 'over');
      const keys = element('span', 'keys');
      const rate = element('span', 'rate');
      const part = element('span', 'partition', over, element('span', 'capacity', element('span', 'level'), keys), rate);
      return { part, over, keys, rate };
    });
    list.replaceChildren(...bars.map(({ part }) => part));
  }

  return {
    part: list,
    /** @param {Partition[]} partitions @param {number} limit @param {string} words */
    paint(partitions, limit, words) {
      if (bars.length !== partitions.length) make(partitions.length);
      list.setAttribute('aria-label', words);
      partitions.forEach(({ keys, stored, throttled }, i) => {
        const bar = bars[i];
        if (!bar) return;
        bar.part.classList.toggle('hot', throttled > 0);
        bar.part.classList.toggle('idle', keys === 0 && stored === 0);
        bar.part.style.setProperty('--level', Math.min(1, stored / limit).toFixed(3));
        write(bar.over, throttled > 0 ? `+${rateText(throttled)}` : '');
        write(bar.keys, keys > 6 ? `×${keys}` : '•'.repeat(keys));
        write(bar.rate, rateText(stored));
      });
    },
  };
}
