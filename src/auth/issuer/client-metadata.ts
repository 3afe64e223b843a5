import { Injectable } from '@nestjs/common';
import type { AdapterPayload } from 'oidc-provider';

import { ClientRegistry, type RegisteredClient } from './clients/client.registry.js';

/** Our own client metadata, beside what the engine knows. */
export const ownClientMetadata = ['allowed_scopes', 'audience', 'connections', 'require_pkce'];

/** Our own metadata as the engine's `Client` carries it. */
export interface OwnClientMetadata {
  readonly allowed_scopes: readonly string[];
  /** `aud` of its access tokens; absent: ISSUER_URL. */
  readonly audience?: string;
  /** Slugs; absent: all. */
  readonly connections?: readonly string[];
  readonly require_pkce: boolean;
}

/** Hands registered clients to the engine in the engine's words. */
@Injectable()
export class ClientMetadataSource {
  constructor(private readonly clients: ClientRegistry) {}

  async find(clientId: string): Promise<AdapterPayload | undefined> {
    const client = await this.clients.find(clientId);
    return client && toMetadata(client);
  }
}

function toMetadata(client: RegisteredClient): AdapterPayload {
  const usesCode = client.grantTypes.includes('authorization_code');
  const own: OwnClientMetadata = {
    allowed_scopes: client.scopes,
    require_pkce: client.requirePkce,
    ...(client.audience && { audience: client.audience }),
    ...(client.connections && { connections: client.connections }),
  };
  return {
    client_id: client.clientId,
    client_name: client.displayName,
    application_type: client.applicationType,
    grant_types: [...client.grantTypes],
    response_types: usesCode ? ['code'] : [],
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    // With a secret, the engine takes it from the header and from the body alike.
    ...(client.clientSecret
      ? {
          token_endpoint_auth_method: 'client_secret_basic',
          client_secret: client.clientSecret.reveal(),
        }
      : { token_endpoint_auth_method: 'none' }),
    ...own,
  };
}
