import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, checkConfig, loadConfig, readOptions } from '../src/config.js';

const good = { region: 'eu-west-1', aggregatesTable: 'T', identityPoolId: 'eu-west-1:x', poll: 'colors' };

test('a complete configuration is read, and the address may name another poll', () => {
  assert.equal(checkConfig(good, { poll: null }).poll, 'colors');
  assert.equal(checkConfig(good, { poll: 'talks-2026' }).poll, 'talks-2026');
  assert.equal(checkConfig({ ...good, identityId: 'eu-west-1:y' }, { poll: null }).identityId, 'eu-west-1:y');
});

test('an error names the key and the value, and says what to do', () => {
  assert.throws(() => checkConfig({ ...good, region: 7 }, { poll: null }), /region is 7, not a text. Deploy again/);
  assert.throws(() => checkConfig({ ...good, endpoints: { dynamodb: 'here' } }, { poll: null }), /endpoints.dynamodb is "here"/);
  assert.throws(() => checkConfig(good, { poll: '<img>' }), /The address: poll is “<img>”/);
});

test('the address of the page sets poll, theme and stage', () => {
  const plain = { poll: null, number: null, theme: null, stage: false, overlay: false, lab: false };
  assert.deepEqual(readOptions('?poll=x&theme=light&stage=1'), { ...plain, poll: 'x', theme: 'light', stage: true });
  assert.deepEqual(readOptions('?theme=dark'), { ...plain, theme: 'dark' });
  assert.deepEqual(readOptions('?theme=pink&stage=0'), plain);
  assert.deepEqual(readOptions(''), plain);
});

test('the number in the address may have its plus as it is, as an address writes it, or not', () => {
  const asked = ['?number=+15550100199', '?number=%2B15550100199', '?number=15550100199', ''].map((search) => readOptions(search).number);

  assert.deepEqual(asked, ['+15550100199', '+15550100199', '+15550100199', null]);
});

test('at /lab the page shows the poll of the lab, or that there is no lab', () => {
  const there = { ...good, lab: { poll: 'lab' } };
  const asked = readOptions('', '/lab');
  assert.equal(asked.lab, true);
  assert.equal(checkConfig(there, asked).poll, 'lab');
  assert.equal(checkConfig(there, { poll: null }).poll, 'colors');
  assert.equal(checkConfig(there, { poll: null }).lab, false);
  assert.throws(() => checkConfig(good, asked), /There is no lab here: .*make demo/);
});

test('the stage is asked for by 1, by true, or by its bare name', () => {
  const asked = ['?stage=1', '?stage=true', '?stage', '?stage=0', '?stage=no', ''].map((search) => readOptions(search).stage);

  assert.deepEqual(asked, [true, true, true, false, false, false]);
});

test('an overlay is asked for as the stage is', () => {
  const asked = ['?overlay', '?overlay=1', '?overlay=0', '?stage'].map((search) => readOptions(search).overlay);

  assert.deepEqual(asked, [true, true, false, false]);
});

test('instead of one poll the address may ask for the current one of all polls of the deploy', () => {
  const all = { ...good, polls: ['colors', 'talks'] };

  assert.deepEqual(checkConfig(all, readOptions('?poll=current')).follow, ['colors', 'talks']);
  assert.equal(checkConfig(all, readOptions('?poll=current')).poll, 'colors');
  assert.equal(checkConfig(all, readOptions('?poll=talks')).follow, null);
  assert.equal(checkConfig(all, readOptions('')).follow, null);
});

for (const polls of [undefined, [], 'colors', ['colors', 7], ['Colors!']]) {
  test(`no poll is followed where the polls of the deploy are ${JSON.stringify(polls)}`, () => {
    assert.throws(() => checkConfig({ ...good, polls }, readOptions('?poll=current')),
      { message: `config.json: polls is ${JSON.stringify(polls)}, not a list of polls. Deploy again: the deploy writes config.json.` });
  });
}

test('the lab is where the path ends with it, in whatever folder the page lies', () => {
  const asked = ['/lab', '/votes/lab', '/lab/more', '/', '/labs'].map((path) => readOptions('', path).lab);

  assert.deepEqual(asked, [true, true, false, false, false]);
});

