/**
 * The partitions as vessels: as high as what each takes a second, filled by what it stores,
 * and dashed where it throttles.
 */
import { element, write } from './dom.js';
import { rateText } from './stops.js';

/** @typedef {import('./labWords.js').Partition} Partition */

export function createPartitions() {
  const list = element('div', 'vessels');
  list.setAttribute('role', 'img');
  /** @type {{part: HTMLElement, over: HTMLElement, keys: HTMLElement, rate: HTMLElement}[]} */
  let vessels = [];

  /** @param {number} count */
  function make(count) {
    vessels = Array.from({ length: count }, () => {
      const over = element('span', 'over');
      const keys = element('span', 'keys');
      const rate = element('span', 'rate');
      const part = element('span', 'vessel', over, element('span', 'glass', element('span', 'level'), keys), rate);
      return { part, over, keys, rate };
    });
    list.replaceChildren(...vessels.map(({ part }) => part));
  }

  return {
    part: list,
    /** @param {Partition[]} partitions @param {number} limit @param {string} words */
    paint(partitions, limit, words) {
      if (vessels.length !== partitions.length) make(partitions.length);
      list.setAttribute('aria-label', words);
      partitions.forEach(({ keys, stored, throttled }, i) => {
        const vessel = vessels[i];
        if (!vessel) return;
        vessel.part.classList.toggle('hot', throttled > 0);
        vessel.part.classList.toggle('idle', keys === 0 && stored === 0);
        vessel.part.style.setProperty('--level', Math.min(1, stored / limit).toFixed(3));
        write(vessel.over, throttled > 0 ? `+${rateText(throttled)}` : '');
        write(vessel.keys, keys > 6 ? `×${keys}` : '•'.repeat(keys));
        write(vessel.rate, rateText(stored));
      });
    },
  };
}
