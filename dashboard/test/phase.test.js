import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { clockSeconds, clockTime, closedAt, countdown, phaseOf, skewOf, span, untilNextPhase } from '../src/phase.js';
import { pollView } from './examples.js';

/** @typedef {{state: 'auto' | 'open' | 'closed' | 'archived', state_at: number, opens_at?: number, closes_at?: number}} Stored */
/** @type {{name: string, poll_view: Stored, certified: boolean, now: number, phase: string, closed_at?: number | null}[]} */
const cases = JSON.parse(readFileSync(new URL('./phases.json', import.meta.url), 'utf8'));

for (const { name, poll_view: stored, certified, now, phase, closed_at: expected } of cases) {
  test(`the phase of the table that the services share: ${name}`, () => {
    const { state, state_at: stateAt, opens_at: opensAt = null, closes_at: closesAt = null } = stored;
    const read = pollView({ state, stateAt, opensAt, closesAt });

    assert.equal(phaseOf(read, certified, now), phase);
    if (expected !== undefined) assert.equal(closedAt(read), expected);
  });
}

test('a countdown runs to the opening of a poll that waits and to the close of one that is open', () => {
  assert.equal(untilNextPhase(pollView({ opensAt: 100, closesAt: 200 }), 'waiting', 40), 60);
  assert.equal(untilNextPhase(pollView({ opensAt: 20, closesAt: 100 }), 'open', 40), 60);
  assert.equal(untilNextPhase(pollView(), 'open', 40), null);
  assert.equal(untilNextPhase(pollView({ state: 'open', stateAt: 120, closesAt: 100 }), 'open', 140), null);
});

test('spans read like clocks', () => {
  assert.deepEqual([172_799_000, 172_800_000].map(countdown), ['47:59:59', '2 days']);
  assert.deepEqual([59_001, 272_000, 3_872_000, 200_000_000].map(countdown), ['1:00', '4:32', '1:04:32', '2 days']);
  assert.deepEqual([0, 12_300, 180_000, 7_200_000].map(span), ['0 s', '12 s', '3 min', '2 h']);
});

test('a small difference between clocks is no skew', () => {
  assert.equal(skewOf(1_000_000, 1_001_900), 0);
  assert.equal(skewOf(1_000_000, 1_720_500), 720_000);
  assert.equal(skewOf(1_000_000, 1_002_500), 2_000);
  assert.equal(skewOf(1_000_000, 998_500), -2_000);
  assert.equal(skewOf(null, 1_720_500), 0);
});

test('a poll that was closed early has no countdown', () => {
  assert.equal(untilNextPhase(pollView({ closesAt: 100 }), 'closed', 40), null);
  assert.equal(untilNextPhase(pollView({ closesAt: 100 }), 'archived', 40), null);
});

test('a time of another day is told with its day', () => {
  const now = new Date(2026, 10, 21, 8, 0).getTime();

  assert.equal(clockTime(new Date(2026, 10, 21, 0, 5).getTime(), now), '00:05');
  assert.equal(clockTime(new Date(2026, 10, 20, 20, 15).getTime(), now), '20:15 on Fri, Nov 20');
});

test('a span is in seconds up to 100 s, in minutes up to 90 min, then in hours', () => {
  assert.deepEqual([99_000, 100_000, 5_399_000, 5_400_000, -5].map(span), ['99 s', '2 min', '90 min', '2 h', '0 s']);
});

test('a clock that is fast is told by how much, one that is slow as a minus', () => {
  assert.deepEqual([1_003_500, 997_500].map((here) => skewOf(1_000_000, here)), [3_000, -3_000]);
});

test('seconds are told on a clock of 24 hours', () => {
  assert.equal(clockSeconds(new Date(2026, 10, 20, 20, 15, 3).getTime()), '20:15:03');
  assert.equal(clockSeconds(new Date(2026, 10, 20, 0, 15, 3).getTime()), '00:15:03');
});
