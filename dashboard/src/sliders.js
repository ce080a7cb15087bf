/**
 * The sliders of the lab. A slider that a person is moving ignores the values of the lab.
 */
import { element, write } from './dom.js';
import { SLIDERS, nearest } from './sliderStops.js';

/** @typedef {import('./sliderStops.js').SettingName} SettingName */
/** @typedef {Record<SettingName, number>} Settings */

const SETTLE_MS = 350; // each number of shards starts a new round, so not at every step of a drag

/**
 * @param {(wanted: Partial<Settings>) => Promise<void>} change
 * @param {() => number} partitions
 */
export function createSliders(change, partitions) {
  const made = SLIDERS.map((slider) => {
    const input = /** @type {HTMLInputElement} */ (element('input', ''));
    input.type = 'range';
    input.id = `lab-${slider.name}`;
    input.max = String(slider.stops.length - 1);
    const says = /** @type {HTMLOutputElement} */ (element('output', ''));
    says.htmlFor.add(input.id);
    const label = /** @type {HTMLLabelElement} */ (element('label', '', slider.title));
    label.htmlFor = input.id;
    let timer = 0;
    let held = false;

    function say(/** @type {number} */ value) {
      const text = slider.says(value, partitions());
      write(says, text);
      input.setAttribute('aria-valuetext', text);
      input.style.setProperty('--done', `${(100 * Number(input.value)) / Number(input.max)}%`);
    }

    input.addEventListener('input', () => {
      const value = slider.stops[Number(input.value)] ?? 0;
      say(value);
      held = true;
      clearTimeout(timer);
      timer = window.setTimeout(async () => {
        const own = timer;
        await change({ [slider.name]: value });
        if (timer === own) held = false; // else it was moved again meanwhile
      }, SETTLE_MS);
    });

    return {
      part: element('div', 'slider', label, ' ', says, input),
      /** @param {Settings} settings @param {SettingName | null} locked */
      show(settings, locked) {
        input.disabled = slider.name === locked;
        if (held) return;
        input.value = String(nearest(slider.stops, settings[slider.name]));
        say(settings[slider.name]);
      },
    };
  });

  return {
    part: element('div', 'sliders', ...made.map(({ part }) => part)),
    /** @param {Settings} settings as the lab has them @param {SettingName | null} locked cannot be moved now */
    show: (settings, locked) => made.forEach((slider) => slider.show(settings, locked)),
  };
}
