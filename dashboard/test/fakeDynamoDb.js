/**
 * A DynamoDB that a guest may ask, as strict as the real one: it checks the signature and the headers
 * of each request, refuses a query that is malformed or that the guests' policy refuses, gives
 * only what the projection names, and pages. Beside it, a Cognito that gives guests their credentials.
 */
import { createAws } from '../src/aws.js';
import { servicesOf } from '../src/source.js';
import { refusal } from './fakeSignature.js';

/** @typedef {import('../src/rows.js').Item} Item */
/** @typedef {import('../src/source.js').Query} Asked */
/** @typedef {{secret: string, token: string}} Key */

const REGION = 'eu-west-1';
const DYNAMODB = 'https://dynamodb.eu-west-1.amazonaws.com';
const COGNITO = 'https://cognito-identity.eu-west-1.amazonaws.com';

/** @param {string} name @returns {Error} as `fetch` throws it */
export const named = (name) => Object.assign(new Error(name), { name });

class Refusal extends Error {}

/** @param {string} code @returns {never} */
const refuse = (code) => {
  throw new Refusal(code);
};

/**
 * Splits `pk = :pk AND sk >= :sk`, with its aliases.
 * @param {Asked} asked
 * @returns {Record<string, string | undefined>} the value that each key must have, by the key and the operator
 */
function keysOf({ KeyConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }) {
  const conditions = KeyConditionExpression.split(' AND ').map((condition) => condition.split(' '));
  return Object.fromEntries(conditions.map(([alias = '', is = '', value = '']) =>
    [`${ExpressionAttributeNames[alias] ?? alias} ${is}`, ExpressionAttributeValues[value]?.S]));
}

/** @param {Asked} asked @returns {string[]} the attributes of the projection; throws where DynamoDB calls a query malformed */
function projectionOf(asked) {
  const aliases = (asked.ProjectionExpression ?? '').split(', ').filter(Boolean);
  const attributes = aliases.map((alias) => asked.ExpressionAttributeNames[alias] ?? refuse('ValidationException'));
  const used = new Set([...aliases, ...asked.KeyConditionExpression.split(/ AND | >?= /)]);
  const given = new Set([...Object.keys(asked.ExpressionAttributeNames), ...Object.keys(asked.ExpressionAttributeValues)]);
  const isConsistent = [...given].every((name) => used.has(name)) && [...used].every((name) => given.has(name));
  if (new Set(attributes).size < attributes.length || !isConsistent) refuse('ValidationException');
  return attributes;
}

/** @param {Item[]} items of one table, each with `pk` and `sk`, in order of `sk` @param {number} [pageSize] items */
export function createStore(items, pageSize = 100) {
  const store = {
    items,
    /** @type {Asked[]} what was asked for, in order */
    asked: /** @type {Asked[]} */ ([]),
    /** @type {(Error | string | Record<string, unknown>)[]} for the next queries, one each: thrown by `fetch`, refused by this code, answered */
    instead: /** @type {(Error | string | Record<string, unknown>)[]} */ ([]),
    /** how often credentials were fetched */
    fetched: 0,
    /** epoch ms, by AWS's clock */
    now: () => Date.now(),
    /** @type {Map<string, Key>} */
    keys: new Map(),
    fetch,
    /** @param {import('../src/config.js').Config} config @param {() => number} [now] epoch ms, by the device's clock */
    services: (config, now) => servicesOf(config, createAws(fetch, now)),
  };

  /** @type {import('../src/aws.js').Fetch} */
  async function fetch(address, request) {
    const headers = { Date: new Date(store.now()).toUTCString() };
    try {
      return Response.json(address.startsWith(COGNITO) ? identify(request) : query(address, request), { headers });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return Response.json({ __type: `com.amazonaws.dynamodb.v20120810#${error.message}`, message: 'no' }, { status: 400, headers });
    }
  }

  /** @param {Parameters<import('../src/aws.js').Fetch>[1]} request */
  function identify({ headers }) {
    const target = headers['x-amz-target'];
    if (headers['content-type'] !== 'application/x-amz-json-1.1') refuse('SerializationException');
    if (target === 'AWSCognitoIdentityService.GetId') return { IdentityId: `${REGION}:guest` };
    if (target !== 'AWSCognitoIdentityService.GetCredentialsForIdentity') refuse('UnknownOperationException');
    store.fetched += 1;
    const [id, secret, token] = ['AKID', 'secret', 'token/+='].map((name) => `${name}${store.fetched}`);
    store.keys.set(String(id), { secret: String(secret), token: String(token) });
    const Expiration = store.now() / 1000 + 3600;
    return { IdentityId: `${REGION}:guest`, Credentials: { AccessKeyId: id, SecretKey: secret, SessionToken: token, Expiration } };
  }

  /** @param {string} address @param {Parameters<import('../src/aws.js').Fetch>[1]} request */
  function query(address, request) {
    const { headers, method, body } = request;
    if (address !== DYNAMODB || method !== 'POST' || headers['x-amz-target'] !== 'DynamoDB_20120810.Query') refuse('UnknownOperationException');
    if (headers['content-type'] !== 'application/x-amz-json-1.0') refuse('SerializationException');
    const path = `${address}/`;
    const code = refusal(path, request, { keys: store.keys, region: REGION, now: store.now() });
    if (code) refuse(code);
    const asked = JSON.parse(String(body));
    store.asked.push(asked);
    const instead = store.instead.shift();
    if (instead instanceof Error) throw instead;
    return typeof instead === 'string' ? refuse(instead) : (instead ?? answer(asked));
  }

  /** @param {Asked} asked */
  function answer(asked) {
    const { 'pk =': pk, 'sk =': sk, 'sk >=': from = '' } = keysOf(asked);
    const attributes = projectionOf(asked);
    const isAllowed = asked.TableName === 'Aggregates' && pk?.startsWith('open#')
      && asked.Select === 'SPECIFIC_ATTRIBUTES' && attributes.length > 0;
    if (!isAllowed) refuse('AccessDeniedException');
    const found = store.items.filter((item) => item.pk?.S === pk && (sk === undefined || item.sk?.S === sk)
      && (item.sk?.S ?? '') >= from);
    const after = asked.ExclusiveStartKey;
    const start = after ? found.findIndex((item) => item.sk?.S === after.sk?.S) + 1 : 0;
    const page = found.slice(start, start + pageSize);
    const last = page.at(-1);
    const isMore = start + pageSize < found.length;
    return {
      Items: page.map((item) => Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name)))),
      ...(isMore && last ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk } } : {}),
    };
  }

  return store;
}
