import { Injectable } from '@nestjs/common';

import type { ErrorCode } from '../../common/app-error.js';
import { ClientRegistry } from '../issuer/clients/client.registry.js';
import { parseLoginHint } from '../issuer/connection-choice.js';
import { textOf } from '../issuer/text-of.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { inLanguageOf } from './pages/language.js';
import { Pages } from './pages/pages.js';

/** The page for a step that does not belong here: begun in another browser, used already, or too old. */
@Injectable()
export class StartAgain {
  constructor(
    private readonly pages: Pages,
    private readonly clients: ClientRegistry,
  ) {}

  expired(browser: BrowserRequest): BrowserAnswer {
    return this.#page('sign_in_expired', browser, undefined);
  }

  /** @param params the request to which the step belonged, where that is known */
  async notHere(
    browser: BrowserRequest,
    params: Readonly<Record<string, unknown>> | undefined,
  ): Promise<BrowserAnswer> {
    const beginning = params && (await this.#beginning(params));
    return this.#page('state_invalid', inLanguageOf(browser, params), beginning);
  }

  /** The client's own starting point; it knows best, since its own state may live in the other browser. */
  async #beginning(params: Readonly<Record<string, unknown>>): Promise<string> {
    const client = await this.clients.find(String(params['client_id']));
    // Whoever holds the state sees this page: whom the application expected is not theirs to know.
    const { id_token_hint: _token, login_hint: hint, ...rest } = params;
    const namesConnection = parseLoginHint(textOf(hint)).slug !== undefined;
    return (
      client?.initiateLoginUri ??
      authorizeUrl({ ...rest, ...(namesConnection && { login_hint: hint }) })
    );
  }

  #page(
    code: ErrorCode,
    browser: BrowserRequest,
    startAgainUrl: string | undefined,
  ): BrowserAnswer {
    return {
      kind: 'page',
      page: this.pages.startAgain({
        language: browser.language,
        code,
        requestId: browser.requestId,
        ...(startAgainUrl && { startAgainUrl }),
      }),
    };
  }
}

/** The authorization request once more. */
export function authorizeUrl(params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'string') query.append(name, one);
    }
  }
  return `/authorize?${query.toString()}`;
}
