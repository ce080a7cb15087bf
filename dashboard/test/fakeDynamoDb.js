/**
 * A DynamoDB that a guest may ask, as strict as the real one: it refuses a query that the
 * guests' policy refuses, gives only what the projection names, and pages.
 */

/** @typedef {import('../src/rows.js').Item} Item */
/** @typedef {import('@aws-sdk/client-dynamodb').QueryCommandInput} Asked */
/** @typedef {import('../src/source.js').Client} Client */

/** @param {string} name @returns {Error} as the SDK throws it */
export const named = (name) => Object.assign(new Error(name), { name });

/**
 * Splits `pk = :pk AND sk = :sk`, with its aliases.
 * @param {Asked} asked
 * @returns {Record<string, string | undefined>} the value that each key must have
 */
function keysOf({ KeyConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }) {
  const conditions = KeyConditionExpression.split(' AND ').map((condition) => condition.split(' = '));
  return Object.fromEntries(conditions.map(([alias = '', value = '']) =>
    [ExpressionAttributeNames[alias] ?? alias, ExpressionAttributeValues[value]?.S]));
}

/** @param {Item[]} items of one table, each with `pk` and `sk`, in order of `sk` @param {number} [pageSize] items */
export function createStore(items, pageSize = 100) {
  const store = {
    items,
    /** @type {Asked[]} what was asked for, in order */
    asked: /** @type {Asked[]} */ ([]),
    /** @type {Error[]} thrown by the next requests, one each */
    failures: /** @type {Error[]} */ ([]),
    /** how often credentials were fetched */
    fetched: 0,
    async fetchCredentials() {
      store.fetched += 1;
      return { accessKeyId: `AKID${store.fetched}`, secretAccessKey: 'secret' };
    },
    /** @type {number | null} what the answers are dated */
    date: /** @type {number | null} */ (null),
    /**
     * @param {unknown} _config @param {(at: number | null) => void} onDate
     * @param {() => Promise<unknown>} credentials
     * @returns {Client}
     */
    makeClient(_config, onDate, credentials) {
      return {
        async send({ input }) {
          await credentials();
          store.asked.push(input);
          const failure = store.failures.shift();
          if (failure) throw failure;
          onDate(store.date);
          return /** @type {import('@aws-sdk/client-dynamodb').QueryCommandOutput} */ (answer(input));
        },
      };
    },
  };

  /** @param {Asked} asked */
  function answer(asked) {
    const { pk, sk } = keysOf(asked);
    const aliases = (asked.ProjectionExpression ?? '').split(', ').filter(Boolean);
    const attributes = aliases.map((alias) => asked.ExpressionAttributeNames?.[alias] ?? '');
    const isAllowed = asked.TableName === 'Aggregates' && pk?.startsWith('open#')
      && asked.Select === 'SPECIFIC_ATTRIBUTES' && attributes.length > 0 && !attributes.includes('');
    if (!isAllowed) throw named('AccessDeniedException');
    const found = store.items.filter((item) => item.pk?.S === pk && (sk === undefined || item.sk?.S === sk));
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
