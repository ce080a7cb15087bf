import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionText, tapeText, textsText } from '../src/labWords.js';

const idle = { keys: 0, stored: 0, throttled: 0, saved: 0 };

test('the tape is told in counts and percent', () => {
  assert.equal(tapeText({ stored: 179, throttled: 121 }), 'Last 300 writes: 179 stored, 121 throttled (40%)');
  assert.equal(tapeText({ stored: 1, throttled: 0 }), 'Last write: 1 stored, 0 throttled (0%)');
  assert.equal(tapeText({ stored: 0, throttled: 0 }), 'No writes yet');
});

test('a hot partition is said with what it takes', () => {
  const hot = { ...idle, keys: 1, stored: 24, throttled: 300 };
  assert.equal(partitionText([hot, ...Array(9).fill(idle)], 24), '1 key on 1 of 10 partitions. One is hot: no more than 24 writes a second get in.');
});

test('without a hot one, how full the fullest is', () => {
  const used = { ...idle, keys: 2, stored: 12.34 };
  assert.equal(partitionText([used, { ...used, stored: 6 }, idle], 24), '4 keys on 2 of 3 partitions. The fullest takes 12 of its 24 writes a second.');
  assert.match(partitionText([{ ...used, stored: 0.26 }, idle], 1), /takes 0\.3 of its 1 writes/);
});

test('a partition that lives on its savings says how long yet', () => {
  const bursting = { ...idle, keys: 1, stored: 60, saved: 3456.7 };
  assert.equal(partitionText([bursting, idle], 24), '1 key on 1 of 2 partitions. The fullest takes 60 writes a second instead of 24: of what it saved, 3,457 writes are left.');
});

test('texts are told from arrival to reply', () => {
  const calm = { sent: 60, accepted: 60, refused: 0, under_way: 1, reply_ms: 14 };
  assert.equal(textsText(calm), '60 texts a second arrive, 60 are counted; a reply takes 10 ms.');
  const hot = { sent: 60, accepted: 24, refused: 36.2, under_way: 340, reply_ms: 8001 };
  assert.equal(textsText(hot), '60 texts a second arrive, 24 are counted, 36 are given up after 8 s of retries; 340 phones wait for a reply; a reply takes 8.0 s.');
  assert.equal(textsText({ sent: 0, accepted: 0, refused: 0, under_way: 0, reply_ms: 14 }), 'No texts are arriving.');
});
