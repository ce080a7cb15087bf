/**
 * A guest's credentials: fetched when they are needed, kept while they are valid, and never
 * fetched by all screens at once. Pure, but for the fetch.
 *
 * Cognito admits 200 GetCredentialsForIdentity a second (Amazon Cognito, "Quotas"). When a hall's
 * network returns, 5,000 screens read again within seconds; so network trouble costs no call,
 * and whoever needs other credentials waits for a random time first.
 */

/** @typedef {{expiration?: Date}} Credentials */

const MINUTE = 60_000;
const EARLY_MS = 5 * MINUTE; // before they expire, others are fetched
const EARLY_SPREAD_MS = 20 * MINUTE; // up to so much earlier: screens opened at once fetch apart
const REFUSED_SPREAD_MS = 40_000; // 5,000 screens are 125 calls a second
const MOST_WAIT_MS = 90_000; // and here 111, since a wait is half as long on average
const SUSPECT_AFTER = 9; // failed reads in a row
const SUSPECT_AGE_MS = 5 * MINUTE;

/**
 * @template {Credentials} C
 * @param {() => Promise<C>} fetch
 * @param {{now: () => number, random: () => number}} chance `now`: epoch ms; `random`: from 0 to 1
 */
export function createCredentials(fetch, { now, random }) {
  /** @type {C | null} */
  let held = null;
  let fetchedAt = 0;
  let expiresAt = 0;
  let renewAt = 0;
  let notBefore = 0;
  let failures = 0;
  let lostReads = 0;
  let isSuspect = false;
  /** @type {unknown} */
  let lastError = null;

  async function renew() {
    isSuspect = false;
    try {
      held = await fetch();
    } catch (error) {
      failures += 1;
      lastError = error;
      notBefore = now() + random() * Math.min(MOST_WAIT_MS, 1000 * 2 ** failures);
      throw error;
    }
    failures = 0;
    fetchedAt = now();
    expiresAt = held.expiration?.getTime() ?? Infinity;
    renewAt = Math.max(fetchedAt + SUSPECT_AGE_MS, expiresAt - EARLY_MS - random() * EARLY_SPREAD_MS);
    return held;
  }

  return {
    /** @returns {Promise<C>} those that are held, or others; fails at once while it has to wait */
    async get() {
      if (held && now() < renewAt && !isSuspect) return held;
      const valid = held && now() < expiresAt ? held : null;
      if (now() < notBefore) {
        if (valid) return valid;
        throw lastError;
      }
      return renew().catch((error) => {
        if (valid) return valid;
        throw error;
      });
    },
    /** They were refused by name: they are of no use any more. @param {unknown} error */
    refuse(error) {
      if (held) notBefore = now() + random() * REFUSED_SPREAD_MS;
      held = null;
      lastError = error;
    },
    /**
     * A read had no answer. That is the network; or a refusal that the browser hides because it
     * came without CORS headers. Only where it goes on, and the credentials are not new, are
     * others tried: once in ten reads, and what is held stays if there is no answer to that
     * either. So when the network returns a tenth of the screens at most makes a call.
     */
    lose() {
      lostReads += 1;
      if (lostReads <= SUSPECT_AFTER) return;
      lostReads = 0;
      isSuspect = now() - fetchedAt >= SUSPECT_AGE_MS;
    },
    /** A read had an answer. */
    succeed: () => void (lostReads = 0),
  };
}
