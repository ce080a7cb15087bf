import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createSource as createSourceWith, servicesOf } from '../src/source.js';

const DATE = 'Sat, 21 Nov 2026 20:15:03 GMT';
const CREDENTIALS = { AccessKeyId: 'AKIDGUEST', SecretKey: 'secret', SessionToken: 'session', Expiration: 4_000_000_000 };

/** Without waits. @param {import('../src/config.js').Config} config */
const createSource = (config) => createSourceWith(config, servicesOf(config), { now: Date.now, random: () => 0 });

/** @typedef {{status?: number, body?: object | string, headers?: Record<string, string>, cut?: 'before' | 'amid'}} Said */

/**
 * Cognito and DynamoDB on a port of this machine. `says` has what each call is answered, by its
 * name: without an entry, as AWS answers when all is well.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, Said>} [says]
 */
async function aws(t, says = {}) {
  /** @type {{call: string, body: any, authorization: string, token: string | undefined}[]} */
  const asked = [];
  /** @type {Record<string, object>} */
  const well = {
    GetId: { IdentityId: 'eu-west-1:guest' },
    GetCredentialsForIdentity: { IdentityId: 'eu-west-1:guest', Credentials: CREDENTIALS },
    Query: { Items: [], Count: 0, ScannedCount: 0 },
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const call = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    asked.push({
      call,
      body: JSON.parse(text),
      authorization: request.headers.authorization ?? '',
      token: request.headers['x-amz-security-token']?.toString(),
    });
    const { status = 200, body = well[call], headers, cut } = says[call] ?? {};
    if (cut === 'before') return void request.socket.destroy();
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0', Date: DATE, ...headers });
    if (cut === 'amid') return void response.write('{"Items": [', () => request.socket.destroy());
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(null)));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const endpoint = `http://127.0.0.1:${port}`;
  /** @type {import('../src/config.js').Config} */
  const config = {
    region: 'eu-west-1', aggregatesTable: 'Aggregates', identityPoolId: `eu-west-1:pool-${port}`, identityId: null,
    poll: 'colors', follow: null, endpoints: { dynamodb: endpoint, cognitoIdentity: endpoint }, lab: false, large: false,
  };
  return { config, asked, says };
}

/** @param {Promise<unknown>} reading @returns {Promise<string>} why it failed */
const troubleOf = (reading) => reading.then(() => 'none', ({ trouble }) => trouble);

test('a visitor without an identity gets one from the pool, then credentials, and signs with them', async (t) => {
  const { config, asked } = await aws(t);
  await createSource(config).read();

  assert.deepEqual(asked.map(({ call }) => call), ['GetId', 'GetCredentialsForIdentity', 'Query']);
  assert.equal(asked[0]?.body.IdentityPoolId, config.identityPoolId);
  assert.match(asked[2]?.authorization ?? '', /Credential=AKIDGUEST\/\d+\/eu-west-1\/dynamodb\//);
  assert.equal(asked[2]?.token, 'session');
});

test('with the shared identity of the deploy one request fewer is sent', async (t) => {
  const { config, asked } = await aws(t);
  await createSource({ ...config, identityId: 'eu-west-1:shared' }).read();

  assert.deepEqual(asked.map(({ call }) => call), ['GetCredentialsForIdentity', 'Query']);
  assert.equal(asked[0]?.body.IdentityId, 'eu-west-1:shared');
});

test('credentials are fetched once, and anew after they are refused', async (t) => {
  const { config, asked, says } = await aws(t);
  const source = createSource({ ...config, identityId: 'eu-west-1:shared' });
  await source.read();
  await source.read();
  says.Query = { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'no' } };
  assert.equal(await troubleOf(source.read()), 'denied');
  delete says.Query;
  await source.read();

  assert.deepEqual(asked.map(({ call }) => call),
    ['GetCredentialsForIdentity', 'Query', 'Query', 'Query', 'GetCredentialsForIdentity', 'Query']);
});

test('a pool that refuses is distinguished from a table that refuses, and asked again', async (t) => {
  const { config, asked, says } = await aws(t);
  says.GetId = { status: 400, body: { __type: 'NotAuthorizedException', message: 'no' } };
  const source = createSource(config);

  assert.equal(await troubleOf(source.read()), 'credentials');
  delete says.GetId;
  assert.equal(await troubleOf(source.read()), 'none');
  assert.deepEqual(asked.map(({ call }) => call), ['GetId', 'GetId', 'GetCredentialsForIdentity', 'Query']);
});

test('a pool that has too much to do is out of credentials', async (t) => {
  const { config } = await aws(t, { GetId: { status: 400, body: { __type: 'TooManyRequestsException', message: 'no' } } });

  assert.equal(await troubleOf(createSource(config).read()), 'credentials');
});

