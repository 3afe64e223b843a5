import { Injectable } from '@nestjs/common';

import { AppError } from '../../common/app-error.js';
import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';
import { ClientRegistry, type RegisteredClient } from '../issuer/clients/client.registry.js';
import { ConnectionChoice } from '../issuer/connection-choice.js';
import { Interactions, type PendingRequest } from '../issuer/interactions.js';
import { requestedConnection } from '../issuer/request-checks.js';
import type { Provider } from '../providers/provider.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { Departure, isOnPlatform } from './departure.js';
import { failureOf } from './failures.js';
import { inLanguageOf } from './pages/language.js';
import { Pages } from './pages/pages.js';
import { PersonSignIn } from './person-sign-in.js';
import { StartAgain } from './start-again.js';
import { BeginStep } from './steps/begin-step.js';

/** The way out: the login page, and the hand-off to a platform. */
@Injectable()
export class HandOff {
  constructor(
    private readonly interactions: Interactions,
    private readonly clients: ClientRegistry,
    private readonly connections: ConnectionRegistry,
    private readonly choice: ConnectionChoice,
    private readonly departure: Departure,
    private readonly people: PersonSignIn,
    private readonly steps: BeginStep,
    private readonly startAgain: StartAgain,
    private readonly pages: Pages,
  ) {}

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
        language: inLanguageOf(browser, request.params).language,
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
   */
  async toPlatform(
    uid: string,
    slug: string,
    tiedTo: string | undefined,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    if (tiedTo !== uid) return this.startAgain.expired(browser);
    const connection = await this.connections.find(slug);
    if (!connection) return this.#noConnection(browser);
    if (!isOnPlatform(connection)) return this.#toOwnPages(uid, connection, browser);
    try {
      return await this.#leave(uid, connection, browser);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return this.#failed(uid, connection, error, browser);
    }
  }

  async #leave(
    uid: string,
    connection: OpenConnection & { readonly provider: Provider },
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const { slug, provider } = connection;
    // Of interest only where there may be a corp to choose.
    const request = provider.installing && (await this.interactions.find(uid));
    const leaving = await this.departure.leave(
      connection,
      { kind: 'sign-in', interactionUid: uid },
      inLanguageOf(browser, request?.params),
      {
        webPath: `/login/${uid}/${slug}?way=web`,
        forceWeb: browser.way === 'web',
        tenant: request && tenantIn(request, slug),
      },
    );
    const client = leaving && (await this.clients.find(String(leaving.params['client_id'])));
    if (!client) return this.startAgain.expired(browser);
    // The attempt of a connection that this client may not use is never told its state.
    if (!(await this.choice.isPossible(client, slug))) return this.#noConnection(browser);
    return leaving.answer;
  }

  /** It failed before it left: the client is told as of one that came back. */
  async #failed(
    uid: string,
    { slug }: OpenConnection,
    error: AppError,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const pending = await this.#pending(uid, uid);
    if (!pending) return this.startAgain.expired(browser);
    if (!(await this.choice.isPossible(pending.client, slug))) return this.#noConnection(browser);
    const { ip, requestId } = browser;
    this.people.noteFailure(slug, error, { ip, requestId, clientId: pending.client.clientId });
    const outcome = { kind: 'failed' as const, ...failureOf(error) };
    const next = await this.interactions.finish(uid, undefined, outcome, undefined);
    return next ? { kind: 'redirect', url: next } : this.startAgain.expired(browser);
  }

  async #toOwnPages(
    uid: string,
    connection: OpenConnection,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const pending = await this.#pending(uid, uid);
    if (!pending) return this.startAgain.expired(browser);
    if (!(await this.choice.isPossible(pending.client, connection.slug)))
      return this.#noConnection(browser);
    return this.steps.local(uid, connection.slug, browser);
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

/** The corp that the waiting request names for this connection. */
function tenantIn({ params }: PendingRequest, slug: string): string | undefined {
  const named = requestedConnection(params);
  return named.slug === undefined || named.slug === slug ? named.tenant : undefined;
}
