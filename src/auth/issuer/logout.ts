import type { KoaContextWithOIDC } from 'oidc-provider';

import type { Pages } from '../sign-in/pages/pages.js';
import { languageOf, send } from './engine-pages.js';
import type { OidcStore } from './oidc-store.js';
import { textOf } from './text-of.js';

/**
 * OpenID Connect RP-Initiated Logout: a request that carries this very person's ID token is carried out at once;
 * any other is asked about, since a link on a foreign page could have made it.
 */
export async function signOut(
  ctx: KoaContextWithOIDC,
  form: string,
  pages: Pages,
  store: OidcStore,
): Promise<void> {
  const { session, entities, client, provider } = ctx.oidc;
  if (!session) return;
  const target = ctx.oidc.params?.['post_logout_redirect_uri'] as string | undefined;
  if (entities.IdTokenHint?.payload['sub'] !== session.accountId) {
    const xsrf = /name="xsrf" value="([^"]*)"/.exec(form)?.[1] ?? '';
    send(
      ctx,
      pages.confirmSignOut({
        language: languageOf(ctx),
        action: ctx.oidc.urlFor('end_session_confirm'),
        xsrf,
        ...(client?.clientName && { clientName: client.clientName }),
        ...(target && { leadsTo: [target] }),
      }),
    );
    return;
  }
  // What the engine does behind its confirmation page: grants without offline_access end with the session.
  for (const authorization of Object.values(session.authorizations ?? {})) {
    const { grantId, persistsLogout } = authorization;
    if (grantId && !persistsLogout) await store.revokeGrant(grantId);
  }
  await session.destroy();
  ctx.cookies.set(provider.cookieName('session'), null);
  leave(ctx);
}

/** Where the browser goes when it is signed out: to the address that the engine has checked, or to a page that says so. */
export function leave(ctx: KoaContextWithOIDC): void {
  const target = textOf(ctx.oidc.params?.['post_logout_redirect_uri']);
  const state = textOf(ctx.oidc.params?.['state']);
  const destination = new URL(target || ctx.oidc.urlFor('end_session_success'));
  if (target && state) destination.searchParams.set('state', state);
  ctx.status = 303;
  ctx.redirect(destination.href);
}
