import { Injectable } from '@nestjs/common';

import { AccountsRepository } from '../../../account-binding/accounts.repository.js';
import { BindingService } from '../../../account-binding/binding.service.js';
import { maskPhone } from '../../../account-binding/phone-number.js';
import { AuditService } from '../../../audit/audit.service.js';
import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { httpStatusOf } from '../../../common/problem.filter.js';
import { Config } from '../../../config/config.js';
import {
  ConnectionRegistry,
  type OpenConnection,
} from '../../../connections/connection.registry.js';
import { BrowserSessions } from '../../issuer/browser-sessions.js';
import type { BrowserAnswer, BrowserRequest } from '../browser-request.js';
import { Departure, isOnPlatform } from '../departure.js';
import { FormToken } from '../form-token.js';
import { OwnSignIn } from '../own-sign-in.js';
import { Pages } from '../pages/pages.js';
import { known, PersonSignIn } from '../person-sign-in.js';
import { BrowserCookie } from '../sign-in-state.js';
import { type BindingLink as Link, BindingLinksRepository } from './binding-links.repository.js';

/**
 * The browser's way of binding one more identity (DESIGN 12): the link opens once, only where its person is signed in; after the
 * platform a page names both sides and asks for a click. So nobody is led to bind their identity to another's account.
 */
@Injectable()
export class BindingLink {
  readonly #cookie: BrowserCookie;

