/**
 * The configuration: `config.json`, which a deploy writes, and the options in the page's address.
 * An error names the key and the value, and says what to do.
 */

/**
 * @typedef {object} Config
 * @property {string} region
 * @property {string} aggregatesTable
 * @property {string} identityPoolId
 * @property {string | null} identityId shared guest identity: spares a GetId per visitor
 * @property {string} poll id of the poll to show
 * @property {string[] | null} follow the polls of which the open one is shown; null where the address names one
 * @property {{dynamodb?: string, cognitoIdentity?: string}} endpoints only where not AWS
 * @property {boolean} lab whether this is the lab
 * @property {boolean} large whether boards are read as JSON, for a large audience, and not from the table
 */

/** @typedef {{poll: string | null, number: string | null, theme: 'dark' | 'light' | null, stage: boolean, overlay: boolean, lab: boolean}} Options */

export class ConfigError extends Error {
  name = 'ConfigError';
}

const POLL_ID = /^[a-z0-9][a-z0-9-]{0,23}$/;
const CURRENT = 'current'; // in place of a poll's id: whichever is open
const REMEDY = 'Deploy again: the deploy writes config.json.';
const NO_HTTPS = 'This page was opened without https://, and there a browser does not sign requests to the store. Open it by its https:// address; on the machine that serves it, http://127.0.0.1 will do.';

/**
 * What the address of the page asks for: `?poll=colors&theme=dark&stage=1`,
 * `?poll=current&number=+15550100199`, `?overlay`, or `/lab`.
 * @param {string} search
 * @param {string} path
 * @returns {Options}
 */
export function readOptions(search, path = '/') {
  const asked = new URLSearchParams(search);
  const theme = asked.get('theme');
  const isSet = (/** @type {string} */ name) => ['1', 'true', ''].includes(asked.get(name) ?? 'no');
  return {
    poll: asked.get('poll') || null,
    number: asked.get('number')?.trim().replace(/^\+?/, '+') ?? null, // `+` is a space in an address
    theme: theme === 'dark' || theme === 'light' ? theme : null,
    stage: isSet('stage'),
    overlay: isSet('overlay'),
    lab: path.endsWith('/lab'),
  };
}

/**
 * @param {unknown} raw the parsed config.json
 * @param {{poll: string | null, lab?: boolean}} asked what the address asks for
 * @returns {Config}
 * @throws {ConfigError}
 */
export function checkConfig(raw, { poll, lab = false }) {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new ConfigError(`config.json is not an object. ${REMEDY}`);
  }
  const given = /** @type {Record<string, unknown>} */ (raw);
  const text = (/** @type {string} */ key) => {
    const value = given[key];
    if (typeof value === 'string' && value !== '') return value;
    throw new ConfigError(`config.json: ${key} is ${JSON.stringify(value)}, not a text. ${REMEDY}`);
  };
  const follows = poll === CURRENT;
  const id = (follows ? null : poll) ?? (lab ? labPoll(given.lab) : text('poll'));
  if (!POLL_ID.test(id)) {
    const where = poll === null ? 'config.json: poll' : 'The address: poll';
    throw new ConfigError(`${where} is “${id}”; a poll’s id is lower case letters, digits, dashes.`);
  }
  return {
    region: text('region'),
    aggregatesTable: text('aggregatesTable'),
    identityPoolId: text('identityPoolId'),
    identityId: given.identityId ? text('identityId') : null,
    poll: id,
    follow: follows ? checkPolls(given.polls) : null,
    endpoints: checkEndpoints(given.endpoints),
    lab,
    large: given.audience === 'large',
  };
}

/** @param {unknown} raw @returns {string} */
function labPoll(raw) {
  const { poll } = /** @type {{poll?: unknown}} */ (raw ?? {});
  if (typeof poll === 'string') return poll;
  throw new ConfigError('There is no lab here: it comes with a demo on your own machine, by `make demo`.');
}

/** @param {unknown} raw @returns {string[]} */
function checkPolls(raw) {
  const ids = Array.isArray(raw) ? raw : [];
  if (ids.length > 0 && ids.every((id) => typeof id === 'string' && POLL_ID.test(id))) return ids;
  throw new ConfigError(`config.json: polls is ${JSON.stringify(raw)}, not a list of polls. ${REMEDY}`);
}

/** @param {unknown} raw @returns {Config['endpoints']} */
function checkEndpoints(raw) {
  const given = /** @type {Record<string, unknown>} */ (raw ?? {});
  for (const key of ['dynamodb', 'cognitoIdentity']) {
    const value = given[key];
    if (value !== undefined && !(typeof value === 'string' && URL.canParse(value))) {
      const shown = JSON.stringify(value);
      throw new ConfigError(`config.json: endpoints.${key} is ${shown}, not an address. ${REMEDY}`);
    }
  }
  return given;
}

/**
 * @param {Options} asked
 * @param {SubtleCrypto | undefined} webCrypto browsers leave it out of a page that may have been changed on its way
 * @returns {Promise<Config>}
 * @throws {ConfigError}
 */
export async function loadConfig(asked, webCrypto = globalThis.crypto?.subtle) {
  let raw;
  try {
    const answer = await fetch('./config.json', { cache: 'no-cache' });
    if (!answer.ok) throw new ConfigError(`config.json: the server answers ${answer.status}.`);
    raw = await answer.json();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be fetched';
    throw new ConfigError(`config.json ${why}. ${REMEDY}`);
  }
  const config = checkConfig(raw, asked);
  if (!webCrypto && !config.large) throw new ConfigError(NO_HTTPS);
  return config;
}
