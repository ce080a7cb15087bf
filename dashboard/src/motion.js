/**
 * Animations: numbers that count up, rows that change places, the pulse of the link state. All
 * are off for people who ask for reduced motion.
 */

const COUNT_MS = 800;
const REORDER_MS = 600;
const reduced = matchMedia('(prefers-reduced-motion: reduce)');

/** @param {number} t from 0 to 1 */
const easeOut = (t) => 1 - (1 - t) ** 3;

/** @typedef {{from: number, to: number, since: number, write: (value: number) => void}} Count */
/** @type {Map<Element, Count>} */
const running = new Map();
/** @type {WeakMap<Element, number>} */
const shown = new WeakMap();

/** @param {number} now */
function frame(now) {
  for (const [element, count] of running) {
    const t = Math.min(1, (now - count.since) / COUNT_MS);
    const value = Math.round(count.from + (count.to - count.from) * easeOut(Math.max(0, t)));
    if (value !== shown.get(element)) count.write(value);
    shown.set(element, value);
    if (t === 1) running.delete(element);
  }
  if (running.size > 0) requestAnimationFrame(frame);
}

/**
 * Counts the text of an element up, or down, from what it shows; the first figure is shown at once,
 * and so is the first step of each count: a single vote is not kept waiting.
 * @param {Element} element
 * @param {number} to
 * @param {(value: number) => string} text
 */
export function countTo(element, to, text) {
  const from = shown.get(element);
  if (from === to || running.get(element)?.to === to) return;
  const write = (/** @type {number} */ value) => {
    element.textContent = text(value);
  };
  if (from === undefined || reduced.matches || document.hidden) {
    running.delete(element);
    shown.set(element, to);
    write(to);
    return;
  }
  const step = from + Math.sign(to - from);
  shown.set(element, step);
  write(step);
  if (running.size === 0) requestAnimationFrame(frame);
  running.set(element, { from: step, to, since: performance.now(), write });
}

/**
 * Puts the children of a list in order, and animates those that change places (FLIP: the layout
 * is final at once, a transform starts at the old place).
 * @param {Element} list
 * @param {HTMLElement[]} order
 */
export function reorder(list, order) {
  if (order.length === list.children.length && order.every((item, i) => list.children[i] === item)) return;
  const before = new Map(order.filter((item) => item.parentNode === list).map((item) => [item, top(item)]));
  list.replaceChildren(...order);
  if (reduced.matches || document.hidden) return;
  for (const item of order) {
    const distance = (before.get(item) ?? top(item)) - top(item);
    if (distance === 0) continue;
    item.style.zIndex = distance > 0 ? '1' : '0'; // a row that rises passes in front
    item.animate([{ transform: `translateY(${distance}px)` }, { transform: 'none' }],
      { duration: REORDER_MS, easing: 'cubic-bezier(.2, .7, .2, 1)' });
  }
}

/** @param {Element} item */
const top = (item) => item.getBoundingClientRect().top;

/** One pulse for each read that succeeds. @param {Element} dot */
export function pulse(dot) {
  if (reduced.matches) return;
  dot.animate([{ opacity: 1 }, { opacity: 0.35 }, { opacity: 1 }], { duration: 900, easing: 'ease-in-out' });
}
