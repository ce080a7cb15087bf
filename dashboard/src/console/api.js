/**
 * The console's API: a session begun with the token of the address, reads, and actions.
 */

/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').Job} Job */

const KEY = 'voteapp-console-key';
const TIMEOUT_MS = 8000;

/** The console answered, and refused. */
export class RefusedError extends Error {
  /** @param {string} text @param {number} status */
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

/** @param {string} path @param {object} [body] */
async function send(path, body) {
  const key = localStorage.getItem(KEY) ?? '';
  const answer = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: { 'X-Console-Key': key, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : null,
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const said = await answer.json().catch(() => ({ error: `The console answers ${answer.status}.` }));
  if (!answer.ok) throw new RefusedError(said.error, answer.status);
  return said;
}

/** Exchange the token of the address, if there is one, and take it out of the address. */
export async function beginSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', '/');
  const { key } = await send('/api/session', { token });
  localStorage.setItem(KEY, key);
}

/** @returns {Promise<State>} */
export const readState = () => send('/api/state');

/** @param {object} wanted @returns {Promise<Job>} */
export const startAction = (wanted) => send('/api/actions', wanted);

/** @param {string} id @param {boolean} yes @returns {Promise<Job>} */
export const answerQuestion = (id, yes) => send(`/api/actions/${id}/answer`, { yes });