for (const call of ['GetId', 'GetCredentialsForIdentity', 'Query']) {
  for (const cut of /** @type {const} */ (['before', 'amid'])) {
    test(`a ${call} whose connection is cut ${cut} the answer is trouble of the network`, async (t) => {
      const { config, asked } = await aws(t, { [call]: { cut } });

      assert.equal(await troubleOf(createSource(config).read()), 'network');
      assert.equal(asked.filter((one) => one.call === call).length, 1);
    });
  }

  test(`a ${call} may take 4 s`, async (t) => {
    const { config } = await aws(t);
    /** @type {number[]} */
    const limits = [];
    const isLate = () => limits.length === ['GetId', 'GetCredentialsForIdentity', 'Query'].indexOf(call) + 1;
    t.mock.method(AbortSignal, 'timeout', (/** @type {number} */ ms) => {
      limits.push(ms);
      return isLate() ? AbortSignal.abort(new DOMException('late', 'TimeoutError')) : new AbortController().signal;
    });

    assert.equal(await troubleOf(createSource(config).read()), 'timeout');
    assert.deepEqual([...new Set(limits)], [4000]);
  });
}

test('a refusal is named by its header, too, whatever surrounds the name', async (t) => {
  const { config } = await aws(t, {
    Query: { status: 400, body: '', headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' } },
  });

  assert.equal(await troubleOf(createSource(config).read()), 'busy');
});

test('an answer that is not AWS’s, as of a hotel’s network, is a fault', async (t) => {
  const { config, says } = await aws(t, { Query: { body: '<html>' } });
  const source = createSource(config);

  assert.equal(await troubleOf(source.read()), 'fault');
  says.Query = { status: 503, body: '<html>' };
  assert.equal(await troubleOf(source.read()), 'fault');
});

test('credentials without an expiry are kept', async (t) => {
  const { Expiration, ...endless } = CREDENTIALS;
  const { config, asked } = await aws(t, { GetCredentialsForIdentity: { body: { Credentials: endless } } });
  const source = createSource(config);
  await source.read();
  await source.read();

  assert.equal(Expiration > 0 && asked.filter(({ call }) => call === 'GetCredentialsForIdentity').length, 1);
});

test('an identity that is gone is replaced by another one', async (t) => {
  const { config, asked, says } = await aws(t);
  says.GetCredentialsForIdentity = { status: 400, body: { __type: 'ResourceNotFoundException', message: 'gone' } };
  const source = createSource(config);

  assert.equal(await troubleOf(source.read()), 'credentials');
  delete says.GetCredentialsForIdentity;
  await source.read();
  assert.deepEqual(asked.map(({ call }) => call),
    ['GetId', 'GetCredentialsForIdentity', 'GetId', 'GetCredentialsForIdentity', 'Query']);
});

test('an identity is kept through trouble of the network', async (t) => {
  const { config, asked, says } = await aws(t, { GetCredentialsForIdentity: { cut: 'before' } });
  const source = createSource(config);
  await troubleOf(source.read());
  delete says.GetCredentialsForIdentity;
  await source.read();

  assert.deepEqual(asked.map(({ call }) => call), ['GetId', 'GetCredentialsForIdentity', 'GetCredentialsForIdentity', 'Query']);
});

test('a request that fails is not sent again by the client: the poller does that, at its own pace', async (t) => {
  const { config, asked } = await aws(t, { Query: { status: 500, body: { __type: 'InternalServerError' } } });

  assert.equal(await troubleOf(createSource(config).read()), 'fault');
  assert.equal(asked.filter(({ call }) => call === 'Query').length, 1);
});

test('a request for credentials that fails is not sent again by the client', async (t) => {
  const { config, asked } = await aws(t, { GetId: { status: 500, body: { __type: 'InternalErrorException' } } });

  assert.equal(await troubleOf(createSource(config).read()), 'credentials');
  assert.equal(asked.length, 1);
});

test('a snapshot has the date of the store’s answer', async (t) => {
  const { config } = await aws(t);
  const { serverAt } = await createSource(config).read();

  assert.equal(serverAt, Date.UTC(2026, 10, 21, 20, 15, 3));
});

test('an answer that refuses has a date, too', async (t) => {
  const { config } = await aws(t, { Query: { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } } });
  /** @type {(number | null)[]} */
  const dates = [];
  const { query } = servicesOf(config);
  const asked = {
    TableName: 'Aggregates', KeyConditionExpression: '', ExpressionAttributeNames: {}, ExpressionAttributeValues: {},
    ProjectionExpression: '', Select: '',
  };
  await assert.rejects(query({ accessKeyId: 'AKID', secretAccessKey: 'secret' }, asked, (at) => dates.push(at)));

  assert.deepEqual(dates, [Date.UTC(2026, 10, 21, 20, 15, 3)]);
});

test('requests are dated by the clock of AWS', async (t) => {
  const { config, asked } = await aws(t);
  await createSource(config).read();

  assert.match(asked[2]?.authorization ?? '', /Credential=AKIDGUEST\/20261121\//);
});
