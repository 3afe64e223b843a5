import { errors, type KoaContextWithOIDC } from 'oidc-provider';

import { type ConnectionChoice, parseLoginHint } from './connection-choice.js';
import { type EngineClient, refuseForeignScopes } from './resources.js';
import { textOf } from './text-of.js';

/**
 * What we check of an authorization request beyond the engine. The engine calls this once for each request,
 * after its own checks, so whatever is thrown becomes a redirect to the client.
 * @throws InvalidScope, InvalidRequest
 */
export async function checkAuthorizationRequest(
  ctx: KoaContextWithOIDC,
  choice: ConnectionChoice,
): Promise<void> {
  const client = ctx.oidc.client as EngineClient;
  const params = ctx.oidc.params ?? {};

  if (Object.values(params).some((value) => textOf(value).includes('\0'))) {
    throw new errors.InvalidRequest('a parameter holds a character that cannot be');
  }
  const requested = textOf(ctx.query['scope']);
  refuseForeignScopes(requested, client);
  keepOfflineAccess(requested, client, params);
  rewritePrompt(params);

  const slug = params['connection'];
  if (slug !== undefined && !(await choice.isPossible(client, textOf(slug)))) {
    throw new errors.InvalidRequest('unknown connection, or one that this client may not use');
  }
}

/** The engine wants `prompt=consent` for offline_access; our own clients need none. */
function keepOfflineAccess(
  requested: string,
  client: EngineClient,
  params: Record<string, unknown>,
): void {
  const wanted =
    requested.split(' ').includes('offline_access') && client.grantTypeAllowed('refresh_token');
  const scopes = textOf(params['scope']).split(' ').filter(Boolean);
  if (wanted && !scopes.includes('offline_access'))
    params['scope'] = [...scopes, 'offline_access'].join(' ');
}

/**
 * There is no consent screen: a client that asks for one is served without. Who shall select an account signs in again, as whoever they
 * choose to be: no browser holds two people here.
 */
function rewritePrompt(params: Record<string, unknown>): void {
  const asked = textOf(params['prompt'])
    .split(' ')
    .filter((prompt) => prompt && prompt !== 'consent')
    .map((prompt) => (prompt === 'select_account' ? 'login' : prompt));
  const prompts = [...new Set(asked)];
  params['prompt'] = prompts.length > 0 ? prompts.join(' ') : undefined;
}

/** The connection, and the corp, that an authorization request names. */
export function requestedConnection(params: Readonly<Record<string, unknown>>): {
  slug?: string;
  tenant?: string;
} {
  const tenant = /^[\w-]{1,64}$/.exec(textOf(params['tenant']))?.[0];
  const named =
    params['connection'] !== undefined
      ? { slug: textOf(params['connection']) }
      : parseLoginHint(textOf(params['login_hint']));
  return { ...named, ...(tenant !== undefined && { tenant }) };
}