for (const raw of ['colors', 7, null, undefined, []]) {
  test(`a configuration that is ${JSON.stringify(raw)} is no object`, () => {
    assert.throws(() => checkConfig(raw, { poll: 'colors' }),
      { name: 'ConfigError', message: 'config.json is not an object. Deploy again: the deploy writes config.json.' });
  });
}

for (const key of ['region', 'aggregatesTable', 'identityPoolId', 'poll']) {
  test(`without ${key}, or with an empty one, nothing can be shown`, () => {
    assert.throws(() => checkConfig({ ...good, [key]: '' }, { poll: null }),
      { message: `config.json: ${key} is "", not a text. Deploy again: the deploy writes config.json.` });
    assert.throws(() => checkConfig({ ...good, [key]: undefined }, { poll: null }), { message: /is undefined, not a text/ });
  });
}

test('the poll’s id is checked as a whole, and the message says who named it', () => {
  for (const poll of ['-colors', 'Colors', 'colors!', 'c'.repeat(25)]) {
    assert.throws(() => checkConfig({ ...good, poll }, { poll: null }),
      { message: `config.json: poll is “${poll}”; a poll’s id is lower case letters, digits, dashes.` });
  }
  assert.throws(() => checkConfig(good, { poll: '!' }), { message: /^The address: poll is “!”;/ });
  assert.equal(checkConfig(good, { poll: 'c'.repeat(24) }).poll, 'c'.repeat(24));
});

test('services that are not those of AWS are named by their addresses', () => {
  const endpoints = { dynamodb: 'http://127.0.0.1:8000', cognitoIdentity: 'http://127.0.0.1:8001' };

  assert.deepEqual(checkConfig({ ...good, endpoints }, { poll: null }).endpoints, endpoints);
  assert.deepEqual(checkConfig(good, { poll: null }).endpoints, {});
});

for (const key of ['dynamodb', 'cognitoIdentity']) {
  test(`an endpoint of ${key} that is no address is refused`, () => {
    for (const value of ['here', 7, ['http://127.0.0.1:8000']]) {
      assert.throws(() => checkConfig({ ...good, endpoints: { [key]: value } }, { poll: null }),
        { message: `config.json: endpoints.${key} is ${JSON.stringify(value)}, not an address. Deploy again: the deploy writes config.json.` });
    }
  });
}

const asked = readOptions('');

/** @param {import('node:test').TestContext} t @param {() => Promise<Response>} answer what the server says */
const serve = (t, answer) => t.mock.method(globalThis, 'fetch', answer).mock;

test('the configuration is fetched from beside the page, and never from a cache alone', async (t) => {
  const server = serve(t, async () => Response.json(good));

  assert.equal((await loadConfig(asked)).poll, 'colors');
  assert.deepEqual(server.calls.map(({ arguments: given }) => given), [['./config.json', { cache: 'no-cache' }]]);
});

test('the options in the address are applied when the configuration is loaded', async (t) => {
  serve(t, async () => Response.json(good));

  assert.equal((await loadConfig(readOptions('?poll=talks'))).poll, 'talks');
});

for (const [what, answer, message] of /** @type {[string, () => Promise<Response>, string][]} */ ([
  ['is not there', async () => new Response('', { status: 404 }), 'config.json: the server answers 404.'],
  ['is not JSON', async () => new Response('<html>'), 'config.json is not JSON. Deploy again: the deploy writes config.json.'],
  ['cannot be fetched', () => Promise.reject(new TypeError('no')), 'config.json cannot be fetched. Deploy again: the deploy writes config.json.'],
])) {
  test(`a configuration that ${what} is said to be so`, async (t) => {
    serve(t, answer);

    await assert.rejects(loadConfig(asked), (error) => error instanceof ConfigError && error.message === message);
  });
}

test('a page without WebCrypto says that it needs https://', async (t) => {
  serve(t, async () => Response.json(good));
  t.mock.getter(globalThis.crypto, 'subtle', () => undefined);

  await assert.rejects(loadConfig(asked), { name: 'ConfigError', message: /^This page was opened without https:\/\/, .* Open it by its https:\/\/ address/ });
});

test('a page of a large audience signs nothing, and needs no WebCrypto', async (t) => {
  serve(t, async () => Response.json({ ...good, audience: 'large' }));
  t.mock.getter(globalThis.crypto, 'subtle', () => undefined);

  assert.equal((await loadConfig(asked)).large, true);
});
