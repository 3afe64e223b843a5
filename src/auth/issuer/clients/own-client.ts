import { randomBytes } from 'node:crypto';

import { Secret } from '../../../common/secret.js';
import { ClientFields } from './client.fields.js';

/** Our own pages, as a client of ourselves. The name cannot be registered by anyone. */
export const ownClientId = 'lingpai-account';

/** Where a sign-in for our own pages comes back to. */
export const ownRedirectPath = '/account/signed-in';

/** Redeems nothing, so its secret is known to nobody. */
export function ownClient(issuerUrl: string): ClientFields {
  return Object.assign(new ClientFields(), {
    clientId: ownClientId,
    displayName: 'Lingpai',
    clientSecret: new Secret(randomBytes(32).toString('base64url')),
    redirectUris: [`${issuerUrl}${ownRedirectPath}`],
    postLogoutRedirectUris: [],
    scopes: ['openid'],
    grantTypes: ['authorization_code'],
    initiateLoginUri: `${issuerUrl}/account`,
  });
}
