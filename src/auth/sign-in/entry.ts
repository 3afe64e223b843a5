import { Injectable } from '@nestjs/common';

import type { ErrorCode } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { ClientRegistry, type RegisteredClient } from '../issuer/clients/client.registry.js';
import { ConnectionChoice } from '../issuer/connection-choice.js';
import { webOriginOf } from '../issuer/registered-origins.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { Pages } from './pages/pages.js';

/**
 * Sends a person who comes from a platform's workbench to the application, which then begins a sign-in of its own
 * (OpenID Connect Core 4, third-party-initiated login).
 */
@Injectable()
export class Entry {
  constructor(
    private readonly config: Config,
    private readonly clients: ClientRegistry,
    private readonly choice: ConnectionChoice,
    private readonly pages: Pages,
  ) {}

  async resolve(
    slug: string,
    query: Readonly<Record<string, unknown>>,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const client = await this.clients.find(text(query['client_id']) ?? '');
    if (!client) return this.#refuse('client_not_found', 400, browser);
    if (!(await this.choice.isPossible(client, slug)))
      return this.#refuse('connection_not_found', 404, browser);
    if (!client.initiateLoginUri) return this.#refuse('initiate_login_uri_missing', 400, browser);

    const tenant = /^[\w-]{1,64}$/.exec(text(query['tenant']) ?? '')?.[0];
    const url = new URL(client.initiateLoginUri);
    url.searchParams.set('iss', this.config.issuerUrl);
    url.searchParams.set(
      'target_link_uri',
      targetOf(client, client.initiateLoginUri, text(query['target_link_uri'])),
    );
    url.searchParams.set('login_hint', `connection:${slug}${tenant ? `/${tenant}` : ''}`);
    return { kind: 'redirect', url: url.href };
  }

  #refuse(code: ErrorCode, status: number, browser: BrowserRequest): BrowserAnswer {
    const { language, requestId } = browser;
    return { kind: 'page', page: this.pages.error({ language, code, requestId, status }) };
  }
}

/** Where the application shall lead the person in the end: only ever into the application itself. */
function targetOf(
  client: RegisteredClient,
  initiateLoginUri: string,
  asked: string | undefined,
): string {
  const own = [initiateLoginUri, ...client.redirectUris].map(webOriginOf);
  const origin = asked === undefined ? undefined : webOriginOf(asked);
  if (asked === undefined || origin === undefined || !own.includes(origin))
    return new URL('/', initiateLoginUri).href;
  // As we read it: a backslash or a name before the host could lead another reader elsewhere.
  const { pathname, search, hash } = new URL(asked);
  return origin + pathname + search + hash;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
