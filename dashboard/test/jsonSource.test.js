import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createJsonSource } from '../src/jsonSource.js';

/** The example of docs/api.md, which a test of the reader makes. */
const example = JSON.parse(readFileSync(new URL('./board.json', import.meta.url), 'utf8'));

/** @param {Response | Error} answer @returns {{source: import('../src/source.js').Source, asked: [string, RequestInit][]}} */
function stand(answer) {
  /** @type {[string, RequestInit][]} */
  const asked = [];
  const source = createJsonSource({ poll: 'colors' }, async (address, request) => {
    asked.push([address, request]);
    if (answer instanceof Error) throw answer;
    return answer.clone();
  });
  return { source, asked };
}

/** @param {object} board @param {Record<string, string>} [headers] */
const of = (board, headers) => stand(Response.json(board, { headers }));

test('a board is read with its poll, its sums and its certificate', async () => {
  const { pollView, tallies, certified, unread } = await of(example).source.read();

  assert.deepEqual(pollView, {
    question: 'Which color should win tonight?',
    choices: [
      { key: 'RED', label: 'Red', word: 'RED', dark: '#ff5d47', light: '#c8371b' },
      { key: 'GREEN', label: 'Green', word: 'GREEN', dark: '#36d6a0', light: '#0b8f63' },
      { key: 'BLUE', label: 'Blue', word: 'BLUE', dark: '#4f9dff', light: '#1b5fc1' },
    ],
    number: '+15550100199', opensAt: null, closesAt: null, state: 'closed', stateAt: 1_800_000_060_000,
    round: 1, policy: 'last', sealed: false, percentFrom: 0,
  });
  assert.deepEqual(tallies, [
    { id: '1', round: 1, counts: { RED: 3, GREEN: 2, BLUE: 1 }, voters: 6, folded: 7, bad: 0, asOf: 1_800_000_000_000, revision: 0, merged: [] },
  ]);
  assert.deepEqual(certified.map(({ round, counts, ballots, voters, at }) => ({ round, counts, ballots, voters, at })), [
    { round: 1, counts: { RED: 3, GREEN: 2, BLUE: 1 }, ballots: 6, voters: 6, at: 1_800_000_180_000 },
  ]);
  assert.deepEqual(unread, []);
});

test('a sealed poll has a view and no sums', async () => {
  const choices = example.choices.map((/** @type {object} */ one) => ({ ...one, votes: null }));
  const sealed = { ...example, choices, sealed: true, votes: null, voters: null, texts: null, version: null, asOf: null, certified: null };
  const { pollView, tallies, certified } = await of(sealed).source.read();

  assert.equal(pollView?.sealed, true);
  assert.deepEqual([tallies, certified], [[], []]);
});

test('rows and texts that could not be read are counted', async () => {
  const { unread, tallies } = await of({ ...example, unreadableRows: 2, unreadableTexts: 3 }).source.read();

  assert.deepEqual([unread, tallies[0]?.bad], [['tally', 'tally'], 3]);
});

for (const [headers, serverAt, ageMs] of /** @type {[Record<string, string>, number | null, number][]} */ ([
  [{ date: 'Thu, 01 Jan 2026 12:00:00 GMT' }, Date.UTC(2026, 0, 1, 12), 300],
  [{ date: 'Thu, 01 Jan 2026 12:00:00 GMT', age: '7' }, Date.UTC(2026, 0, 1, 12, 0, 7), 7300],
  [{}, null, 0],
])) {
  test(`the age of what is read counts from its reading, past every cache: ${JSON.stringify(headers)}`, async () => {
    const snapshot = await of({ ...example, readAt: Date.UTC(2026, 0, 1, 12) + 200 }, headers).source.read();

    assert.deepEqual([snapshot.serverAt, snapshot.ageMs], [serverAt, ageMs]);
  });
}

test('an answer that a rounded date makes younger than its reading has no age', async () => {
  const headers = { date: 'Thu, 01 Jan 2026 12:00:00 GMT' };

  assert.equal((await of({ ...example, readAt: Date.UTC(2026, 0, 1, 12) + 900 }, headers).source.read()).ageMs, 0);
});

test('the browser keeps no answer, and waits five seconds for one', async () => {
  const { source, asked } = of(example);
  await source.read('songs');
  const [[address, { cache, signal }]] = /** @type {[[string, RequestInit]]} */ (asked);

  assert.equal(address, './boards/songs.json');
  assert.equal(cache, 'no-store');
  assert.ok(signal);
});

test('without a poll of that name there is no view, and no error', async () => {
  const { source } = stand(Response.json({ v: 1, error: 'unknown' }, { status: 404 }));

  assert.deepEqual(await source.read(), { pollView: null, tallies: [], certified: [], unread: [], serverAt: null, ageMs: 0 });
  assert.equal(await source.readPollView('songs'), null);
});

for (const [what, answer, trouble] of /** @type {[string, Response | Error, string][]} */ ([
  ['a throttled table', Response.json({ v: 1, error: 'busy' }, { status: 503 }), 'busy'],
  ['a missing grant', Response.json({ v: 1, error: 'denied' }, { status: 500 }), 'denied'],
  ['a missing table', Response.json({ v: 1, error: 'table' }, { status: 500 }), 'table'],
  ['a throttled reader', new Response('{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}', { status: 429 }), 'busy'],
  ['a refused distribution', new Response('{"Message":"Forbidden"}', { status: 403 }), 'denied'],
  ['a reader that failed', new Response('Internal Server Error', { status: 502 }), 'fault'],
  ['an error of another name', Response.json({ error: 'toString' }, { status: 500 }), 'fault'],
  ['an answer that is no JSON', new Response('<html>'), 'fault'],
  ['an answer of a later version', Response.json({ ...example, v: 2 }), 'fault'],
  ['no network', new TypeError('Failed to fetch'), 'network'],
  ['no answer in time', new DOMException('', 'TimeoutError'), 'timeout'],
])) {
  test(`${what} is told apart: ${trouble}`, async () => {
    const { source } = stand(answer);

    await assert.rejects(source.read(), { trouble });
    await assert.rejects(source.readPollView('colors'), { trouble });
  });
}

for (const [answer, message] of /** @type {[Response, string][]} */ ([
  [new Response('', { status: 502 }), 'status 502'],
  [Response.json({ ...example, v: 2 }), 'version 2'],
])) {
  test(`the console says why: ${message}`, async () => {
    const error = await stand(answer).source.read().catch((/** @type {Error} */ thrown) => thrown);

    assert.match(String(/** @type {{cause: {cause: Error}}} */ (error).cause.cause.message), new RegExp(message));
  });
}

test('boards are fetched beside the page', async (t) => {
  const fetched = t.mock.method(globalThis, 'fetch', async () => Response.json(example));

  assert.equal((await createJsonSource({ poll: 'colors' }).readPollView('songs'))?.round, 1);
  assert.equal(fetched.mock.calls[0]?.arguments[0], './boards/songs.json');
});
