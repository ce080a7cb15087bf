import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { clientOf, createSource as createSourceWith, guestOf } from '../src/source.js';

const DATE = 'Sat, 21 Nov 2026 20:15:03 GMT';
const CREDENTIALS = { AccessKeyId: 'AKIDGUEST', SecretKey: 'secret', SessionToken: 'session', Expiration: 4_000_000_000 };

/** Without waits. @param {import('../src/config.js').Config} config */
const createSource = (config) => createSourceWith(config, clientOf, { now: Date.now, random: () => 0 });

/** @typedef {{status?: number, body?: object}} Said */

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
    const { status = 200, body = well[call] } = says[call] ?? {};
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0', Date: DATE });
    response.end(JSON.stringify(body));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(null)));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const endpoint = `http://127.0.0.1:${port}`;
  /** @type {import('../src/config.js').Config} */
  const config = {
    region: 'eu-west-1', aggregatesTable: 'Aggregates', identityPoolId: `eu-west-1:pool-${port}`, identityId: null,
    poll: 'colors', endpoints: { dynamodb: endpoint, cognitoIdentity: endpoint }, lab: false,
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

for (const [name, trouble] of /** @type {const} */ ([['TypeError', 'network'], ['TimeoutError', 'timeout'], ['TooManyRequestsException', 'credentials']])) {
  test(`when the pool answers with ${name}, the trouble is “${trouble}”`, async (t) => {
    const { config } = await aws(t, { GetId: { status: 400, body: { __type: name, message: 'no' } } });

    assert.equal(await troubleOf(createSource(config).read()), trouble);
  });
}

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

test('a request times out after 4 s', async (t) => {
  const { config } = await aws(t);
  const client = clientOf(config, () => {}, guestOf(config));
  await client.send(new QueryCommand({ TableName: 'Aggregates' }));
  const handler = /** @type {{httpHandlerConfigs: () => {requestTimeout?: number}}} */ (/** @type {unknown} */ (client.config.requestHandler));

  assert.equal(handler.httpHandlerConfigs().requestTimeout, 4000);
});

test('an answer that refuses has a date, too', async (t) => {
  const { config } = await aws(t, { Query: { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } } });
  /** @type {(number | null)[]} */
  const dates = [];
  await assert.rejects(clientOf(config, (at) => dates.push(at), guestOf(config)).send(new QueryCommand({ TableName: 'Aggregates' })));

  assert.deepEqual(dates, [Date.UTC(2026, 10, 21, 20, 15, 3)]);
});
