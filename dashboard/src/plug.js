/**
 * The switch that pulls the plug of the lab's store, and what becomes of the texts meanwhile.
 */
import { element, write } from './dom.js';
import { plugHint, plugText } from './labSentences.js';

/** @typedef {import('./labSentences.js').Plug} Plug */

/** @param {(wanted: {plug_pulled: boolean}) => Promise<void>} change */
export function createPlug(change) {
  const button = /** @type {HTMLButtonElement} */ (element('button', 'pull', 'Pull the plug'));
  button.type = 'button';
  button.setAttribute('aria-pressed', 'false');
  const hint = element('p', 'soft');
  const line = element('p', 'said fates');
  const part = element('div', 'plug', button, element('div', '', line, hint));
  let isPulled = false;

  button.addEventListener('click', () => change({ plug_pulled: !isPulled }));

  return {
    part,
    /** @param {Plug} plug */
    paint(plug) {
      isPulled = plug.pulled;
      button.setAttribute('aria-pressed', String(plug.pulled));
      write(line, plugText(plug));
      write(hint, plugHint(plug));
    },
  };
}
