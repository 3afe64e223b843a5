import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';

import type { AccountsRepository } from '../../account-binding/accounts.repository.js';
import type { Config } from '../../config/config.js';
import { languages } from '../sign-in/pages/language.js';
import type { Pages } from '../sign-in/pages/pages.js';
import { accessTokenId } from './access-tokens.js';
import { claimsByScope, type EngineAccountWithRoles, engineAccount } from './claims.js';
import { ownClientMetadata } from './client-metadata.js';
import type { ConnectionChoice } from './connection-choice.js';
import { CookieSignatures } from './cookie-signatures.js';
import { languageOf, requestIdOf, send } from './engine-pages.js';
import { loadGrant } from './grants.js';
import { signOut } from './logout.js';
import type { OidcStore } from './oidc-store.js';
import { checkAuthorizationRequest, requestedConnection } from './request-checks.js';
import { defaultResource, describeResource, type EngineClient } from './resources.js';
import { factsOf, factsOfResult } from './sign-in-facts.js';
import { signInPolicy } from './sign-in-policy.js';
import type { KeySet } from './signing-keys/key-schedule.js';

/** What the engine's configuration is made of. */
export interface EngineParts {
  readonly config: Config;
  readonly accounts: AccountsRepository;
  readonly choice: ConnectionChoice;
  readonly pages: Pages;
  readonly store: OidcStore;
}

/** How long a person may take from `/authorize` to the end of the sign-in. */
const interactionSeconds = 3600;
const codeSeconds = 60;
const clientAuthMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const;

