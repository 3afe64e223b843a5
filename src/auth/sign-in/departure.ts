import { Injectable } from '@nestjs/common';

import { Config } from '../../config/config.js';
import type { OpenConnection } from '../../connections/connection.registry.js';
import type { CodeKind, Provider } from '../providers/provider.js';
import { AttemptsRepository, type Goal } from './attempts.repository.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { inLanguageOf } from './pages/language.js';
import { Pages } from './pages/pages.js';
import { BrowserCookie, newState } from './sign-in-state.js';
import { TenantChoice } from './tenant-choice.js';

/** A browser that is about to leave for a platform. */
export interface Leaving {
  /** The client's authorization parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly answer: BrowserAnswer;
}

/** How it leaves. */
interface Way {
  readonly codeKind: CodeKind;
  readonly state: string;
  readonly tenant: string | undefined;
  readonly webPath: string;
}

/** Sends a browser to a platform, and remembers what for: every way out goes through here. */
@Injectable()
export class Departure {
  readonly #cookie: BrowserCookie;

  constructor(
    private readonly config: Config,
    private readonly attempts: AttemptsRepository,
    private readonly tenants: TenantChoice,
    private readonly pages: Pages,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /**
   * Notes the attempt, and says where the browser goes.
   * @param webPath leads to the platform's page in an ordinary browser, where the silent way does not work
   * @param forceWeb whether the silent way has been tried
   * @param tenant the corp that the request behind the goal names
   * @param secret what the browser's cookie shall hold, where the caller has tied something to it already
   * @returns `undefined` when the request behind the goal has expired
   * @throws AppError where the platform says, or we know, that the sign-in cannot begin
   */
  async leave(
    connection: OpenConnection & { readonly provider: Provider },
    goal: Goal,
    browser: BrowserRequest,
    {
      webPath,
      forceWeb,
      tenant: named,
      secret: chosen,
    }: {
      readonly webPath: string;
      readonly forceWeb: boolean;
      readonly tenant?: string | undefined;
      readonly secret?: string;
    },
  ): Promise<Leaving | undefined> {
    const { inApp } = connection.provider;
    const codeKind: CodeKind = !forceWeb && inApp.recognises(browser.userAgent) ? 'in-app' : 'web';
    const known = this.#cookie.read(browser.cookie);
    const secret = chosen ?? known ?? this.#cookie.newValue();
    const state = newState();
    const { slug, provider } = connection;
    // What the application asked for is not the browser's to change.
    const where = await this.tenants.of(provider, named ?? browser.tenant, webPath, browser);
    const tenant = where.kind === 'known' ? where.tenant : undefined;
    const attempt = { connection: slug, codeKind, goal, tenant };
    const params = await this.attempts.create(state, secret, attempt);
    if (!params) return undefined;
    const answer: BrowserAnswer =
      where.kind === 'asked'
        ? { kind: 'page', page: where.page }
        : await this.#goTo(
            connection,
            { codeKind, state, tenant, webPath },
            inLanguageOf(browser, params),
          );
    return {
      params,
      answer: known === secret ? answer : { ...answer, setCookie: this.#cookie.headers(secret) },
    };
  }

  async #goTo(
    { slug, provider }: OpenConnection & { readonly provider: Provider },
    { codeKind, state, tenant, webPath }: Way,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const { web, inApp } = provider;
    const callbackUrl = new URL(`/callback/${slug}`, this.config.issuerUrl);
    const language = browser.language === 'en' ? 'en' : 'zh';
    if (codeKind === 'in-app' && inApp.handOff === 'script') {
      callbackUrl.searchParams.set('state', state);
      return {
        kind: 'page',
        page: this.pages.handOffScript({
          language: browser.language,
          bridge: inApp.bridge,
          callbackUrl: callbackUrl.href,
          fallbackUrl: webPath,
        }),
      };
    }
    const way = codeKind === 'in-app' && inApp.handOff === 'redirect' ? inApp : web;
    const { href: url } = await way.authorizationUrl({
      state,
      callbackUrl,
      language,
      ...(tenant !== undefined && { tenant }),
    });
    return way.leaveBy === 'page'
      ? { kind: 'page', page: this.pages.handOffForward({ language: browser.language, url }) }
      : { kind: 'redirect', url };
  }
}

/** Whether a connection leads to a platform, and not to our own accounts. */
export function isOnPlatform(
  connection: OpenConnection,
): connection is OpenConnection & { readonly provider: Provider } {
  return connection.provider.platform !== 'local';
}
