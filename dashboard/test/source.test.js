import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSource } from '../src/source.js';
import { createStore, named } from './fakeDynamoDb.js';

/** @type {import('../src/config.js').Config} */
const config = {
  region: 'eu-west-1', aggregatesTable: 'Aggregates', identityPoolId: 'eu-west-1:pool', identityId: null,
  poll: 'colors', follow: null, endpoints: {}, lab: false, large: false,
};

const pk = { S: 'open#colors' };

/** @param {...string} keys the row of a poll with these choices */
const pollView = (...keys) => ({
  pk, sk: { S: 'poll' }, question: { S: 'Which?' }, round: { N: '1' }, revision: { N: '9' },
  choices: { L: keys.map((key) => ({ M: { key: { S: key } } })) },
});

/** @param {number} shard @param {Record<string, number>} counts */
const tally = (shard, counts) => ({
  pk, sk: { S: `00001#tally#label#${shard}` }, folded: { N: '7' }, voters: { N: '2' }, watermark: { S: '49590' },
  ...Object.fromEntries(Object.entries(counts).map(([key, votes]) => [`c#${key}`, { N: String(votes) }])),
});

/** @param {ReturnType<typeof createStore>} store */
const sourceOf = (store, chance = { now: () => 0, random: () => 0 }) =>
  createSource(config, store.services(config), chance);

/** @param {import('../src/source.js').Query | undefined} asked @returns {string[]} */
const attributesOf = (asked) =>
  (asked?.ProjectionExpression ?? '').split(', ').map((alias) => asked?.ExpressionAttributeNames?.[alias] ?? '?');

/** @param {Promise<unknown>} reading @returns {Promise<string>} why it failed */
const troubleOf = (reading) => reading.then(() => 'none', ({ trouble }) => trouble);

test('the first request asks for the poll view alone, since only it names the counts', async () => {
  const store = createStore([pollView('RED', 'GREEN'), tally(0, { RED: 3, GREEN: 1 })]);
  const source = sourceOf(store);

  const snapshot = await source.read();
  await source.read();

  assert.deepEqual(snapshot.tallies[0]?.counts, { RED: 3, GREEN: 1 });
  assert.equal(store.asked.length, 3);
  assert.deepEqual(attributesOf(store.asked[0]), ['sk', 'question', 'choices', 'number', 'opens_at', 'closes_at',
    'state', 'state_at', 'round', 'policy', 'visibility', 'percent_from']);
  assert.deepEqual(store.asked[0]?.ExpressionAttributeValues, { ':pk': { S: 'open#colors' }, ':sk': { S: 'poll' } });
});

