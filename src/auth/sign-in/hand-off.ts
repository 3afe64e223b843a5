import { Injectable } from '@nestjs/common';

import { Config } from '../../config/config.js';
import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';
import { ClientRegistry, type RegisteredClient } from '../issuer/clients/client.registry.js';
import { ConnectionChoice } from '../issuer/connection-choice.js';
import { Interactions, type PendingRequest } from '../issuer/interactions.js';
import { requestedConnection } from '../issuer/request-checks.js';
import type { CodeKind } from '../providers/provider.js';
import { AttemptsRepository } from './attempts.repository.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { Pages } from './pages/pages.js';
import { BrowserCookie, newState } from './sign-in-state.js';
import { StartAgain } from './start-again.js';

/** The way out: the login page, and the hand-off to a platform. */
@Injectable()
export class HandOff {
  readonly #cookie: BrowserCookie;

  constructor(
    private readonly config: Config,
    private readonly interactions: Interactions,
    private readonly clients: ClientRegistry,
    private readonly connections: ConnectionRegistry,
    private readonly choice: ConnectionChoice,
    private readonly attempts: AttemptsRepository,
    private readonly startAgain: StartAgain,
    private readonly pages: Pages,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /** `GET /login/:uid`: what there is to choose from; straight on where there is no choice. */
  async loginPage(
    uid: string,
    tiedTo: string | undefined,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const pending = await this.#pending(uid, tiedTo);
    if (!pending) return this.startAgain.expired(browser);
    const { request, client } = pending;
    const { slug } = requestedConnection(request.params);
    const offered = await this.choice.offered(client, browser.userAgent, slug);
    const [only] = offered;
    if (!only) return this.#noConnection(browser);
    if (offered.length === 1) return { kind: 'redirect', url: `/login/${uid}/${only.slug}` };
    return {
      kind: 'page',
      page: this.pages.login({
        language: browser.language,
        clientName: client.displayName,
        connections: offered.map((connection) => ({
          slug: connection.slug,
          displayName: connection.displayName,
          platform: connection.platform,
          href: `/login/${uid}/${connection.slug}`,
        })),
      }),
    };
  }

  /**
   * `GET /login/:uid/:slug`: remembers the attempt and sends the browser to the platform.
   * @param way `web` where the person could not be signed in silently inside the platform's client
   */
  async toPlatform(
    uid: string,
    slug: string,
    tiedTo: string | undefined,
    way: string | undefined,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    if (tiedTo !== uid) return this.startAgain.expired(browser);
    const connection = await this.connections.find(slug);
    if (!connection) return this.#noConnection(browser);

    const { inApp } = connection.provider;
    const codeKind: CodeKind =
      way !== 'web' && inApp.recognises(browser.userAgent) ? 'in-app' : 'web';
    const known = this.#cookie.read(browser.cookie);
    const secret = known ?? this.#cookie.newValue();
    const state = newState();
    const params = await this.attempts.create(state, secret, {
      connection: slug,
      codeKind,
      interactionUid: uid,
    });
    const client = params && (await this.clients.find(String(params['client_id'])));
    if (!client) return this.startAgain.expired(browser);
    // The attempt of a connection that this client may not use is never told its state.
    if (!(await this.choice.isPossible(client, slug))) return this.#noConnection(browser);
    const answer = this.#goTo(connection, codeKind, state, uid, browser);
    return known ? answer : { ...answer, setCookie: this.#cookie.header(secret) };
  }

  #goTo(
    connection: OpenConnection,
    codeKind: CodeKind,
    state: string,
    uid: string,
    browser: BrowserRequest,
  ): BrowserAnswer {
    const { web, inApp } = connection.provider;
    const callbackUrl = new URL(`/callback/${connection.slug}`, this.config.issuerUrl);
    const language = browser.language === 'en' ? 'en' : 'zh';
    if (codeKind === 'in-app' && inApp.handOff === 'script') {
      callbackUrl.searchParams.set('state', state);
      return {
        kind: 'page',
        page: this.pages.handOffScript({
          language: browser.language,
          bridge: inApp.bridge,
          callbackUrl: callbackUrl.href,
          fallbackUrl: `/login/${uid}/${connection.slug}?way=web`,
        }),
      };
    }
    const way = codeKind === 'in-app' && inApp.handOff === 'redirect' ? inApp : web;
    return { kind: 'redirect', url: way.authorizationUrl({ state, callbackUrl, language }).href };
  }

  /** The waiting request, if this browser is the one in which it began. */
  async #pending(
    uid: string,
    tiedTo: string | undefined,
  ): Promise<{ request: PendingRequest; client: RegisteredClient } | undefined> {
    if (tiedTo !== uid) return undefined;
    const request = await this.interactions.find(uid);
    const client = request && (await this.clients.find(request.clientId));
    return client && { request, client };
  }

  #noConnection(browser: BrowserRequest): BrowserAnswer {
    return {
      kind: 'page',
      page: this.pages.error({
        language: browser.language,
        code: 'connection_not_found',
        requestId: browser.requestId,
        status: 404,
      }),
    };
  }
}
