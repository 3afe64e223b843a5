import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import type { AccessTokens } from './access-tokens.js';
import { introspectJwt } from './introspection.js';
import type { OidcStore } from './oidc-store.js';

interface ErrorBody {
  error?: string;
  error_description?: string;
}

/**
 * Where our contract differs from the engine's answer: `/introspect` answers JWT access tokens, and a grant type that a
 * client may not use is `unauthorized_client` (RFC 6749, 5.2).
 */
export function adjustAnswers(provider: Provider, tokens: AccessTokens, store: OidcStore): void {
  provider.use(async (ctx, next) => {
    await next();
    const engineCtx = ctx as unknown as KoaContextWithOIDC;
    const body = ctx.body as ErrorBody | undefined;
    const route = (engineCtx as { oidc?: { route?: string } }).oidc?.route;
    if (route === 'introspection' && body?.error === 'unsupported_token_type') {
      ctx.body = await introspectJwt(engineCtx, tokens, store);
      ctx.status = 200;
    } else if (
      route === 'token' &&
      body?.error === 'invalid_request' &&
      body.error_description === 'requested grant type is not allowed for this client'
    ) {
      ctx.body = { ...body, error: 'unauthorized_client' };
    }
  });
}
