import { type Client, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';

import type { OwnClientMetadata } from './client-metadata.js';
import { textOf } from './text-of.js';

/** The engine's `Client` with our own metadata on it. */
export type EngineClient = InstanceType<typeof Client> & OwnClientMetadata;

export interface ResourceSettings {
  readonly issuerUrl: string;
  readonly accessTokenSeconds: number;
  readonly signingAlg: string;
}

/** The API that a client's access tokens are for when it asks for none in particular. */
export function defaultResource(client: EngineClient, issuerUrl: string): string {
  return client.audience ?? issuerUrl;
}

/**
 * Describes the API that an access token is for (RFC 8707, RFC 9068): the client's own `audience`, or ours.
 * @throws InvalidTarget for any other; InvalidScope where a machine asks for a scope it may not have
 */
export function describeResource(
  ctx: KoaContextWithOIDC,
  resource: string,
  client: EngineClient,
  settings: ResourceSettings,
): ResourceServer {
  if (resource !== settings.issuerUrl && resource !== client.audience) {
    throw new errors.InvalidTarget('this resource is not one of the client');
  }
  if (ctx.oidc.params?.['grant_type'] === 'client_credentials') {
    refuseForeignScopes(textOf(ctx.oidc.params['scope']), client);
  }
  return {
    audience: resource,
    scope: client.allowed_scopes.join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: settings.accessTokenSeconds,
    jwt: { sign: { alg: settings.signingAlg as 'RS256' } },
  };
}

/** @throws InvalidScope naming the first scope that the client is not registered for */
export function refuseForeignScopes(scope: string, client: EngineClient): void {
  const foreign = scope.split(' ').find((name) => name && !client.allowed_scopes.includes(name));
  if (foreign)
    throw new errors.InvalidScope(
      'requested scope is unknown or not allowed for this client',
      foreign,
    );
}
