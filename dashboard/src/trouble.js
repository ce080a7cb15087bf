/**
 * Why a read failed, in the words that the screen has a sentence for.
 */

/** @typedef {'network' | 'timeout' | 'credentials' | 'denied' | 'table' | 'busy' | 'fault'} Trouble */

export class SourceError extends Error {
  /** @param {Trouble} trouble @param {unknown} cause */
  constructor(trouble, cause) {
    super(trouble, { cause });
    this.trouble = trouble;
  }
}

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
export function troubleOf(error) {
  if (error instanceof SourceError) return error.trouble;
  return TROUBLES[/** @type {Error} */ (error).name] ?? 'fault';
}
