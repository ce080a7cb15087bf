import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, opening } from '../src/bubbles.js';

const at_ms = new Date(2026, 10, 20, 20, 5).getTime();

test('a text that was sent is on my side, a reply on theirs', () => {
  assert.deepEqual(lineOf({ kind: 'sent', text: 'RED', at_ms }), { side: 'mine', who: 'You:', text: 'RED', time: '20:05' });
  assert.deepEqual(lineOf({ kind: 'reply', text: 'Thank you!', at_ms }), { side: 'theirs', who: 'Reply:', text: 'Thank you!', time: '20:05' });
});

test('a text without a reply is followed by a note', () => {
  assert.deepEqual(lineOf({ kind: 'silence', text: '', at_ms }),
    { side: 'note', who: '', text: 'No reply. Some words are answered by the carriers themselves.', time: '20:05' });
});

test('a failure is a note with its text', () => {
  assert.deepEqual(lineOf({ kind: 'failure', text: 'Not delivered (no answer)', at_ms }),
    { side: 'note', who: '', text: 'Not delivered (no answer)', time: '20:05' });
});

test('an empty thread has the question and the words to text', () => {
  assert.equal(opening('Which color?', ['RED', 'GREEN', 'BLUE']), 'Which color? Text RED, GREEN, or BLUE.');
});
