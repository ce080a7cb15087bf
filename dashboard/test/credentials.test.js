import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCredentials } from '../src/credentials.js';

const MINUTE = 60_000;
const NOON = 1_795_000_000_000;

/** Credentials for an hour, a clock, and a fetch that fails when it is told to. */
function guest(random = () => 0) {
  const seen = { now: NOON, fetched: 0, failure: /** @type {Error | null} */ (null) };
  const credentials = createCredentials(async () => {
    seen.fetched += 1;
    if (seen.failure) throw seen.failure;
    return { key: seen.fetched, expiration: new Date(seen.now + 60 * MINUTE) };
  }, { now: () => seen.now, random });
  return {
    credentials,
    seen,
    /** @param {number} minutes */
    pass: (minutes) => (seen.now += minutes * MINUTE),
    key: async () => (await credentials.get()).key,
  };
}

test('credentials are fetched once, and others before they expire', async () => {
  const { seen, pass, key } = guest();
  const keys = [await key(), await key()];
  pass(54.9);
  keys.push(await key());
  pass(0.2);
  keys.push(await key());

  assert.deepEqual(keys, [1, 1, 1, 2]);
  assert.equal(seen.fetched, 2);
});

test('screens that were opened at once fetch others within twenty minutes', async () => {
  const early = guest(() => 1);
  await early.key();
  early.pass(34.9);
  await early.key();
  assert.equal(early.seen.fetched, 1);
  early.pass(0.2);
  await early.key();

  assert.equal(early.seen.fetched, 2);
});

test('while others cannot be fetched, those that are held are used until they expire', async () => {
  const { seen, pass, key } = guest();
  await key();
  seen.failure = new Error('busy');
  pass(56);
  assert.equal(await key(), 1);
  pass(4);

  await assert.rejects(key(), /busy/);
});

test('after a refusal others are fetched, at a random time within 40 s', async () => {
  const { credentials, seen, pass, key } = guest(() => 0.5);
  await key();
  credentials.refuse(new Error('denied'));
  await assert.rejects(key(), /denied/);
  pass(19.9 / 60);
  await assert.rejects(key(), /denied/);
  assert.equal(seen.fetched, 1);
  pass(0.2 / 60);

  assert.equal(await key(), 2);
});

test('after a failed fetch the next one waits, longer each time, up to 90 s', async () => {
  const { seen, pass, key } = guest(() => 1);
  seen.failure = new Error('busy');
  const waits = [];
  for (let i = 0; i < 8; i += 1) {
    await assert.rejects(key(), /busy/);
    const fetched = seen.fetched;
    let seconds = 0;
    while (seen.fetched === fetched) {
      seconds += 1;
      pass(1 / 60);
      await key().catch(() => {});
    }
    waits.push(seconds);
  }

  assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 90, 90]);
});

test('lost reads cost no call until there are ten in a row and the credentials are five minutes old', async () => {
  const { credentials, seen, pass, key } = guest();
  /** @param {number} reads */
  const lose = async (reads) => {
    for (let i = 0; i < reads; i += 1) {
      await key();
      credentials.lose();
    }
    await key();
  };
  await lose(50);
  assert.equal(seen.fetched, 1);
  pass(5);
  credentials.succeed();
  await lose(9);
  assert.equal(seen.fetched, 1);
  await lose(1);

  assert.equal(seen.fetched, 2);
});

test('a suspicion costs one call, and what is held stays if there is no answer to it', async () => {
  const { credentials, seen, pass, key } = guest();
  await key();
  pass(10);
  seen.failure = new Error('network');
  for (let i = 0; i < 10; i += 1) credentials.lose();
  const keys = [await key(), await key(), await key()];

  assert.deepEqual(keys, [1, 1, 1]);
  assert.equal(seen.fetched, 2);
});

test('a read with an answer ends the count of lost ones', async () => {
  const { credentials, seen, pass, key } = guest();
  await key();
  pass(10);
  for (let i = 0; i < 20; i += 1) {
    credentials.lose();
    if (i % 5 === 0) credentials.succeed();
    await key();
  }

  assert.equal(seen.fetched, 1);
});