  constructor(
    config: Config,
    private readonly links: BindingLinksRepository,
    private readonly sessions: BrowserSessions,
    private readonly ownSignIn: OwnSignIn,
    private readonly connections: ConnectionRegistry,
    private readonly departure: Departure,
    private readonly accounts: AccountsRepository,
    private readonly binding: BindingService,
    private readonly people: PersonSignIn,
    private readonly forms: FormToken,
    private readonly audit: AuditService,
    private readonly pages: Pages,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /** `GET /bind/:ticket`. */
  async open(
    ticket: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const link = await this.links.findUnopened(ticket);
    if (!link) return this.#error('binding_link_invalid', browser);
    const session = await this.sessions.find(sessionId);
    if (!session) return this.ownSignIn.begin(`/bind/${ticket}`, false);
    if (session.accountId !== link.accountId)
      return this.#error('other_person_signed_in', browser, `/bind/${ticket}/sign-in`);
    const connection = await this.#connectionOf(link);
    if (!connection || !isOnPlatform(connection))
      return this.#error('connection_not_found', browser);

    const secret = this.#cookie.read(browser.cookie) ?? this.#cookie.newValue();
    if (!(await this.links.open(link.id, secret)))
      return this.#error('binding_link_invalid', browser);
    return this.#depart(link, connection, browser, { forceWeb: false, secret });
  }

  /** `GET /bind/again/:id`: the silent way inside a platform's client did not work. */
  async again(id: string, browser: BrowserRequest): Promise<BrowserAnswer> {
    const link = await this.#opened(id, browser);
    const connection = link && (await this.#connectionOf(link));
    if (!connection || !isOnPlatform(connection))
      return this.#error('binding_link_invalid', browser);
    return this.#depart(link, connection, browser, { forceWeb: true });
  }

  /** `GET /bind/:ticket/sign-in`: signs in as somebody else first. */
  signIn(ticket: string): BrowserAnswer {
    return this.ownSignIn.begin(`/bind/${ticket}`, true);
  }

  /** `GET /bind/confirm/:id`: names both sides. */
  async confirmPage(
    id: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const link = await this.#confirmable(id, browser, sessionId);
    const connection = link && (await this.#connectionOf(link));
    const account = link && (await this.accounts.findAccount(link.accountId));
    if (!link?.proven || !connection || !account)
      return this.#error('binding_link_invalid', browser);
    const { identity } = link.proven;
    return {
      kind: 'page',
      page: this.pages.confirmBinding({
        language: browser.language,
        csrf: this.forms.of(this.#cookie.readAll(browser.cookie)[0] ?? ''),
        cancelAction: `/bind/cancel/${id}`,
        leadsTo: [link.returnTo],
        identity: {
          platform: connection.platform,
          connectionName: connection.displayName,
          ...(identity.profile.displayName && { displayName: identity.profile.displayName }),
          ...(identity.tenant && { tenant: identity.tenant }),
        },
        account: {
          ...(account.displayName && { displayName: account.displayName }),
          ...(account.phone && { maskedPhone: maskPhone(account.phone) }),
        },
        action: `/bind/confirm/${id}`,
      }),
    };
  }

  /** `POST /bind/confirm/:id`: the click. */
  async confirm(
    id: string,
    csrf: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const link = await this.#confirmable(id, browser, sessionId);
    const connection = link && (await this.#connectionOf(link));
    if (!link?.proven || !connection || !this.#isOurForm(csrf, browser))
      return this.#error('binding_link_invalid', browser);
    const { accountId } = link;
    const event = {
      action: 'identity.bind',
      accountId,
      actor: `account:${accountId}`,
      connection: connection.slug,
      ...known({ ip: browser.ip, requestId: browser.requestId, clientId: link.clientId }),
    };
    try {
      await this.binding.bindProven(accountId, this.people.recordOf(connection, link.proven));
      this.audit.record({ ...event, outcome: 'ok', reason: 'self_service' });
      return await this.#leave(link, { binding: 'ok' });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.audit.record({ ...event, outcome: 'refused', reason: error.code });
      return this.#leave(link, { error: error.code });
    }
  }

  /** `POST /bind/cancel/:id`. */
  async cancel(id: string, csrf: string, browser: BrowserRequest): Promise<BrowserAnswer> {
    const link = await this.#opened(id, browser);
    if (!link || !this.#isOurForm(csrf, browser))
      return this.#error('binding_link_invalid', browser);
    return this.#leave(link, { error: 'user_cancelled' });
  }

  async #depart(
    link: Link,
    connection: Parameters<Departure['leave']>[0],
    browser: BrowserRequest,
    way: { readonly forceWeb: boolean; readonly secret?: string },
  ): Promise<BrowserAnswer> {
    const goal = { kind: 'bind', ticketHash: link.id } as const;
    const leaving = await this.departure.leave(connection, goal, browser, {
      webPath: `/bind/again/${link.id}`,
      ...way,
    });
    return leaving?.answer ?? this.#error('binding_link_invalid', browser);
  }

  /** Asked on each step: one that was disabled meanwhile binds nobody. */
  async #connectionOf({ connection: slug }: Link): Promise<OpenConnection | undefined> {
    const connection = await this.connections.find(slug);
    return connection?.enabled ? connection : undefined;
  }

  #opened(id: string, browser: BrowserRequest): Promise<Link | undefined> {
    return this.links.findOpened(id, this.#cookie.readAll(browser.cookie));
  }

  /** Between the platform and the click somebody else may have signed in. */
  async #confirmable(
    id: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<Link | undefined> {
    const link = await this.#opened(id, browser);
    const session = await this.sessions.find(sessionId);
    return link && session?.accountId === link.accountId ? link : undefined;
  }

  #isOurForm(csrf: string, browser: BrowserRequest): boolean {
    return this.forms.matches(this.#cookie.readAll(browser.cookie), csrf);
  }

  async #leave(link: Link, result: Readonly<Record<string, string>>): Promise<BrowserAnswer> {
    await this.links.end(link.id);
    return { kind: 'redirect', url: returnUrl(link.returnTo, result) };
  }

  #error(code: ErrorCode, browser: BrowserRequest, startAgainUrl?: string): BrowserAnswer {
    const { language, requestId } = browser;
    return {
      kind: 'page',
      page: this.pages.error({
        language,
        code,
        requestId,
        status: httpStatusOf(code),
        ...(startAgainUrl && { startAgainUrl }),
      }),
    };
  }
}

/** The registered address, with the result added to its query. */
export function returnUrl(returnTo: string, result: Readonly<Record<string, string>>): string {
  const url = new URL(returnTo);
  for (const [name, value] of Object.entries(result)) url.searchParams.set(name, value);
  return url.href;
}
