/**
 * The colours of the choices that name none of their own, or none that can be read. Pure.
 */

/** @type {[dark: string, light: string][]} */
const PALETTE = [
  ['#ff5d47', '#c8371b'], ['#36d6a0', '#0b8f63'], ['#4f9dff', '#1b5fc1'], ['#ffc44d', '#a87400'],
  ['#c48bff', '#7a3fc9'], ['#a3b1c6', '#5b6b80'], ['#ff7ab8', '#c2357f'], ['#3fd0e0', '#0a7f92'],
  ['#ff9a4d', '#b85a10'], ['#b4e051', '#5d7f12'], ['#8f9bff', '#4a4fd0'], ['#d9a58a', '#8a5a3f'],
];

/** @param {string | undefined} given @param {string} otherwise */
const hue = (given, otherwise) => (given && /^#[0-9a-f]{6}$/i.test(given) ? given : otherwise);

/** @param {number} place of the choice in ballot order @param {string} [dark] @param {string} [light] */
export function huesOf(place, dark, light) {
  const own = /** @type {[string, string]} */ (PALETTE[place % PALETTE.length]);
  return { dark: hue(dark, own[0]), light: hue(light, own[1]) };
}
