/**
 * Queries a board and returns a snapshot of it; tells apart why a read failed.
 *
 * A guest may ask for named attributes of `open#…` partitions and for nothing else, so
 * every request carries a projection. The counts are attributes named after the choices,
 * which only the poll view names: it is asked for first, alone. It also names the round: of
 * older rounds nothing is read, since their rows sort before those of the round.
 */
import { createAws, endpointOf } from './aws.js';
import { createCredentials } from './credentials.js';
import { createGuest } from './guest.js';
import { readRows } from './rows.js';
import { BOARD_PREFIX, PARTITION_KEY, POLL_VIEW_ATTRIBUTES, POLL_VIEW_SK, SORT_KEY, boardAttributes, roundPrefix } from './schema.js';
import { SourceError, troubleOf } from './trouble.js';

/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./aws.js').Identity} Identity */
/** @typedef {import('./rows.js').Item} Item */
/** @typedef {import('./rows.js').PollView} PollView */
/** @typedef {import('./rows.js').Rows & {serverAt: number | null, ageMs: number}} Snapshot `serverAt`: epoch ms; `ageMs`: since the store was read */
/** @typedef {{read: (poll?: string) => Promise<Snapshot>, readPollView: (poll: string) => Promise<PollView | null>}} Source */
/** @typedef {{Items?: Item[], LastEvaluatedKey?: Item}} Answer */

/**
 * @typedef {object} Query what DynamoDB's Query is asked for
 * @property {string} TableName
 * @property {string} KeyConditionExpression
 * @property {Record<string, string>} ExpressionAttributeNames
 * @property {Item} ExpressionAttributeValues
 * @property {string} ProjectionExpression
 * @property {string} Select
 * @property {Item} [ExclusiveStartKey]
 */

/**
 * @typedef {object} Services what the source needs of AWS
 * @property {() => Promise<Identity>} fetchCredentials
 * @property {(identity: Identity, query: Query, onDate: (at: number | null) => void) => Promise<Answer>} query
 */

const PAGES = 20; // a board of 20 MB is not a board

/** @param {unknown} error of a fetch of credentials @returns {never} */
function throwGuestError(error) {
  const trouble = troubleOf(error);
  throw new SourceError(trouble === 'network' || trouble === 'timeout' ? trouble : 'credentials', error);
}

/** @param {Config} config @param {ReturnType<typeof createAws>} aws @returns {Services} */
export function servicesOf({ region, ...config }, aws = createAws()) {
  const endpoint = config.endpoints.dynamodb ?? endpointOf('dynamodb', region);
  return {
    fetchCredentials: createGuest({ region, ...config }, aws),
    async query(identity, input, onDate) {
      const signature = { identity, service: 'dynamodb', region };
      const target = 'DynamoDB_20120810.Query';
      const answer = await aws.call({ endpoint, target, type: 'application/x-amz-json-1.0', input, signature }, onDate);
      return /** @type {Answer} */ (answer);
    },
  };
}

/**
 * @param {Config} config
 * @param {Services} services
 * @param {{now: () => number, random: () => number}} chance
 * @returns {Source}
 */
export function createSource(config, services = servicesOf(config), chance = { now: Date.now, random: Math.random }) {
  /** @type {Map<string, {keys: string[], round: number}>} keys of the choices, and the round, by poll */
  const known = new Map();
  /** @type {number | null} */
  let serverAt = null;
  const credentials = createCredentials(() => services.fetchCredentials().catch(throwGuestError), chance);

  /** @param {string} poll @param {string[]} attributes, among them the sort key @param {'=' | '>='} is @param {string} sk */
  async function query(poll, attributes, is, sk) {
    const aliases = new Map([PARTITION_KEY, ...attributes].map((name, i) => [name, `#${i}`]));
    /** @type {Item[]} */
    const items = [];
    /** @type {Item | undefined} */
    let from;
    for (let page = 0; page === 0 || (from && page < PAGES); page += 1) {
      /** @type {Answer} */
      const answer = await services.query(await credentials.get(), {
        TableName: config.aggregatesTable,
        KeyConditionExpression: `${aliases.get(PARTITION_KEY)} = :pk AND ${aliases.get(SORT_KEY)} ${is} :sk`,
        ExpressionAttributeNames: Object.fromEntries([...aliases].map(([name, alias]) => [alias, name])),
        ExpressionAttributeValues: { ':pk': { S: `${BOARD_PREFIX}${poll}` }, ':sk': { S: sk } },
        ProjectionExpression: attributes.map((name) => aliases.get(name)).join(', '),
        Select: 'SPECIFIC_ATTRIBUTES',
        ExclusiveStartKey: from,
      }, (at) => (serverAt = at));
      items.push(...(answer.Items ?? []));
      from = answer.LastEvaluatedKey;
    }
    return items;
  }

  /** @param {string} poll */
  const readView = async (poll) => readRows(await query(poll, POLL_VIEW_ATTRIBUTES, '=', POLL_VIEW_SK), []);

  /** @param {string} poll @param {{keys: string[], round: number}} asked */
  const readCounts = async (poll, { keys, round }) =>
    readRows(await query(poll, boardAttributes(keys), '>=', roundPrefix(round)), keys);

  /** @param {PollView} pollView */
  const boardOf = ({ choices, round }) => ({ keys: choices.map(({ key }) => key), round });

  /** @param {string} poll */
  async function readBoard(poll) {
    let asked = known.get(poll);
    if (!asked) {
      const rows = await readView(poll);
      if (!rows.pollView) return rows;
      asked = boardOf(rows.pollView);
      known.set(poll, asked);
    }
    const rows = await readCounts(poll, asked);
    const board = rows.pollView ? boardOf(rows.pollView) : asked;
    known.set(poll, board);
    // The choices have changed between two reads: their counts were not in the projection. Or the
    // poll was replaced by one of an earlier round, whose rows sort before those that were read.
    const isWhole = board.round >= asked.round && board.keys.every((key) => asked.keys.includes(key));
    return isWhole ? rows : readCounts(poll, board);
  }

  /** @template T @param {Promise<T>} reading @returns {Promise<T>} */
  async function watch(reading) {
    try {
      const found = await reading;
      credentials.succeed();
      return found;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === 'denied') credentials.refuse(new SourceError(trouble, error));
      if (trouble === 'network' || trouble === 'timeout') credentials.lose();
      throw new SourceError(trouble, error);
    }
  }

  return {
    /** @returns {Promise<Snapshot>} @throws {SourceError} */
    read: async (poll = config.poll) => ({ ...(await watch(readBoard(poll))), serverAt, ageMs: 0 }),
    /** @param {string} poll @returns {Promise<PollView | null>} @throws {SourceError} */
    readPollView: async (poll) => (await watch(readView(poll))).pollView,
  };
}
