import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

import type { DemoClient } from '../provisioning.js';
import { jsapiRoutes, type PageScripts } from './jsapi.js';
import { personPage, startPage, styles } from './pages.js';
import { html, redirect } from './replies.js';
import { type DemoSession, Sessions } from './sessions.js';

/** A small application that signs its people in through Lingpai, as any other would: with a certified client library. */
export interface DemoApp {
  readonly url: string;
  stop(): Promise<void>;
}

export type Route = (session: DemoSession, url: URL, response: ServerResponse) => Promise<void>;

export async function startDemoApp(
  port: number,
  issuer: string,
  registration: DemoClient,
  scripts: PageScripts,
): Promise<DemoApp> {
  const configuration = await client.discovery(
    new URL(issuer),
    registration.clientId,
    { redirect_uris: [registration.redirectUri] },
    client.ClientSecretPost(registration.clientSecret),
    // The demo speaks http on this very machine.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it stands out; this is http on this very machine
    { execute: [client.allowInsecureRequests] },
  );
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  const sessions = new Sessions();
  const url = `http://localhost:${port}`;

  const routes: Record<string, Route> = {
    'GET /': async (session, _url, response) => {
      const { tokens } = session;
      if (!tokens) return html(response, startPage());
      const access = await jwtVerify(tokens.accessToken, keys, {
        issuer,
        audience: issuer,
        typ: 'at+jwt',
      });
      const person = await client.fetchUserInfo(
        configuration,
        tokens.accessToken,
        access.payload.sub ?? '',
      );
      html(response, personPage(tokens.claims, access.payload, person));
    },
    'GET /login': async (session, url, response) => {
      const verifier = client.randomPKCECodeVerifier();
      session.pending = { verifier, state: client.randomState(), nonce: client.randomNonce() };
      const { connection, login_hint: hint } = Object.fromEntries(url.searchParams);
      const target = client.buildAuthorizationUrl(configuration, {
        redirect_uri: registration.redirectUri,
        scope: 'openid profile phone email offline_access',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: session.pending.state,
        nonce: session.pending.nonce,
        ...(connection && { connection }),
        ...(hint && { login_hint: hint }),
      });
      redirect(response, target.href);
    },
    'GET /callback': async (session, url, response) => {
      const { pending } = session;
      delete session.pending;
      if (!pending)
        return html(response, startPage('There is no sign-in under way in this browser.'), 400);
      keep(
        session,
        await client.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: pending.verifier,
          expectedState: pending.state,
          expectedNonce: pending.nonce,
        }),
      );
      redirect(response, '/');
    },
    'POST /refresh': async (session, _url, response) => {
      const { tokens } = session;
      if (tokens?.refreshToken)
        keep(session, await client.refreshTokenGrant(configuration, tokens.refreshToken));
      redirect(response, '/');
    },
    'POST /logout': async (session, _url, response) => {
      const { tokens } = session;
      delete session.tokens;
      if (!tokens) return redirect(response, '/');
      if (tokens.refreshToken) await client.tokenRevocation(configuration, tokens.refreshToken);
      const target = client.buildEndSessionUrl(configuration, {
        id_token_hint: tokens.idToken,
        post_logout_redirect_uri: registration.postLogoutRedirectUri,
      });
      redirect(response, target.href);
    },
    ...jsapiRoutes(configuration, url, scripts),
    'GET /demo.css': async (_session, _url, response) => {
      await Promise.resolve(
        response.setHeader('Content-Type', 'text/css; charset=utf-8').end(styles),
      );
    },
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      html(response, startPage(wordsOf(error)), 400),
    );
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? '/', url);
    const route = routes[`${request.method ?? 'GET'} ${target.pathname}`];
    if (!route) return html(response, startPage('This page does not exist.'), 404);
    await route(sessions.of(request, response), target, response);
  }
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function keep(
  session: DemoSession,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): void {
  const refreshToken = tokens.refresh_token ?? session.tokens?.refreshToken;
  session.tokens = {
    accessToken: tokens.access_token,
    idToken: tokens.id_token ?? session.tokens?.idToken ?? '',
    claims: tokens.claims() ?? session.tokens?.claims ?? {},
    ...(refreshToken && { refreshToken }),
  };
}

/** What Lingpai told the application of a failed sign-in. */
function wordsOf(error: unknown): string {
  if (error instanceof client.AuthorizationResponseError)
    return error.error_description ?? error.error;
  return error instanceof Error ? error.message : String(error);
}
