/**
 * The credentials of a guest, by Cognito's enhanced flow: two requests that need no signature.
 * When they are fetched is decided in `credentials.js`.
 */
import { ServiceError, endpointOf } from './aws.js';

/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./aws.js').Identity} Identity */

/**
 * @param {Config} config
 * @param {ReturnType<typeof import('./aws.js').createAws>} aws
 * @returns {() => Promise<Identity>} `expiration` is by this device's clock
 */
export function createGuest(config, aws) {
  const endpoint = config.endpoints.cognitoIdentity ?? endpointOf('cognito-identity', config.region);
  /** @type {string | null} */
  let ownId = null; // of this visitor, where the deploy made no shared one

  /** @param {string} operation @param {object} input @returns {Promise<any>} */
  const call = (operation, input) =>
    aws.call({ endpoint, target: `AWSCognitoIdentityService.${operation}`, type: 'application/x-amz-json-1.1', input });

  return async () => {
    ownId ??= config.identityId ?? (await call('GetId', { IdentityPoolId: config.identityPoolId })).IdentityId;
    try {
      const { Credentials } = await call('GetCredentialsForIdentity', { IdentityId: ownId });
      return {
        accessKeyId: Credentials.AccessKeyId,
        secretAccessKey: Credentials.SecretKey,
        sessionToken: Credentials.SessionToken,
        expiration: Credentials.Expiration ? new Date(aws.here(Credentials.Expiration * 1000)) : undefined,
      };
    } catch (error) {
      if (error instanceof ServiceError) ownId = null; // it may be gone
      throw error;
    }
  };
}
