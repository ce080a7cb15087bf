/**
 * The controls of the page: pause, theme and full screen, by button or key.
 */

import { applyTheme, switchTheme } from './theme.js';

/** @typedef {import('./config.js').Options} Options */

/** @param {(id: string) => HTMLElement} find @param {Options} options */
export function createControls(find, options) {
  const root = document.documentElement;
  let paused = false;
  /** @type {(paused: boolean) => void} */
  let notify = () => {};

  const isStage = options.stage || options.overlay;

  applyTheme(options.theme);
  root.toggleAttribute('data-overlay', options.overlay);
  enter(isStage);
  find('full').hidden = !document.fullscreenEnabled;

  const actions = {
    pause() {
      paused = !paused;
      root.toggleAttribute('data-paused', paused);
      find('pause').setAttribute('aria-pressed', String(paused));
      notify(paused);
    },
    theme: switchTheme,
    full() {
      const change = document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
      change.catch(() => {}); // the browser may refuse full screen: the page stays as it is
    },
  };

  find('pause').addEventListener('click', actions.pause);
  find('theme').addEventListener('click', actions.theme);
  find('full').addEventListener('click', actions.full);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const action = { p: actions.pause, d: actions.theme, f: actions.full }[event.key.toLowerCase()];
    action?.();
  });
  document.addEventListener('fullscreenchange', () => enter(isStage || document.fullscreenElement !== null));

  /** @param {boolean} on the stage hides its buttons, and its screen must stay on */
  function enter(on) {
    root.toggleAttribute('data-stage', on);
    if (on) navigator.wakeLock?.request('screen').catch(() => {}); // refused in some frames, and on a low battery
  }

  return {
    /** @param {(paused: boolean) => void} run */
    onPause(run) {
      notify = run;
    },
  };
}
