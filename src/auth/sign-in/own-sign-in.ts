import { createHash, randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { parse, serialize } from 'cookie';

import { Config } from '../../config/config.js';
import { ownClientId, ownRedirectPath } from '../issuer/clients/own-client.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { Pages } from './pages/pages.js';

/** Where a sign-in of our own may lead back to: nothing else is followed. */
const ownPath = /^\/(?:account|bind\/[\w-]{43})$/;

/**
 * Our own pages sign people in as any application does: through `/authorize`, as a client of ourselves. The session that this makes
 * is what they go by; the code that comes along is left to expire.
 */
@Injectable()
export class OwnSignIn {
  readonly #cookie: string;
  readonly #secure: boolean;

  constructor(
    private readonly config: Config,
    private readonly pages: Pages,
  ) {
    this.#secure = config.issuerUrl.startsWith('https:');
    this.#cookie = this.#secure ? '__Host-lingpai_return' : 'lingpai_return';
  }

  /**
   * Asks for a sign-in, and remembers in the browser what for.
   * @param fresh whether somebody who is signed in has to do it again
   */
  begin(path: string, fresh: boolean): BrowserAnswer {
    const state = randomBytes(16).toString('base64url');
    const url = new URL('/authorize', this.config.issuerUrl);
    url.search = new URLSearchParams({
      client_id: ownClientId,
      redirect_uri: `${this.config.issuerUrl}${ownRedirectPath}`,
      response_type: 'code',
      scope: 'openid',
      state,
      // Nobody redeems the code, so nobody needs the verifier.
      code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
      code_challenge_method: 'S256',
      ...(fresh && { prompt: 'login' }),
    }).toString();
    return {
      kind: 'redirect',
      url: url.href,
      setCookie: this.#setCookie(`${state}.${path}`, 3600),
    };
  }

  /** Where a sign-in that has come back leads: only to a path of ours that this very browser asked for. */
  end(state: string, cookieHeader: string | undefined): BrowserAnswer {
    const kept = parse(cookieHeader ?? '')[this.#cookie] ?? '';
    const at = kept.indexOf('.');
    const path = kept.slice(at + 1);
    const known = at > 0 && kept.slice(0, at) === state && ownPath.test(path);
    return { kind: 'redirect', url: known ? path : '/account', setCookie: this.#setCookie('', 0) };
  }

  /** A sign-in of our own that failed: there is no application to tell. */
  failed(code: string, { language, requestId }: BrowserRequest): BrowserAnswer {
    const page = this.pages.error({
      language,
      code,
      requestId,
      status: 403,
      startAgainUrl: '/account',
    });
    return { kind: 'page', page };
  }

  #setCookie(value: string, maxAge: number): string {
    return serialize(this.#cookie, value, {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      secure: this.#secure,
      maxAge,
    });
  }
}
