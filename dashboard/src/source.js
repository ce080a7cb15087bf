/**
 * Queries a board and returns a snapshot of it; the only file that uses the AWS SDK.
 *
 * A guest may ask for named attributes of `open#…` partitions and for nothing else, so
 * every request carries a projection. The counts are attributes named after the choices,
 * which only the poll view names: it is asked for first, alone.
 */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { fromCognitoIdentity, fromCognitoIdentityPool } from '@aws-sdk/credential-provider-cognito-identity';
import { createCredentials } from './credentials.js';
import { readRows } from './rows.js';
import { BOARD_PREFIX, PARTITION_KEY, POLL_VIEW_ATTRIBUTES, POLL_VIEW_SK, SORT_KEY, boardAttributes } from './schema.js';

/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./rows.js').Item} Item */
/** @typedef {import('./rows.js').Value} Value */
/** @typedef {import('./rows.js').Rows & {serverAt: number | null}} Snapshot `serverAt`: epoch ms */
/** @typedef {'network' | 'timeout' | 'credentials' | 'denied' | 'table' | 'busy' | 'fault'} Trouble */

export class SourceError extends Error {
  /** @param {Trouble} trouble @param {unknown} cause */
  constructor(trouble, cause) {
    super(trouble, { cause });
    this.trouble = trouble;
  }
}

const TIMEOUT_MS = 4000;
const REQUEST = { requestTimeout: TIMEOUT_MS }; // to the store, and for the credentials before it
const PAGES = 20; // a board of 20 MB is not a board

/** @type {Record<string, Trouble>} */
const TROUBLES = {
  ResourceNotFoundException: 'table',
  AccessDeniedException: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidSignatureException: 'denied',
  ExpiredTokenException: 'denied',
  ProvisionedThroughputExceededException: 'busy',
  ThrottlingException: 'busy',
  RequestLimitExceeded: 'busy',
  TimeoutError: 'timeout',
  AbortError: 'timeout',
  TypeError: 'network', // what fetch throws when there is no answer at all
};

/** @param {unknown} error @returns {Trouble} */
function troubleOf(error) {
  if (error instanceof SourceError) return error.trouble;
  return TROUBLES[/** @type {Error} */ (error).name] ?? 'fault';
}

/** @param {Config} config */
export function guestOf(config) {
  const clientConfig = {
    region: config.region,
    endpoint: config.endpoints.cognitoIdentity,
    maxAttempts: 1,
    requestHandler: REQUEST,
  };
  return async () => {
    // Made for each call: one of a pool keeps an identity that is gone.
    const provide = config.identityId
      ? fromCognitoIdentity({ identityId: config.identityId, clientConfig })
      : fromCognitoIdentityPool({ identityPoolId: config.identityPoolId, clientConfig });
    try {
      return await provide();
    } catch (error) {
      const trouble = troubleOf(error);
      throw new SourceError(trouble === 'network' || trouble === 'timeout' ? trouble : 'credentials', error);
    }
  };
}

/** @typedef {import('@aws-sdk/client-dynamodb').QueryCommandOutput} Answer */
/** @typedef {{send: (command: QueryCommand) => Promise<Answer>}} Client */
/** @typedef {import('@smithy/types').AwsCredentialIdentity} Identity */

/**
 * @param {Config} config
 * @param {(at: number | null) => void} onDate with the date of each answer
 * @param {() => Promise<Identity>} credentials
 */
export function clientOf(config, onDate, credentials) {
  const client = new DynamoDBClient({
    region: config.region,
    endpoint: config.endpoints.dynamodb,
    // Expired at once, so that the client asks for them before every request: they are kept here.
    credentials: async () => ({ ...(await credentials()), expiration: new Date(0) }),
    accountIdEndpointMode: 'disabled', // the policy of the page names one endpoint
    maxAttempts: 1, // the poller is the one that tries again
    requestHandler: REQUEST,
  });
  client.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    const { headers } = /** @type {{headers: Record<string, string>}} */ (result.response);
    onDate(Date.parse(headers.date ?? '') || null);
    return result;
  }, { step: 'deserialize', priority: 'low' });
  return client;
}

/**
 * @param {Config} config
 * @param {(config: Config, onDate: (at: number | null) => void, credentials: () => Promise<Identity>) => Client} makeClient
 * @param {{now: () => number, random: () => number}} chance
 * @param {() => Promise<Identity>} fetchCredentials
 * @returns {{read: () => Promise<Snapshot>}} `read` throws a SourceError
 */
export function createSource(
  config, makeClient = clientOf, chance = { now: Date.now, random: Math.random }, fetchCredentials = guestOf(config),
) {
  /** @type {string[]} */
  let keys = [];
  /** @type {number | null} */
  let serverAt = null;
  const credentials = createCredentials(fetchCredentials, chance);
  const client = makeClient(config, (at) => (serverAt = at), credentials.get);

  /** @param {string[]} attributes, among them the sort key @param {boolean} pollViewOnly */
  async function query(attributes, pollViewOnly) {
    const aliases = new Map([PARTITION_KEY, ...attributes].map((name, i) => [name, `#${i}`]));
    const conditions = [`${aliases.get(PARTITION_KEY)} = :pk`, `${aliases.get(SORT_KEY)} = :sk`];
    /** @type {Item[]} */
    const items = [];
    /** @type {Record<string, Value> | undefined} */
    let from;
    for (let page = 0; page === 0 || (from && page < PAGES); page += 1) {
      const command = new QueryCommand({
        TableName: config.aggregatesTable,
        KeyConditionExpression: conditions.slice(0, pollViewOnly ? 2 : 1).join(' AND '),
        ExpressionAttributeNames: Object.fromEntries([...aliases].map(([name, alias]) => [alias, name])),
        ExpressionAttributeValues: {
          ':pk': { S: `${BOARD_PREFIX}${config.poll}` },
          ...(pollViewOnly ? { ':sk': { S: POLL_VIEW_SK } } : {}),
        },
        ProjectionExpression: attributes.map((name) => aliases.get(name)).join(', '),
        Select: 'SPECIFIC_ATTRIBUTES',
        ExclusiveStartKey: from,
      });
      /** @type {Answer} */
      const answer = await client.send(command);
      items.push(...(answer.Items ?? []));
      from = answer.LastEvaluatedKey;
    }
    return items;
  }

  async function readBoard() {
    if (keys.length === 0) {
      const { pollView, unread } = readRows(await query(POLL_VIEW_ATTRIBUTES, true), []);
      if (!pollView) return { pollView, tallies: [], certified: [], unread };
      keys = pollView.choices.map(({ key }) => key);
    }
    const asked = keys;
    const rows = await readCounts(asked);
    if (rows.pollView) keys = rows.pollView.choices.map(({ key }) => key);
    // The choices have changed between two reads: their counts were not in the projection.
    return keys.every((key) => asked.includes(key)) ? rows : readCounts(keys);
  }

  /** @param {string[]} asked */
  const readCounts = async (asked) =>
    readRows(await query(boardAttributes(asked), false), asked);

  return {
    async read() {
      try {
        const rows = await readBoard();
        credentials.succeed();
        return { ...rows, serverAt };
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === 'denied') credentials.refuse(new SourceError(trouble, error));
        if (trouble === 'network' || trouble === 'timeout') credentials.lose();
        throw new SourceError(trouble, error);
      }
    },
  };
}
