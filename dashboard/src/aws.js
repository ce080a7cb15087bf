/**
 * Sends one request to AWS, as a `fetch` of JSON: target, signature, time limit, the name of what
 * went wrong. It never sends a request twice: the poller is the one that tries again.
 *
 * Signature Version 4 names the time of the request, and AWS refuses one that is five minutes off.
 * So requests are dated by AWS's own clock, as the last answer told it, and not by that of this
 * device. Signing needs WebCrypto, which browsers have on https:// pages and on this machine's own.
 */
import { AwsV4Signer } from 'aws4fetch';

/** @typedef {{accessKeyId: string, secretAccessKey: string, sessionToken?: string, expiration?: Date}} Identity */
/** @typedef {(address: string, request: RequestInit & {headers: Record<string, string>}) => Promise<Response>} Fetch */

/**
 * @typedef {object} Call
 * @property {string} endpoint
 * @property {string} target service with its version, and operation
 * @property {'application/x-amz-json-1.0' | 'application/x-amz-json-1.1'} type
 * @property {object} input
 * @property {{identity: Identity, service: string, region: string}} [signature] without one the request is not signed
 */

const TIMEOUT_MS = 4000; // for the whole answer

/** An answer that refuses; `name` is the code of the service, as `ThrottlingException`. */
export class ServiceError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = code;
  }
}

/** @param {string} service @param {string} region @returns {string} */
export const endpointOf = (service, region) =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** @param {string} text @returns {Record<string, unknown>} nothing where it is no JSON, as of a proxy */
function parseRefusal(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** @param {Response} response @param {string} text its body */
function refusalOf(response, text) {
  const { __type, code, message, Message } = parseRefusal(text);
  const given = String(response.headers.get('x-amzn-errortype') ?? code ?? __type ?? `Status${response.status}`);
  const name = /** @type {string} */ (given.split(':')[0]).replace(/.*#/, ''); // of `com.amazonaws…#Name:http://…`
  return new ServiceError(name, String(message ?? Message ?? `status ${response.status}`));
}

/**
 * @param {Fetch} send
 * @param {() => number} now epoch ms, by this device
 */
export function createAws(send = (address, request) => fetch(address, request), now = Date.now) {
  let aheadMs = 0; // by which AWS's clock is ahead of this device's
  /** @type {Map<string, ArrayBuffer>} signing keys */
  const cache = new Map();

  /** @param {Call} call @param {Record<string, string>} headers @param {string} body */
  async function sign({ endpoint, signature }, headers, body) {
    if (!signature) return headers;
    const { identity, service, region } = signature;
    const datetime = new Date(now() + aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
    const signer = new AwsV4Signer({
      url: endpoint, headers, body, service, region, datetime, cache,
      accessKeyId: identity.accessKeyId, secretAccessKey: identity.secretAccessKey, sessionToken: identity.sessionToken,
      allHeaders: true, // Content-Type, too
    });
    return Object.fromEntries((await signer.sign()).headers);
  }

  return {
    /** @param {number} at epoch ms by AWS's clock @returns {number} by this device's */
    here: (at) => at - aheadMs,
    /**
     * @param {Call} call
     * @param {(at: number | null) => void} [onDate] with the date of the answer, whatever it says
     * @returns {Promise<unknown>}
     * @throws {ServiceError} TypeError without an answer, TimeoutError without one in time
     */
    async call(call, onDate = () => {}) {
      const body = JSON.stringify(call.input);
      const headers = await sign(call, { 'content-type': call.type, 'x-amz-target': call.target }, body);
      const response = await send(call.endpoint, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const at = Date.parse(response.headers.get('date') ?? '') || null;
      if (at !== null) aheadMs = at - now();
      onDate(at);
      const text = await response.text();
      if (!response.ok) throw refusalOf(response, text);
      return JSON.parse(text);
    },
  };
}
