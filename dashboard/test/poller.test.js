import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPoller } from '../src/poller.js';

/** A clock, a timer and a source that answer when they are told to. */
function stand(random = () => 1, given = {}) {
  /** @type {{run: () => void, at: number} | null} */
  let timer = null;
  let time = 50_000;
  /** @type {((error?: Error) => void)[]} */
  const open = [];
  const seen = { reads: 0, taken: 0, failed: 0 };
  const poller = createPoller({
    read: () => new Promise((resolve, reject) => {
      seen.reads += 1;
      open.push((error) => (error ? reject(error) : resolve(undefined)));
    }),
    onRead: () => (seen.taken += 1),
    onFailure: () => (seen.failed += 1),
    now: () => time,
    random,
    ...given,
    schedule: (run, ms) => (timer = { run, at: time + ms }),
    cancel: (given) => {
      assert.equal(given, timer);
      assert.notEqual(given, null);
      timer = null;
    },
  });
  return {
    poller,
    seen,
    next: () => (timer === null ? null : timer.at - time),
    /** @param {number} ms */
    pass(ms) {
      time += ms;
      if (timer === null || timer.at > time) return;
      const { run } = timer;
      timer = null;
      run();
    },
    /** @param {Error} [error] */
    async answer(error) {
      open.shift()?.(error);
      await new Promise((done) => setImmediate(done));
    },
  };
}

test('one request at a time, a second from start to start', async () => {
  const { poller, seen, next, pass, answer } = stand();
  poller.start();
  pass(0);
  pass(300);
  assert.deepEqual([seen.reads, next()], [1, null]);

  await answer();

  assert.deepEqual([seen.taken, next()], [1, 700]);
});

test('the wait grows with each failure up to 8 s, and a successful read ends that', async () => {
  const { poller, next, pass, answer } = stand();
  const waits = [];
  poller.start();
  pass(0);
  for (let i = 0; i < 6; i += 1) {
    await answer(new Error('no'));
    waits.push(next());
    pass(next() ?? 0);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 8000, 8000]);

  await answer();

  assert.equal(next(), 1000);
});

test('a wait after a failure is random, from nothing to the longest one', async () => {
  const draws = [0.25, 0, 0.5];
  const { poller, next, pass, answer } = stand(() => draws.shift() ?? 1);
  const waits = [];
  poller.start();
  pass(0);
  for (let i = 0; i < 3; i += 1) {
    await answer(new Error('no'));
    waits.push(next());
    pass(next() ?? 0);
  }

  assert.deepEqual(waits, [250, 0, 2000]);
});

test('the link goes from live to delayed to reconnecting, with the reason', async () => {
  const { poller, pass, answer } = stand();
  poller.start();
  pass(0);
  assert.equal(poller.link().kind, 'connecting');
  await answer();
  assert.equal(poller.link().kind, 'live');
  pass(1000);
  await answer(Object.assign(new Error('no'), { trouble: 'table' }));
  assert.equal(poller.link().kind, 'live');
  pass(2500);
  assert.deepEqual(poller.link(), { kind: 'delayed', ageMs: 3500, trouble: 'table' });
  pass(5000);

  assert.equal(poller.link().kind, 'reconnecting');
});

test('a screen that never got an answer is reconnecting, without an age', async () => {
  const { poller, pass, answer } = stand();
  poller.start();
  pass(0);
  await answer(new Error('no'));
  pass(3000);

  assert.deepEqual(poller.link(), { kind: 'reconnecting', ageMs: null, trouble: 'fault' });
});

test('while paused nothing is read and an answer on its way is dropped; then a read follows at once', async () => {
  const { poller, seen, next, pass, answer } = stand();
  poller.start();
  pass(0);
  poller.pause(true);
  await answer();
  assert.deepEqual([seen.taken, next(), poller.link().kind], [0, null, 'paused']);

  poller.pause(false);

  assert.equal(next(), 0);
});

test('nothing is read while the tab is hidden', async () => {
  const { poller, seen, next, pass, answer } = stand();
  poller.start();
  pass(0);
  await answer();
  poller.rest(true);
  assert.equal(next(), null);
  pass(60_000);
  assert.equal(seen.reads, 1);

  poller.rest(false);

  assert.equal(next(), 0);
});

test('a second start during a read sends no second request', async () => {
  const { poller, seen, pass } = stand();
  poller.start();
  pass(0);
  poller.start();
  pass(0);

  assert.equal(seen.reads, 1);
});

test('after a successful read there is no reason of a delay', async () => {
  const { poller, pass, answer } = stand();
  poller.start();
  pass(0);
  await answer(Object.assign(new Error('no'), { trouble: 'busy' }));
  assert.equal(poller.link().trouble, 'busy');
  pass(1000);
  await answer();

  assert.equal(poller.link().trouble, null);
});

test('an answer that took longer than a second is followed by the next request at once', async () => {
  const { poller, next, pass, answer } = stand();
  poller.start();
  pass(0);
  pass(1700);
  await answer();

  assert.equal(next(), 0);
});

test('a screen is connecting until 3 s have passed and a read has failed', async () => {
  const { poller, pass, answer } = stand();
  poller.start();
  pass(0);
  pass(60_000);
  assert.equal(poller.link().kind, 'connecting');

  const failing = stand();
  failing.poller.start();
  failing.pass(0);
  await failing.answer(new Error('no'));
  failing.pass(2_999);
  assert.equal(failing.poller.link().kind, 'connecting');
  failing.pass(1);
  assert.equal(failing.poller.link().kind, 'reconnecting');

  await answer();
  assert.equal(poller.link().kind, 'live');
});

test('a link is delayed from 3 s on, and reconnecting from 8 s on', async () => {
  const { poller, pass, answer } = stand();
  poller.start();
  pass(0);
  await answer();
  const kinds = [2_999, 1, 4_999, 1].map((ms) => {
    pass(ms);
    return poller.link().kind;
  });

  assert.deepEqual(kinds, ['live', 'delayed', 'delayed', 'reconnecting']);
});

test('a pause or a rest that ends while a read is under way waits for that read', async () => {
  for (const stop of /** @type {const} */ (['pause', 'rest'])) {
    const { poller, seen, next, pass, answer } = stand();
    poller.start();
    pass(0);
    poller[stop](true);
    poller[stop](false);
    assert.equal(next(), null);
    await answer();

    assert.deepEqual([seen.reads, seen.taken, next()], [1, 1, 1000]);
  }
});

test('the age of the link is that of what was read, not of the answer', async () => {
  let age = 1500;
  const { poller, pass, answer } = stand(undefined, { ageOf: () => age, delayedMs: 5000 });
  poller.start();
  pass(0);
  await answer();
  assert.deepEqual([poller.link().kind, poller.link().ageMs], ['live', 1500]);
  age = 6000; // a cache that is behind does not make what is on the screen older
  pass(1000);
  await answer();
  assert.deepEqual([poller.link().kind, poller.link().ageMs], ['live', 2500]);
});

test('answers that come from a stale cache do not keep a link live', async () => {
  let age = 0;
  const { poller, pass, answer } = stand(undefined, { ageOf: () => age, delayedMs: 5000 });
  poller.start();
  pass(0);
  await answer();
  const kinds = [];
  for (let second = 1; second <= 9; second += 1) {
    age = second * 1000;
    pass(1000);
    await answer();
    kinds.push(poller.link().kind);
  }

  assert.deepEqual(kinds, ['live', 'live', 'live', 'live', 'delayed', 'delayed', 'delayed', 'reconnecting', 'reconnecting']);
});
