import type { KoaContextWithOIDC } from 'oidc-provider';

import { AppError } from '../../common/app-error.js';
import { type AccessTokens, grantIdOf, scopesOf } from './access-tokens.js';
import type { OidcStore } from './oidc-store.js';
import type { EngineClient } from './resources.js';

/**
 * Answers `/introspect` for our JWT access tokens (RFC 7662), which the engine leaves to the APIs themselves: signature and
 * lifetime, and that the client, the grant and the account behind the token still live. The engine has authenticated the caller.
 */
export async function introspectJwt(
  ctx: KoaContextWithOIDC,
  tokens: AccessTokens,
  store: OidcStore,
): Promise<Record<string, unknown>> {
  const caller = ctx.oidc.client;
  try {
    const claims = await tokens.verify(String(ctx.oidc.params?.['token']));
    // A client without a secret proves nothing about itself: it may ask about its own tokens only.
    if (!caller?.clientSecret && caller?.clientId !== claims.client_id) return { active: false };
    // A machine's token has neither grant nor account, and is as good as its client.
    const client = await ctx.oidc.provider.Client.find(claims.client_id);
    if (!client) return { active: false };
    const grantId = grantIdOf(claims);
    if (grantId && !(await store.isGrantLive(grantId, claims.sub))) return { active: false };
    const scope = [...scopesOf(claims, (client as EngineClient).allowed_scopes)].join(' ');
    return { active: true, token_type: 'Bearer', ...claims, scope: scope || undefined };
  } catch (error) {
    if (error instanceof AppError) return { active: false };
    throw error;
  }
}
