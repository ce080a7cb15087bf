/**
 * 5,000 screens whose network returns at the same moment, in virtual time: the real poller, the
 * real source and the real credentials, over a network, a Cognito and a board that are made up.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPoller } from '../src/poller.js';
import { createSource } from '../src/source.js';
import { named } from './fakeDynamoDb.js';

const SCREENS = 5_000;
const CALLS_PER_SECOND = 200; // of GetCredentialsForIdentity: Amazon Cognito, "Quotas in Amazon Cognito"
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** @type {import('../src/config.js').Config} */
const config = {
  region: 'eu-west-1', aggregatesTable: 'Aggregates', identityPoolId: 'pool', identityId: 'shared',
  poll: 'colors', follow: null, endpoints: {}, lab: false, large: false,
};

/** @param {number} seed @returns {() => number} from 0 to 1; the same ones for the same seed */
const draws = (seed) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

/** A clock and a queue of what is due. */
function virtualTime() {
  /** @type {Map<number, (() => void)[]>} by ms */
  const due = new Map();
  const time = {
    now: 0,
    /** @param {() => void} run @param {number} ms */
    schedule(run, ms) {
      const at = time.now + Math.ceil(ms);
      due.set(at, [...(due.get(at) ?? []), run]);
      return null;
    },
    /** Nothing happens for so long. @param {number} ms */
    sleep(ms) {
      const moved = [...due].map(([at, runs]) => /** @type {const} */ ([at + ms, runs]));
      due.clear();
      for (const [at, runs] of moved) due.set(at, runs);
      time.now += ms;
    },
    /** @param {number} until ms */
    async run(until) {
      for (; time.now < until; time.now += 1) {
        for (let runs = due.get(time.now); runs; runs = due.get(time.now)) {
          due.delete(time.now);
          for (const run of runs) run();
          await new Promise((done) => setImmediate(done));
        }
      }
    },
  };
  return time;
}

/**
 * The screens after an outage: the most calls that Cognito got in a second from its end on, all
 * of them, and when the last screen had read again. All screens are opened within two seconds and
 * sleep before the outage, which saves the test their reads.
 * @param {{asleepMs?: number, outageMs: number, refused?: boolean}} event
 */
async function afterOutage({ asleepMs = 0, outageMs, refused = false }) {
  const time = virtualTime();
  const random = draws(7);
  const openedMs = 2 * SECOND;
  const cutAt = openedMs + SECOND + asleepMs;
  const backAt = cutAt + outageMs;
  /** @type {Map<number, number>} calls by second from the end of the outage on */
  const calls = new Map();
  const recovered = new Set();
  let recoveredAfterMs = 0;
  const isCut = () => time.now >= cutAt && time.now < backAt;

  for (let screen = 0; screen < SCREENS; screen += 1) {
    let issuedAt = 0;
    const fetchCredentials = async () => {
      if (isCut()) throw named('TypeError');
      const second = Math.floor((time.now - backAt) / SECOND);
      const count = (calls.get(second) ?? 0) + 1;
      calls.set(second, count);
      if (second >= 0 && count > CALLS_PER_SECOND) throw named('TooManyRequestsException');
      issuedAt = time.now;
      return { accessKeyId: 'id', secretAccessKey: 'key', expiration: new Date(time.now + HOUR) };
    };
    const source = createSource(config, {
      fetchCredentials,
      async query() {
        if (isCut()) throw named('TypeError');
        if (refused && time.now >= backAt && issuedAt < backAt) throw named('AccessDeniedException');
        return { Items: [] };
      },
    }, { now: () => time.now, random });
    const poller = createPoller({
      read: source.read,
      onRead() {
        if (time.now < backAt || recovered.has(screen)) return;
        recovered.add(screen);
        recoveredAfterMs = time.now - backAt;
      },
      onFailure: () => {},
      now: () => time.now,
      schedule: time.schedule,
      cancel: () => {},
      random,
    });
    time.schedule(() => poller.start(), random() * openedMs);
  }
  await time.run(openedMs + SECOND);
  time.sleep(asleepMs);
  for (let until = backAt; recovered.size < SCREENS && until <= backAt + 180 * SECOND; until += SECOND) {
    await time.run(until);
  }
  const after = [...calls].filter(([second]) => second >= 0).map(([, count]) => count);
  const total = after.reduce((sum, count) => sum + count, 0);
  return { most: Math.max(0, ...after), total, recovered: recovered.size, recoveredAfterMs };
}

test('when the network returns for all after a minute, nobody fetches credentials and all read within 8 s', async () => {
  const { most, recovered, recoveredAfterMs } = await afterOutage({ outageMs: 60 * SECOND });

  assert.equal(most, 0);
  assert.equal(recovered, SCREENS);
  assert.ok(recoveredAfterMs <= 8 * SECOND, `${recoveredAfterMs} ms`);
});

test('after minutes without a network the calls for credentials stay under Cognito’s quota', async () => {
  const { most, total, recovered, recoveredAfterMs } = await afterOutage({ asleepMs: 400 * SECOND, outageMs: 90 * SECOND });

  assert.ok(total > 0 && total < SCREENS / 4, `${total} calls`);
  assert.ok(most < CALLS_PER_SECOND, `${most} calls in one second`);
  assert.equal(recovered, SCREENS);
  assert.ok(recoveredAfterMs <= 8 * SECOND, `${recoveredAfterMs} ms`);
});

test('where all credentials have expired meanwhile, the calls stay under the quota and all read within 100 s', async () => {
  const { most, recovered, recoveredAfterMs } = await afterOutage({ asleepMs: HOUR, outageMs: 120 * SECOND });

  assert.ok(most > 0 && most < CALLS_PER_SECOND, `${most} calls in one second`);
  assert.equal(recovered, SCREENS);
  assert.ok(recoveredAfterMs <= 100 * SECOND, `${recoveredAfterMs} ms`);
});

test('where all credentials are refused at once, the calls stay under the quota and all read within a minute', async () => {
  const { most, recovered, recoveredAfterMs } = await afterOutage({ outageMs: SECOND, refused: true });

  assert.ok(most > 0 && most < CALLS_PER_SECOND, `${most} calls in one second`);
  assert.equal(recovered, SCREENS);
  assert.ok(recoveredAfterMs <= 60 * SECOND, `${recoveredAfterMs} ms`);
});
