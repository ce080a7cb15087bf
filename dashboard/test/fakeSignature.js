/**
 * Signature Version 4 of a request to DynamoDB, checked as AWS checks it, by an implementation of
 * its own on node:crypto (AWS, "Create a signed AWS API request").
 */
import { createHash, createHmac } from 'node:crypto';

const TOLERANCE_MS = 5 * 60_000;
const FORM = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** @typedef {{secret: string, token: string}} Key */

/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** @param {string | Buffer} key @param {string} text */
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** @param {string} date `20261121T201503Z` @returns {number} epoch ms */
function epochOf(date) {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number) ?? [];
  const [year = NaN, month = NaN, ...rest] = parts;
  return Date.UTC(year, month - 1, ...rest);
}

/**
 * @param {string} address
 * @param {{method?: string, headers: Record<string, string>, body?: unknown}} request names of headers in lower case
 * @param {{keys: Map<string, Key>, region: string, now: number}} service
 * @returns {string | null} the code of the refusal
 */
export function refusal(address, { method, headers, body }, { keys, region, now }) {
  const form = FORM.exec(headers.authorization ?? '');
  if (!headers.authorization) return 'MissingAuthenticationTokenException';
  if (!form) return 'IncompleteSignatureException';
  const [id, day, itsRegion, service, names, signature] = /** @type {string[]} */ (form.slice(1));
  const key = keys.get(id ?? '');
  if (!key || headers['x-amz-security-token'] !== key.token) return 'UnrecognizedClientException';

  const date = headers['x-amz-date'] ?? '';
  const signed = (names ?? '').split(';');
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-') || name === 'content-type')];
  const isComplete = needed.every((name) => signed.includes(name)) && signed.join() === [...signed].sort().join();
  const isInTime = Math.abs(epochOf(date) - now) <= TOLERANCE_MS;
  if (!isComplete || !isInTime || !date.startsWith(day ?? '-') || itsRegion !== region || service !== 'dynamodb') {
    return 'InvalidSignatureException';
  }
  const { host, pathname } = new URL(address);
  const values = signed.map((name) => `${name}:${name === 'host' ? host : headers[name]?.trim()}\n`);
  const canonical = [method, pathname, '', values.join(''), names, sha256(String(body))].join('\n');
  const scope = `${day}/${region}/dynamodb/aws4_request`;
  const signingKey = scope.split('/').reduce(hmac, /** @type {string | Buffer} */ (`AWS4${key.secret}`));
  const expected = hmac(signingKey, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  return signature === expected ? null : 'InvalidSignatureException';
}
