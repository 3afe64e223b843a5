import { Injectable } from '@nestjs/common';

import { AppError } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';
import { type BrowserSession, BrowserSessions } from '../issuer/browser-sessions.js';
import type { BrowserAnswer, BrowserRequest } from '../sign-in/browser-request.js';
import { FormToken } from '../sign-in/form-token.js';
import { OwnSignIn } from '../sign-in/own-sign-in.js';
import type { AccountModel, Complaint } from '../sign-in/pages/page-models.js';
import { Pages } from '../sign-in/pages/pages.js';
import { BrowserCookie } from '../sign-in/sign-in-state.js';
import { SelfService } from './self-service.js';

/** What a person may meet here and mend. */
const mendable = [
  'last_sign_in_method',
  'identity_not_found',
  'connection_not_found',
  'identity_already_bound',
  'binding_conflict',
  'user_cancelled',
] as const;

/** A browser in which somebody is signed in, with the secret that its forms are tied to. */
interface Visitor {
  readonly session: BrowserSession;
  readonly secret: string;
}

/** `/account`: what a person sees of themselves, and the forms with which they change it. */
@Injectable()
export class AccountPage {
  readonly #cookie: BrowserCookie;

  constructor(
    config: Config,
    private readonly self: SelfService,
    private readonly sessions: BrowserSessions,
    private readonly connections: ConnectionRegistry,
    private readonly ownSignIn: OwnSignIn,
    private readonly forms: FormToken,
    private readonly pages: Pages,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /**
   * `GET /account`.
   * @param result what a binding link or a form came back with: `binding=ok`, `unbound=ok`, `error=<code>`
   */
  async show(
    browser: BrowserRequest,
    sessionId: string | undefined,
    result: Readonly<Record<string, unknown>>,
  ): Promise<BrowserAnswer> {
    const session = await this.sessions.find(sessionId);
    if (!session) return this.ownSignIn.begin('/account', false);
    const known = this.#cookie.read(browser.cookie);
    const secret = known ?? this.#cookie.newValue();
    const code = mendable.find((each) => each === result['error']);
    const done =
      result['binding'] === 'ok' ? 'bound' : result['unbound'] === 'ok' ? 'unbound' : undefined;
    const model = await this.#model(browser, sessionId, { session, secret });
    const page = this.pages.account({
      ...model,
      ...(done && { done }),
      ...(code && { complaint: { code } satisfies Complaint }),
    });
    return {
      kind: 'page',
      // What was refused was refused before: this is only the news of it.
      page: { ...page, status: 200 },
      ...(!known && { setCookie: this.#cookie.headers(secret) }),
    };
  }

  /** `POST /account/bindings/:slug`: off to the platform, after a fresh sign-in. */
  bind(
    slug: string,
    csrf: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    return this.#change(csrf, browser, sessionId, true, async ({ session }) => {
      const { accountId, signedInAt } = session;
      const url = await this.self.beginOwnBinding(accountId, signedInAt, slug);
      // A page that moves on: a redirect of a form must not leave for a platform.
      return {
        kind: 'page',
        page: this.pages.handOffForward({ language: browser.language, url }),
      };
    });
  }

  /** `POST /account/identities/:id/unbind`. */
  unbind(
    identityId: string,
    csrf: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    return this.#change(csrf, browser, sessionId, true, async ({ session }) => {
      const { accountId, signedInAt } = session;
      await this.self.unbind(accountId, identityId, signedInAt, actorOf(accountId, browser));
      return { kind: 'redirect', url: '/account?unbound=ok' };
    });
  }

  /** `POST /account/sign-out-everywhere`. */
  signOutEverywhere(
    csrf: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    return this.#change(csrf, browser, sessionId, false, async ({ session: { accountId } }) => {
      await this.self.signOutEverywhere(accountId, actorOf(accountId, browser));
      return { kind: 'page', page: this.pages.signedOut({ language: browser.language }) };
    });
  }

  async #change(
    csrf: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
    wantsFresh: boolean,
    work: (visitor: Visitor) => Promise<BrowserAnswer>,
  ): Promise<BrowserAnswer> {
    const session = await this.sessions.find(sessionId);
    const secrets = this.#cookie.readAll(browser.cookie);
    const [secret] = secrets;
    if (!session || !secret || !this.forms.matches(secrets, csrf))
      return this.ownSignIn.begin('/account', false);
    // After the sign-in the person presses the button again: a form is not sent on anybody's behalf.
    if (wantsFresh && !this.self.isFresh(session.signedInAt))
      return this.#forward(this.ownSignIn.begin('/account', true), browser);
    try {
      return await work({ session, secret });
    } catch (error) {
      const code = error instanceof AppError && mendable.find((each) => each === error.code);
      if (!code) throw error;
      return { kind: 'redirect', url: `/account?error=${code}` };
    }
  }

  /** From a form to a sign-in, which may end on a platform. */
  #forward(answer: BrowserAnswer, browser: BrowserRequest): BrowserAnswer {
    if (answer.kind === 'page') return answer;
    const page = this.pages.handOffForward({ language: browser.language, url: answer.url });
    return { kind: 'page', page, ...(answer.setCookie && { setCookie: answer.setCookie }) };
  }

  async #model(
    browser: BrowserRequest,
    sessionId: string | undefined,
    { session: { accountId }, secret }: Visitor,
  ): Promise<AccountModel> {
    const [account, identities, sessions, connections] = await Promise.all([
      this.self.account(accountId),
      this.self.identitiesOf(accountId),
      this.sessions.ofAccount(accountId, sessionId),
      this.connections.list(),
    ]);
    const nameOf = (slug: string | undefined): string =>
      connections.find((connection) => connection.slug === slug)?.displayName ?? slug ?? '';
    // Whoever left and came back may bind anew.
    const living = identities.filter(({ leftAt }) => leftAt === null);
    const taken = new Set(living.map(({ connection }) => connection));
    return {
      language: browser.language,
      csrf: this.forms.of(secret),
      account: {
        displayName: account.displayName ?? undefined,
        phone: account.phone ?? undefined,
        phoneVerified: account.phoneVerified,
        email: account.email ?? undefined,
      },
      identities: identities.map((identity) => ({
        platform: identity.platform ?? '',
        connectionName: nameOf(identity.connection),
        tenant: identity.tenant ?? undefined,
        userId: identity.userId ?? undefined,
        boundAt: identity.createdAt,
        lastUsedAt: identity.lastUsedAt,
        leftAt: identity.leftAt ?? undefined,
        unbindAction: `/account/identities/${identity.id}/unbind`,
      })),
      bindable: connections.filter((each) => mayBind(each, taken)).map(toBindable),
      sessions: sessions.map(({ current, connection, signedInAt }) => ({
        current,
        connectionName: nameOf(connection),
        signedInAt,
      })),
      signOutEverywhereAction: '/account/sign-out-everywhere',
      signOutHref: '/logout',
    };
  }
}

function mayBind({ slug, platform, enabled }: OpenConnection, taken: ReadonlySet<string>): boolean {
  return enabled && platform !== 'local' && !taken.has(slug);
}

function toBindable({
  slug,
  displayName,
  platform,
}: OpenConnection): AccountModel['bindable'][number] {
  return { slug, displayName, platform, action: `/account/bindings/${slug}` };
}

function actorOf(accountId: string, { ip, requestId }: BrowserRequest) {
  return {
    actor: `account:${accountId}`,
    clientId: 'lingpai-account',
    ...(ip && { ip }),
    requestId,
  };
}
