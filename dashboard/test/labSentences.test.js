import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionText, plugHint, plugText, recentWritesText, textsText } from '../src/labSentences.js';

const idle = { keys: 0, stored: 0, throttled: 0, saved: 0 };

test('the last writes are described in counts and percent', () => {
  assert.equal(recentWritesText({ stored: 179, throttled: 121 }), 'Last 300 writes: 179 stored, 121 throttled (40%)');
  assert.equal(recentWritesText({ stored: 1, throttled: 0 }), 'Last write: 1 stored, 0 throttled (0%)');
  assert.equal(recentWritesText({ stored: 0, throttled: 0 }), 'No writes yet');
});

test('a hot partition is described with the writes that it stores', () => {
  const hot = { ...idle, keys: 1, stored: 24, throttled: 300 };
  assert.equal(partitionText([hot, ...Array(9).fill(idle)], 24), '1 key on 1 of 10 partitions. One is hot: no more than 24 writes a second get in.');
  assert.equal(partitionText([hot, hot, idle], 24), '2 keys on 2 of 3 partitions. 2 are hot: no more than 24 writes a second get in.');
});

test('without a hot partition, the fullest one is described', () => {
  const used = { ...idle, keys: 2, stored: 12.34 };
  assert.equal(partitionText([used, { ...used, stored: 6 }, idle], 24), '4 keys on 2 of 3 partitions. The fullest takes 12 of its 24 writes a second.');
  assert.match(partitionText([{ ...used, stored: 0.26 }, idle], 1), /takes 0\.3 of its 1 writes/);
});

test('a partition that uses burst capacity is described with what is left of it', () => {
  const bursting = { ...idle, keys: 1, stored: 60, saved: 3456.7 };
  assert.equal(partitionText([bursting, idle], 24), '1 key on 1 of 2 partitions. The fullest takes 60 writes a second instead of 24: of what it saved, 3,457 writes are left.');
});

test('texts are described from arrival to reply', () => {
  const calm = { sent: 60, accepted: 60, refused: 0, under_way: 1, reply_ms: 14 };
  assert.equal(textsText(calm), '60 texts a second arrive, 60 are counted; a reply takes 10 ms.');
  const hot = { sent: 60, accepted: 24, refused: 36.2, under_way: 340, reply_ms: 8001 };
  assert.equal(textsText(hot), '60 texts a second arrive, 24 are counted, 36 are given up after 3 s of retries; 340 phones wait for a reply; a reply takes 8.0 s.');
  assert.equal(textsText({ sent: 0, accepted: 0, refused: 0, under_way: 0, reply_ms: 14 }), 'No texts are arriving.');
});

test('of two partitions that are equally full, the first is described', () => {
  const bursting = { ...idle, keys: 1, stored: 60, saved: 100 };

  assert.match(partitionText([bursting, { ...bursting, saved: 7 }], 24), /of what it saved, 100 writes are left\.$/);
});

test('a partition uses burst capacity from 5% above its rate on', () => {
  const taking = (/** @type {number} */ stored) => partitionText([{ ...idle, keys: 1, stored, saved: 9 }], 100);

  assert.match(taking(104.9), /The fullest takes 105 of its 100 writes a second\.$/);
  assert.match(taking(105), /The fullest takes 105 writes a second instead of 100: of what it saved, 9 writes are left\.$/);
});

const silent = { sent: 0, accepted: 0, refused: 0, under_way: 0, reply_ms: null };

test('while anything is on its way, texts are arriving', () => {
  const none = 'No texts are arriving.';
  const said = [silent, { ...silent, sent: 1 }, { ...silent, accepted: 1 }, { ...silent, refused: 1 }, { ...silent, under_way: 1 }].map(textsText);

  assert.deepEqual(said, [
    none, '1 text a second arrives, 0 are counted.', '0 texts a second arrive, 1 is counted.',
    '0 texts a second arrive, 0 are counted, 1 is given up after 3 s of retries.', '0 texts a second arrive, 0 are counted.',
  ]);
});

test('texts that come and are counted at the same rate are arriving', () => {
  assert.equal(textsText({ ...silent, sent: 2, accepted: 2 }), '2 texts a second arrive, 2 are counted.');
  assert.match(textsText({ ...silent, sent: 2, accepted: 2, refused: 4 }), /^2 texts a second arrive, 2 are counted, 4 are given up/);
});

test('phones that wait are mentioned from six on', () => {
  assert.equal(textsText({ ...silent, sent: 1, under_way: 5 }), '1 text a second arrives, 0 are counted.');
  assert.equal(textsText({ ...silent, sent: 1, under_way: 6 }), '1 text a second arrives, 0 are counted; 6 phones wait for a reply.');
});

test('a reply is timed in tens of milliseconds, and in seconds from 950 ms on', () => {
  const told = [3, 14, 126, 949, 950, 8001].map((reply_ms) => textsText({ ...silent, sent: 1, reply_ms }).split('; ')[1]);

  assert.deepEqual(told, ['10 ms', '10 ms', '130 ms', '950 ms', '1.0 s', '8.0 s'].map((time) => `a reply takes ${time}.`));
});

const calm = { pulled: false, sent: 0, waiting: 0, by_webhook: 0, queued: 0, by_fallback: 0, lost: 0 };
const under = { ...calm, pulled: true, sent: 1412, waiting: 14, by_webhook: 1290, queued: 31, by_fallback: 77 };

test('every text that met the pulled plug is told by where it is', () => {
  assert.equal(plugText(under), 'Sent 1,412 · tried again 14 · counted by the webhook 1,290 · in the fallback queue 31 · counted from there 77 · lost 0');
  assert.equal(plugText({ ...under, pulled: false, waiting: 0 }).startsWith('Sent 1,412 · tried again 0'), true);
  assert.equal(plugText({ ...under, pulled: false, queued: 0 }).startsWith('Sent 1,412 · tried again 14'), true);
});

test('when all texts have arrived, the result is told alone', () => {
  const over = { ...calm, sent: 412, by_webhook: 12, by_fallback: 398, lost: 2 };
  assert.equal(plugText(over), 'Accepted 412 · counted 410 · lost 2');
  assert.match(plugText({ ...over, pulled: true }), /^Sent 412 · tried again 0/);
});

test('without texts, the state of the plug is told', () => {
  assert.equal(plugText(calm), 'The store is connected');
  assert.equal(plugText({ ...calm, pulled: true }), 'No texts yet since the plug was pulled');
});

test('each state of the plug has a sentence of its own', () => {
  const arrived = { ...under, pulled: false, waiting: 0, queued: 0 };
  const hints = [calm, under, { ...under, pulled: false }, arrived].map((plug) => plugHint(plug).slice(0, 31));
  assert.deepEqual(hints, [
    'Pull the plug to cut the store ', 'The webhook cannot reach the st',
    'The store is connected again: t', 'That is what became of the text',
  ]);
});