/** The engine's configuration: our contract in the engine's words. The adapter is added by the caller. */
export function engineConfiguration(parts: EngineParts, keys: KeySet): Configuration {
  const { config, pages, store } = parts;
  const { lifetimes, issuerUrl } = config;
  const secure = issuerUrl.startsWith('https:');
  const grantLife = {
    wholeSeconds: lifetimes.refreshTokenSeconds + lifetimes.sessionSeconds,
    neededSeconds: lifetimes.refreshTokenSeconds + codeSeconds,
  };
  const resourceSettings = {
    issuerUrl,
    accessTokenSeconds: lifetimes.accessTokenSeconds,
    signingAlg: keys.signing.alg,
  };
  return {
    jwks: { keys: keys.published.map((key) => key.privateJwk) },
    routes: {
      authorization: '/authorize',
      token: '/token',
      userinfo: '/userinfo',
      introspection: '/introspect',
      revocation: '/revoke',
      end_session: '/logout',
      jwks: '/.well-known/jwks.json',
    },
    scopes: ['openid', 'offline_access', 'profile', 'phone', 'email'],
    claims: claimsByScope,
    // It is part of what the code was given for (RFC 6749, 4.1.3; OpenID Connect Core 3.1.2.1).
    allowOmittingSingleRegisteredRedirectUri: false,
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods,
    discovery: {
      introspection_endpoint_auth_methods_supported: clientAuthMethods,
      revocation_endpoint_auth_methods_supported: clientAuthMethods,
      ui_locales_supported: languages,
    },
    clientDefaults: { id_token_signed_response_alg: keys.signing.alg },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    extraClientMetadata: { properties: ownClientMetadata },
    extraParams: {
      connection: (ctx: KoaContextWithOIDC) => checkAuthorizationRequest(ctx, parts.choice),
      tenant: null,
    },
    pkce: { required: (_ctx, client) => (client as EngineClient).require_pkce },
    rotateRefreshToken: true,
    cookies: {
      // Browsers take these names only over https, and `__Host-` only for every path of this very host; the other two have paths.
      names: {
        session: secure ? '__Host-lingpai_session' : 'lingpai_session',
        interaction: secure ? '__Secure-lingpai_interaction' : 'lingpai_interaction',
        resume: secure ? '__Secure-lingpai_resume' : 'lingpai_resume',
      },
      keys: new CookieSignatures(config.secretKeys),
      long: { httpOnly: true, sameSite: 'lax', path: '/', secure },
      short: { httpOnly: true, sameSite: 'lax', secure },
    },
    ttl: {
      AccessToken: lifetimes.accessTokenSeconds,
      ClientCredentials: lifetimes.accessTokenSeconds,
      AuthorizationCode: codeSeconds,
      IdToken: lifetimes.idTokenSeconds,
      Interaction: interactionSeconds,
      Session: lifetimes.sessionSeconds,
      // A refresh token's life counts from the sign-in: turning it does not make it longer.
      RefreshToken: (ctx, _token) =>
        ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? lifetimes.refreshTokenSeconds,
      Grant: grantLife.wholeSeconds,
    },
    features: {
      devInteractions: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId,
      },
      clientCredentials: { enabled: true },
      // The engine has these two on; what it advertises, libraries use at once.
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => signOut(ctx, form, pages, store),
        postLogoutSuccessSource: (ctx) => send(ctx, pages.signedOut({ language: languageOf(ctx) })),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, client, oneOf) => {
          const own = defaultResource(client as EngineClient, issuerUrl);
          if (oneOf) return oneOf.includes(own) ? own : oneOf;
          // A person's sign-in is good for both; a token is for one of them, its own unless `/token` is asked for ours.
          return ctx.oidc.route === 'token' || own === issuerUrl ? own : [own, issuerUrl];
        },
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) =>
          describeResource(ctx, resource, client as EngineClient, resourceSettings),
      },
    },
    interactions: {
      policy: signInPolicy(),
      url: (ctx, request) => loginUrl(ctx, request, parts.choice),
    },
    formats: {
      customizers: {
        jwt: (_ctx, token, jwt) => {
          const grantId = 'grantId' in token ? token.grantId : undefined;
          jwt.payload['jti'] = accessTokenId(grantId, String(jwt.payload['jti']));
        },
      },
    },
    loadExistingGrant: (ctx) => loadGrant(ctx, grantLife),
    findAccount: (ctx, accountId) => findAccount(ctx, accountId, parts.accounts),
    extraTokenClaims: (ctx) => {
      const account = ctx.oidc.entities.Account as EngineAccountWithRoles | undefined;
      if (!account) return undefined;
      const facts = factsOf(ctx.oidc.entities.Grant);
      return {
        roles: account.roles,
        ...(facts && { connection: facts.connection }),
        ...(facts?.tenant && { tenant: facts.tenant }),
        ...(facts?.signedInAt && { auth_time: facts.signedInAt }),
      };
    },
    renderError: (ctx, out, error) =>
      send(
        ctx,
        pages.error({
          language: languageOf(ctx),
          code: error instanceof errors.SessionNotFound ? 'session_not_found' : out.error,
          ...(out.error_description && { message: out.error_description }),
          requestId: requestIdOf(ctx),
          status: ctx.status,
        }),
      ),
  };
}

/** Straight to the hand-off where there is nothing to choose, else to the login page. */
async function loginUrl(
  ctx: KoaContextWithOIDC,
  request: { uid: string; params: Record<string, unknown> },
  choice: ConnectionChoice,
): Promise<string> {
  const { slug } = requestedConnection(request.params);
  const offered = await choice.offered(
    ctx.oidc.client as EngineClient,
    ctx.get('user-agent'),
    slug,
  );
  const [only] = offered;
  return only && offered.length === 1
    ? `/login/${request.uid}/${only.slug}`
    : `/login/${request.uid}`;
}

async function findAccount(
  ctx: KoaContextWithOIDC,
  accountId: string,
  accounts: AccountsRepository,
): Promise<EngineAccountWithRoles | undefined> {
  // The sign-in that just ended has read this account; nothing of it is told before `/token`, which reads it again.
  if (factsOfResult(ctx.oidc.result) && ctx.oidc.result?.login?.accountId === accountId) {
    return { accountId, roles: [], claims: () => Promise.resolve({ sub: accountId }) };
  }
  const account = await accounts.findAccount(accountId);
  const client = ctx.oidc.client as EngineClient | undefined;
  return account?.status === 'active' ? engineAccount(account, client?.allowed_scopes) : undefined;
}
