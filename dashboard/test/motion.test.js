import assert from 'node:assert/strict';
import test from 'node:test';

/** @type {((now: number) => void)[]} */
let frames = [];
Object.assign(globalThis, {
  matchMedia: () => ({ matches: false }),
  document: { hidden: false },
  requestAnimationFrame: (/** @type {(now: number) => void} */ run) => frames.push(run),
});
const { countTo } = await import('../src/motion.js');

/** @param {number} afterMs runs the frames that wait, so long after now */
function draw(afterMs) {
  const waiting = frames;
  frames = [];
  for (const run of waiting) run(performance.now() + afterMs);
}

/** @param {number} first what the element shows already */
function shownFrom(first) {
  const element = /** @type {Element} */ (/** @type {unknown} */ ({ textContent: '' }));
  countTo(element, first, String);
  return element;
}

test('a single vote is shown before any frame is drawn', () => {
  const element = shownFrom(7);
  countTo(element, 8, String);

  assert.equal(element.textContent, '8');
});

test('many votes are counted up, the first of them at once', () => {
  const element = shownFrom(100);
  countTo(element, 200, String);
  const first = element.textContent;
  draw(400);
  const middle = Number(element.textContent);
  draw(900);

  assert.equal(first, '101');
  assert.ok(middle > 150 && middle < 200, String(middle));
  assert.equal(element.textContent, '200');
});

test('a count that goes down is counted down', () => {
  const element = shownFrom(9);
  countTo(element, 3, String);
  const first = element.textContent;
  draw(900);

  assert.equal(first, '8');
  assert.equal(element.textContent, '3');
});
