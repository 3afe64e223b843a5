import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { Injectable } from '@nestjs/common';
import { type KoaContextWithOIDC, Provider, type TokenEndpointGrantContext } from 'oidc-provider';

import { AccountsRepository } from '../../account-binding/accounts.repository.js';
import { Logger } from '../../common/logger.js';
import { scrubText } from '../../common/scrub-text.js';
import { Config } from '../../config/config.js';
import { RequestLimits } from '../../request-limits/request-limits.js';
import { Pages } from '../sign-in/pages/pages.js';
import { AccessTokens } from './access-tokens.js';
import { ClientMetadataSource } from './client-metadata.js';
import { ConnectionChoice } from './connection-choice.js';
import { adjustAnswers } from './engine-answers.js';
import { refuseLargeBodies } from './engine-bodies.js';
import { engineConfiguration } from './engine-configuration.js';
import { adjustHeaders } from './engine-headers.js';
import { adjustKeys } from './engine-keys.js';
import { limitRequests } from './engine-limits.js';
import { oidcAdapter } from './oidc-adapter.js';
import { OidcStore } from './oidc-store.js';
import { keepFacts } from './sign-in-facts.js';
import type { KeySet } from './signing-keys/key-schedule.js';
import { SigningKeys } from './signing-keys/signing-keys.js';

/** One more grant type at `/token`. */
export interface GrantExtension {
  readonly name: string;
  readonly params: readonly string[];
  handle(ctx: TokenEndpointGrantContext): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The protocol engine (oidc-provider), configured for our contract. An engine holds its keys for life, so a change of keys
 * makes a new one; requests under way end on the old.
 */
@Injectable()
export class OidcEngine {
  readonly #extensions: GrantExtension[] = [];
  #current: { keys: KeySet; provider: Provider; handle: Handler } | undefined;

  constructor(
    private readonly config: Config,
    private readonly signingKeys: SigningKeys,
    private readonly store: OidcStore,
    private readonly clients: ClientMetadataSource,
    private readonly choice: ConnectionChoice,
    private readonly accounts: AccountsRepository,
    private readonly accessTokens: AccessTokens,
    private readonly pages: Pages,
    private readonly limits: RequestLimits,
    private readonly logger: Logger,
  ) {}

  /** Registers a grant type; to be called before the first request. */
  addGrant(extension: GrantExtension): void {
    this.#extensions.push(extension);
    this.#current = undefined;
  }

  get provider(): Provider {
    return this.#engine().provider;
  }

  /** Answers one request on a path of the engine. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#engine().handle(request, response);
  }

  /**
   * Reads the signed cookie that ties a browser to a waiting request.
   * @returns the request's uid
   */
  interactionCookie(request: IncomingMessage, response: ServerResponse): string | undefined {
    const { provider } = this.#engine();
    return provider
      .createContext(request, response)
      .cookies.get(provider.cookieName('interaction'));
  }

  sessionCookie(request: IncomingMessage, response: ServerResponse): string | undefined {
    const { provider } = this.#engine();
    return provider.createContext(request, response).cookies.get(provider.cookieName('session'));
  }

  #engine(): { provider: Provider; handle: Handler } {
    const keys = this.signingKeys.current();
    if (this.#current?.keys !== keys) {
      const provider = this.#build(keys);
      const answer = provider.callback();
      this.#current = {
        keys,
        provider,
        handle: (request, response) => void answer(request, response),
      };
    }
    return this.#current;
  }

  #build(keys: KeySet): Provider {
    const provider = new Provider(this.config.issuerUrl, {
      ...engineConfiguration(
        {
          config: this.config,
          accounts: this.accounts,
          choice: this.choice,
          pages: this.pages,
          store: this.store,
        },
        keys,
      ),
      adapter: oidcAdapter(this.store, this.clients),
    });
    // The address that requests seem to come in on is set by `issuer.middleware.ts`, from ISSUER_URL alone.
    provider.proxy = true;
    keepFacts(provider);
    adjustHeaders(provider, () => this.signingKeys.maxAgeSeconds());
    adjustKeys(provider, keys, () => this.signingKeys.maySign());
    limitRequests(provider, this.limits, this.pages);
    refuseLargeBodies(provider, this.pages);
    adjustAnswers(provider, { tokens: this.accessTokens, store: this.store, pages: this.pages });
    for (const extension of this.#extensions) {
      provider.registerGrantType(extension.name, (ctx) => extension.handle(ctx), [
        ...extension.params,
        'scope',
        'resource',
      ]);
    }
    this.#listen(provider);
    return provider;
  }

  #listen(provider: Provider): void {
    const note =
      (step: string) =>
      (
        ctx: KoaContextWithOIDC,
        error: Error & { error_detail?: string; error_description?: string },
      ) => {
        this.logger.info(
          {
            step,
            clientId: ctx.oidc.client?.clientId,
            error: error.message,
            // The engine's words may quote what was sent.
            detail: scrubText(error.error_detail ?? error.error_description ?? ''),
          },
          'the request was refused',
        );
      };
    // Koa would print what nobody listens to, past our log.
    (provider as EventEmitter).on('error', (error: unknown) => {
      this.logger.error({ err: error }, 'the engine could not answer');
    });
    provider.on('authorization.error', note('authorize'));
    provider.on('grant.error', note('token'));
    provider.on('introspection.error', note('introspect'));
    provider.on('revocation.error', note('revoke'));
    provider.on('end_session.error', note('logout'));
    provider.on('server_error', (_ctx, error: Error & { expose?: boolean }) => {
      // What we foresaw was logged where it happened.
      if (error.expose) return;
      this.logger.error({ err: error }, 'the engine met an error of ours');
    });
  }
}
