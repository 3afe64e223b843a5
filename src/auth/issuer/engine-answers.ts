import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import { noteCaller } from '../../common/work-context.js';
import type { Pages } from '../sign-in/pages/pages.js';
import type { AccessTokens } from './access-tokens.js';
import { languageOf, requestIdOf, send } from './engine-pages.js';
import { engineLimitOf } from './engine-routes.js';
import { introspectJwt } from './introspection.js';
import { leave } from './logout.js';
import type { OidcStore } from './oidc-store.js';

interface ErrorBody {
  error?: string;
  error_description?: string;
}

/** What the adjusted answers are made of. */
export interface AnswerParts {
  readonly tokens: AccessTokens;
  readonly store: OidcStore;
  readonly pages: Pages;
}

/**
 * Where our contract differs from the engine's answer: `/introspect` answers JWT access tokens, a grant type that a client may
 * not use is `unauthorized_client` (RFC 6749, 5.2), signing out without a session asks nothing, and what fails around the
 * engine (a session that cannot be saved) is a page of ours.
 */
export function adjustAnswers(provider: Provider, parts: AnswerParts): void {
  provider.use(async (ctx, next) => {
    const engineCtx = ctx as unknown as KoaContextWithOIDC;
    try {
      await next();
      await adjust(engineCtx, parts);
    } catch (error) {
      provider.emit('server_error', engineCtx, error);
      sendFault(engineCtx, parts.pages);
    }
  });
}

/** The engine's own answer to what nobody caught has none of our headers. */
function sendFault(ctx: KoaContextWithOIDC, pages: Pages): void {
  if (engineLimitOf(ctx.method, ctx.path) === 'token') {
    ctx.status = 500;
    ctx.body = { error: 'server_error', error_description: 'oops! something went wrong' };
    return;
  }
  const model = { language: languageOf(ctx), requestId: requestIdOf(ctx) };
  send(ctx, pages.error({ ...model, code: 'internal_error', status: 500 }));
}

async function adjust(ctx: KoaContextWithOIDC, { tokens, store }: AnswerParts): Promise<void> {
  const body = ctx.body as ErrorBody | undefined;
  const { oidc } = ctx as { oidc?: KoaContextWithOIDC['oidc'] };
  noteCaller({
    clientId: oidc?.client?.clientId,
    accountId: oidc?.account?.accountId ?? oidc?.session?.accountId,
  });
  if (oidc?.route === 'introspection' && body?.error === 'unsupported_token_type') {
    ctx.body = await introspectJwt(ctx, tokens, store);
    ctx.status = 200;
  } else if (
    oidc?.route === 'token' &&
    body?.error === 'invalid_request' &&
    body.error_description === 'requested grant type is not allowed for this client'
  ) {
    ctx.body = { ...body, error: 'unauthorized_client' };
  } else if (oidc?.route === 'discovery') {
    // Told to clients that are called back when a session ends, which we do not.
    const told = ctx.body as { claims_supported: string[] };
    told.claims_supported = told.claims_supported.filter((claim) => claim !== 'sid');
  } else if (oidc?.route === 'end_session' && ctx.status === 200 && !oidc.session?.accountId) {
    leave(ctx);
  }
}