test('the board is asked for with every count of the poll, and with nothing that guests may not read', async () => {
  const store = createStore([pollView('RED', 'GREEN'), tally(0, { RED: 3 })]);
  await sourceOf(store).read();

  assert.deepEqual(attributesOf(store.asked[1]).slice(12),
    ['voters', 'folded', 'bad', 'as_of', 'ballots', 'certified_at', 'digest', 'merged', 'revision', 'c#RED', 'c#GREEN']);
  assert.deepEqual(store.asked[1]?.ExpressionAttributeValues, { ':pk': { S: 'open#colors' }, ':sk': { S: '00001' } });
  assert.match(store.asked[1]?.KeyConditionExpression ?? '', / = :pk AND #\d+ >= :sk$/);
  assert.equal(store.asked[1]?.Select, 'SPECIFIC_ATTRIBUTES');
  assert.equal(store.asked[1]?.TableName, 'Aggregates');
});

test('every page of a board is read, each from where the one before it ended', async () => {
  const rows = [0, 1, 2, 3, 4].map((shard) => tally(shard, { RED: 1 + shard }));
  const store = createStore([pollView('RED'), ...rows], 2);
  const snapshot = await sourceOf(store).read();

  assert.deepEqual(snapshot.tallies.map(({ counts }) => counts.RED), [1, 2, 3, 4, 5]);
  assert.deepEqual(store.asked.slice(1).map(({ ExclusiveStartKey }) => ExclusiveStartKey?.sk?.S),
    [undefined, '00001#tally#label#0', '00001#tally#label#2']);
});

test('a page may be empty and still have one after it', async () => {
  const store = createStore([pollView('RED'), tally(0, { RED: 4 })]);
  const source = sourceOf(store);
  await source.read();
  store.instead.push({ LastEvaluatedKey: { pk, sk: { S: 'a' } } });

  assert.deepEqual((await source.read()).tallies.map(({ counts }) => counts.RED), [4]);
});

test('of an endless board 20 pages are read', async () => {
  const store = createStore([pollView('RED'), ...Array.from({ length: 60 }, (_, shard) => tally(100 + shard, { RED: 1 }))], 1);
  const snapshot = await sourceOf(store).read();

  assert.equal(store.asked.length, 1 + 20);
  assert.equal(snapshot.tallies.length, 19);
});

test('choices that changed between two reads are asked for at once: no choice is shown with zero votes by mistake', async () => {
  const store = createStore([pollView('RED'), tally(0, { RED: 3, GREEN: 8 })]);
  const source = sourceOf(store);
  await source.read();
  store.items[0] = pollView('RED', 'GREEN');

  const snapshot = await source.read();
  await source.read();

  assert.deepEqual(snapshot.tallies[0]?.counts, { RED: 3, GREEN: 8 });
  assert.equal(store.asked.length, 2 + 2 + 1);
  assert.ok(attributesOf(store.asked[4]).includes('c#GREEN'));
});

test('a choice that was removed is not asked for again, and needs no second request', async () => {
  const store = createStore([pollView('RED', 'GREEN'), tally(0, { RED: 3, GREEN: 8 })]);
  const source = sourceOf(store);
  await source.read();
  store.items[0] = pollView('RED');
  await source.read();
  await source.read();

  assert.equal(store.asked.length, 4);
  assert.equal(attributesOf(store.asked[3]).includes('c#GREEN'), false);
});

test('while the store has no such poll, only the poll is asked for', async () => {
  const store = createStore([]);
  const source = sourceOf(store);
  const snapshot = await source.read();
  store.items.push(pollView('RED'), tally(0, { RED: 2 }));

  assert.deepEqual([snapshot.pollView, snapshot.tallies, snapshot.certified, snapshot.unread], [null, [], [], []]);
  assert.equal((await source.read()).tallies[0]?.counts.RED, 2);
  assert.equal(store.asked.length, 3);
});

test('after the poll view was deleted, the counts are asked for as before', async () => {
  const store = createStore([pollView('RED'), tally(0, { RED: 2 })]);
  const source = sourceOf(store);
  await source.read();
  store.items.shift();
  const snapshot = await source.read();

  assert.deepEqual([snapshot.pollView, snapshot.tallies[0]?.counts], [null, { RED: 2 }]);
  assert.equal(store.asked.length, 3);
});

test('a poll that cannot be read is named', async () => {
  const store = createStore([{ pk, sk: { S: 'poll' }, question: { S: 'Which?' } }]);

  assert.deepEqual((await sourceOf(store).read()).unread, ['poll']);
});

test('a snapshot has the date of the store’s answer', async () => {
  const store = createStore([pollView('RED')]);
  store.now = () => 1_795_000_000_000;

  assert.equal((await sourceOf(store).read()).serverAt, 1_795_000_000_000);
});

for (const [name, trouble] of /** @type {const} */ ([
  ['ResourceNotFoundException', 'table'],
  ['AccessDeniedException', 'denied'],
  ['UnrecognizedClientException', 'denied'],
  ['InvalidSignatureException', 'denied'],
  ['ExpiredTokenException', 'denied'],
  ['ProvisionedThroughputExceededException', 'busy'],
  ['ThrottlingException', 'busy'],
  ['RequestLimitExceeded', 'busy'],
  ['TimeoutError', 'timeout'],
  ['AbortError', 'timeout'],
  ['TypeError', 'network'],
  ['InternalServerError', 'fault'],
])) {
  const isRenewed = trouble === 'denied';
  test(`after ${name} the trouble is “${trouble}”, and the ${isRenewed ? 'next read has other credentials' : 'credentials are kept'}`, async () => {
    const store = createStore([pollView('RED'), tally(0, { RED: 1 })]);
    const source = sourceOf(store);
    store.instead.push(['timeout', 'network'].includes(trouble) ? named(name) : name);

    assert.equal(await troubleOf(source.read()), trouble);
    assert.equal((await source.read()).tallies[0]?.counts.RED, 1);
    assert.equal(store.fetched, isRenewed ? 2 : 1);
  });
}

test('the error names its cause, for whoever looks into the console', async () => {
  const store = createStore([]);
  store.instead.push(named('TypeError'));

  await assert.rejects(sourceOf(store).read(), (/** @type {Error} */ error) => {
    const { name } = /** @type {Error} */ (error.cause);
    return error.name === 'Error' && error.message === 'network' && name === 'TypeError';
  });
});

for (const [what, minutes] of /** @type {const} */ ([['slow', -90], ['fast', 90]])) {
  test(`a device whose clock is ${what} by an hour and a half is admitted at once, and renews its credentials in time`, async () => {
    const store = createStore([pollView('RED'), tally(0, { RED: 1 })]);
    let now = Date.UTC(2026, 10, 21, 20);
    store.now = () => now;
    const device = { now: () => now + minutes * 60_000, random: () => 0 };
    const source = createSource(config, store.services(config, device.now), device);
    const fetched = [];
    for (const passed of [0, 54, 2]) {
      now += passed * 60_000;
      await source.read();
      fetched.push(store.fetched);
    }

    assert.deepEqual(fetched, [1, 1, 2]);
  });
}

test('a device whose clock is set wrong while the page is open is admitted again', async () => {
  const store = createStore([pollView('RED'), tally(0, { RED: 1 })]);
  let aheadMs = 0;
  const source = createSource(config, store.services(config, () => store.now() + aheadMs), { now: () => 0, random: () => 0 });
  await source.read();
  aheadMs = 3_600_000;

  assert.equal(await troubleOf(source.read()), 'denied');
  assert.equal(await troubleOf(source.read()), 'none');
});

test('another poll’s view is read alone, and another poll’s board with its own counts', async () => {
  const other = { S: 'open#talks' };
  const store = createStore([pollView('RED'), { ...pollView('A'), pk: other }, { ...tally(0, { A: 6 }), pk: other }]);
  const source = sourceOf(store);
  await source.read();
  const view = await source.readPollView('talks');
  const asked = store.asked.length;
  const board = await source.read('talks');

  assert.deepEqual([view?.choices[0]?.key, board.tallies[0]?.counts], ['A', { A: 6 }]);
  assert.deepEqual([asked, store.asked[2]?.ExpressionAttributeValues], [3, { ':pk': other, ':sk': { S: 'poll' } }]);
  assert.equal(await source.readPollView('nothing'), null);
});

/** @param {number} round */
const rowOf = (round) => ({ ...tally(0, { RED: round }), sk: { S: `0000${round}#tally#label#0` } });

test('nothing of older rounds is read, and a newer round needs no second request', async () => {
  const store = createStore([rowOf(1), rowOf(2), rowOf(3), { ...pollView('RED'), round: { N: '2' } }]);
  const source = sourceOf(store);
  const before = await source.read();
  store.items[3] = { ...pollView('RED'), round: { N: '3' } };
  const reset = await source.read();
  const after = await source.read();

  assert.deepEqual([before, reset, after].map(({ tallies }) => tallies.map(({ round }) => round)), [[2, 3], [2, 3], [3]]);
  assert.equal(store.asked.length, 4);
});

test('a poll that was replaced begins with an earlier round, which is read at once', async () => {
  const store = createStore([rowOf(1), rowOf(3), { ...pollView('RED'), round: { N: '3' } }]);
  const source = sourceOf(store);
  await source.read();
  store.items[2] = pollView('RED');
  const replaced = await source.read();

  assert.deepEqual(replaced.tallies.map(({ round }) => round), [1, 3]);
  assert.equal(store.asked.length, 4);
});
