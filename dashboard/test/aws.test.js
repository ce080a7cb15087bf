import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAws, endpointOf } from '../src/aws.js';
import { refusal } from './fakeSignature.js';

const NOON = Date.UTC(2026, 10, 21, 12);
const KEYS = new Map([['AKID', { secret: 'secret', token: 'token' }]]);
const SERVICE = { keys: KEYS, region: 'eu-west-1', now: NOON };

/** What a request to `https://store.test:8443` is like. */
async function sent(identity = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' }) {
  /** @type {Parameters<import('../src/aws.js').Fetch>[]} */
  const requests = [];
  const aws = createAws(async (...request) => {
    requests.push(request);
    return Response.json({});
  }, () => NOON);
  await aws.call({
    endpoint: 'https://store.test:8443', target: 'DynamoDB_20120810.Query', type: 'application/x-amz-json-1.0',
    input: { Label: 'Grüße, שלום' }, signature: { identity, service: 'dynamodb', region: 'eu-west-1' },
  });
  const [address, request] = /** @type {Parameters<import('../src/aws.js').Fetch>} */ (requests[0]);
  return { address, ...request };
}

test('a signature is what another implementation computes', async () => {
  const { address, ...request } = await sent();

  assert.equal(refusal(`${address}/`, request, SERVICE), null);
});

test('every header but the signature itself is signed, and no other is sent', async () => {
  const { headers } = await sent();

  assert.match(headers.authorization ?? '', /SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,/);
  assert.deepEqual(Object.keys(headers).sort(), ['authorization', 'content-type', 'x-amz-date', 'x-amz-security-token', 'x-amz-target']);
});

test('the check of the tests refuses every request that AWS refuses', async () => {
  const { address, ...request } = await sent();
  const { authorization = '' } = request.headers;
  /** @param {Record<string, string>} headers */
  const withHeaders = (headers) => refusal(`${address}/`, { ...request, headers: { ...request.headers, ...headers } }, SERVICE);

  assert.equal(refusal(`${address}/`, { ...request, body: '{}' }, SERVICE), 'InvalidSignatureException');
  assert.equal(refusal(`${address}/`, request, { ...SERVICE, now: NOON + 301_000 }), 'InvalidSignatureException');
  assert.equal(refusal(`${address}/`, request, { ...SERVICE, region: 'us-east-1' }), 'InvalidSignatureException');
  assert.equal(refusal('https://store.test/', request, SERVICE), 'InvalidSignatureException');
  assert.equal(withHeaders({ 'x-amz-target': 'DynamoDB_20120810.Scan' }), 'InvalidSignatureException');
  assert.equal(withHeaders({ 'x-amz-other': 'unsigned' }), 'InvalidSignatureException');
  assert.equal(withHeaders({ 'x-amz-security-token': 'other' }), 'UnrecognizedClientException');
  assert.equal(withHeaders({ authorization: authorization.replace('AKID', 'OTHER') }), 'UnrecognizedClientException');
  assert.equal(withHeaders({ authorization: '' }), 'MissingAuthenticationTokenException');
  assert.equal(withHeaders({ authorization: 'AWS4-HMAC-SHA256' }), 'IncompleteSignatureException');
});

test('the check of the tests refuses a signature made with another secret', async () => {
  const { address, ...request } = await sent({ accessKeyId: 'AKID', secretAccessKey: 'other', sessionToken: 'token' });

  assert.equal(refusal(`${address}/`, request, SERVICE), 'InvalidSignatureException');
});

test('a region has its endpoint, in China, too', () => {
  assert.equal(endpointOf('dynamodb', 'eu-west-1'), 'https://dynamodb.eu-west-1.amazonaws.com');
  assert.equal(endpointOf('cognito-identity', 'cn-north-1'), 'https://cognito-identity.cn-north-1.amazonaws.com.cn');
});

test('after an answer without a date, requests are dated as before', async () => {
  /** @type {(string | undefined)[]} */
  const dates = [];
  /** @type {HeadersInit[]} */
  const answers = [{ Date: 'Sat, 21 Nov 2026 13:00:00 GMT' }, {}, {}];
  const aws = createAws(async (_, { headers }) => {
    dates.push(headers['x-amz-date']);
    return Response.json({}, { headers: answers[dates.length - 1] });
  }, () => NOON);
  const signature = { identity: { accessKeyId: 'AKID', secretAccessKey: 'secret' }, service: 'dynamodb', region: 'eu-west-1' };
  for (let calls = 0; calls < 3; calls += 1) {
    await aws.call({ endpoint: 'https://store.test', target: 'Query', type: 'application/x-amz-json-1.0', input: {}, signature });
  }

  assert.deepEqual(dates, ['20261121T120000Z', '20261121T130000Z', '20261121T130000Z']);
});

for (const [body, status, error] of /** @type {const} */ ([
  ['{"__type": "a.b#Busy", "message": "slow down"}', 400, { name: 'Busy', message: 'slow down' }],
  ['{"code": "Busy", "Message": "slow down"}', 400, { name: 'Busy', message: 'slow down' }],
  ['<html>', 503, { name: 'Status503', message: 'status 503' }],
])) {
  test(`the refusal ${body} is named for whoever looks into the console`, async () => {
    const aws = createAws(async () => new Response(body, { status }));

    await assert.rejects(aws.call({ endpoint: 'https://store.test', target: 'Query', type: 'application/x-amz-json-1.0', input: {} }), error);
  });
}
