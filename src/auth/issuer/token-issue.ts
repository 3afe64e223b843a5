import { errors, type ResourceServer, type TokenEndpointGrantContext } from 'oidc-provider';

import type { EngineAccountWithRoles } from './claims.js';
import { addRequested } from './grants.js';
import {
  defaultResource,
  describeResource,
  type EngineClient,
  refuseForeignScopes,
  type ResourceSettings,
} from './resources.js';
import { setFacts, type SignInFacts } from './sign-in-facts.js';

/**
 * Issues what a code redemption would (access token, ID token, refresh token) for a person who was signed in without
 * the browser's way, into `ctx.body`. The request has passed `checkTokenRequest`.
 * @param gty the name of the grant type
 */
export async function issueTokens(
  ctx: TokenEndpointGrantContext,
  gty: string,
  account: EngineAccountWithRoles,
  facts: SignInFacts,
  settings: ResourceSettings,
): Promise<void> {
  const { provider } = ctx.oidc;
  const client = ctx.oidc.client as EngineClient;
  const scope = ctx.oidc.params.scope ?? '';
  const scopes = new Set(scope.split(' ').filter(Boolean));
  const resource = requestedResource(ctx, client, settings);
  const description = describeResource(ctx, resource, client, settings);

  const { accountId } = account;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  setFacts(grant, facts);
  addRequested(grant, ctx);
  // As in the browser: who names no API may have a token for ours at a refresh.
  const resources = ctx.oidc.params.resource
    ? [resource]
    : [...new Set([resource, settings.issuerUrl])];
  if (scope) for (const each of resources) grant.addResourceScope(each, scope);
  const source = { accountId, client, gty, grantId: await grant.save() };
  ctx.oidc.entity('Account', account);
  ctx.oidc.entity('Grant', grant);

  const accessToken = new provider.AccessToken(source);
  accessToken.resourceServer = new (provider as unknown as ResourceServers).ResourceServer(
    resource,
    description,
  );
  accessToken.scope = grant.getResourceScopeFiltered(resource, scopes);
  ctx.oidc.entity('AccessToken', accessToken);

  const authTime = Math.floor(Date.now() / 1000);
  const wantsRefresh = scopes.has('offline_access') && client.grantTypeAllowed('refresh_token');
  const refreshToken = new provider.RefreshToken({
    ...source,
    resource: resources,
    scope,
    authTime,
    rotations: 0,
  });
  ctx.body = {
    access_token: await accessToken.save(),
    expires_in: settings.accessTokenSeconds,
    ...(scopes.has('openid') && {
      id_token: await idToken(ctx, account, grant.getOIDCScopeFiltered(scopes), authTime),
    }),
    ...(wantsRefresh && { refresh_token: await refreshToken.save() }),
    ...(accessToken.scope && { scope: accessToken.scope }),
    token_type: 'Bearer',
  };
}

/**
 * Refuses a request whose tokens could not be issued.
 * @throws InvalidScope, InvalidTarget
 */
export function checkTokenRequest(
  ctx: TokenEndpointGrantContext,
  settings: ResourceSettings,
): void {
  const client = ctx.oidc.client as EngineClient;
  refuseForeignScopes(ctx.oidc.params.scope ?? '', client);
  describeResource(ctx, requestedResource(ctx, client, settings), client, settings);
}

/** The engine's class for a described API; its types do not name it. */
interface ResourceServers {
  readonly ResourceServer: new (
    resource: string,
    description: ResourceServer,
  ) => NonNullable<TokenEndpointGrantContext['oidc']['resourceServers'][string]>;
}

async function idToken(
  ctx: TokenEndpointGrantContext,
  account: EngineAccountWithRoles,
  scope: string,
  authTime: number,
): Promise<string> {
  const claims = await account.claims('id_token', scope, {}, []);
  const token = new ctx.oidc.provider.IdToken(claims, { ctx });
  Object.assign(token, { scope });
  token.set('auth_time', authTime);
  return token.issue({ use: 'idtoken' });
}

function requestedResource(
  ctx: TokenEndpointGrantContext,
  client: EngineClient,
  settings: ResourceSettings,
): string {
  const requested = [ctx.oidc.params.resource ?? []].flat();
  if (requested.length > 1) throw new errors.InvalidTarget('only a single resource is supported');
  return requested[0] ?? defaultResource(client, settings.issuerUrl);
}
