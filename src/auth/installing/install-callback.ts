import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { Logger } from '../../common/logger.js';
import { httpStatusOf } from '../../common/problem.filter.js';
import { Config } from '../../config/config.js';
import { slugPattern } from '../../connections/connection.fields.js';
import {
  type InstallableConnection,
  InstallableConnections,
} from '../../connections/tenants/installable-connections.js';
import { returnUrl } from '../sign-in/binding/binding-link.js';
import type { BrowserAnswer, BrowserRequest } from '../sign-in/browser-request.js';
import { InstallPages } from '../sign-in/pages/installing/install-pages.js';
import { BrowserCookie, stateLength } from '../sign-in/sign-in-state.js';
import {
  type InstallAdmission,
  type InstallAttempt,
  InstallLinksRepository,
} from './install-links.repository.js';
import { type InstallOutcome, InstallOutcomes } from './install-outcomes.js';

/**
 * `GET /install/:slug/callback`: back from the platform. Nothing is asked of it before the state has proven to belong to this browser
 * and this connection; then the code is traded, once.
 */
@Injectable()
export class InstallCallback {
  readonly #cookie: BrowserCookie;

  constructor(
    config: Config,
    private readonly links: InstallLinksRepository,
    private readonly connections: InstallableConnections,
    private readonly outcomes: InstallOutcomes,
    private readonly pages: InstallPages,
    private readonly audit: AuditService,
    private readonly logger: Logger,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  async receive(
    slug: string,
    query: URLSearchParams,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const connection = await this.#connectionOf(slug);
    if (!connection) return this.#refuse(slug, browser);
    const admission = await this.#admit(slug, query, browser);
    if (admission.kind === 'refused') return this.#refuse(slug, browser);
    const { attempt } = admission;
    if (admission.kind === 'again') {
      const outcome = await this.outcomes.again(attempt.stateHash, browser.cookie);
      return outcome ? this.#show(attempt, outcome, browser) : this.#refuse(slug, browser);
    }
    const outcome = await this.outcomes.first(attempt.stateHash, () =>
      this.#complete(connection, attempt, query, browser),
    );
    return {
      ...this.#show(attempt, outcome, browser),
      setCookie: this.outcomes.cookie(slug, attempt.stateHash, outcome),
    };
  }

  async #connectionOf(slug: string): Promise<InstallableConnection | undefined> {
    try {
      return await this.connections.find(slug);
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  #admit(
    slug: string,
    query: URLSearchParams,
    { cookie }: BrowserRequest,
  ): Promise<InstallAdmission> {
    const state = query.get('state') ?? '';
    const browser = this.#cookie.readAll(cookie);
    if (browser.length === 0 || state.length !== stateLength)
      return Promise.resolve({ kind: 'refused' });
    return this.links.admit({ state, connection: slug, browser });
  }

  async #complete(
    { slug, provider }: InstallableConnection,
    { link }: InstallAttempt,
    query: URLSearchParams,
    { ip, requestId }: BrowserRequest,
  ): Promise<InstallOutcome> {
    const { clientId } = link;
    const event = { action: 'install', connection: slug, clientId, requestId, ...(ip && { ip }) };
    try {
      const code = provider.installing.readCallback(query);
      const { corpId, name } = await provider.installing.complete(code);
      this.audit.record({ ...event, outcome: 'ok', details: { tenant: corpId } });
      return { kind: 'installed', corpId, ...(name !== undefined && { name }) };
    } catch (error) {
      const foreseen = error instanceof AppError;
      const level = !foreseen ? 'error' : error.operator ? 'warn' : 'info';
      this.logger[level]({ err: error, connection: slug, requestId }, 'an installation failed');
      const code = foreseen ? error.code : 'internal_error';
      this.audit.record({ ...event, outcome: foreseen ? 'refused' : 'failed', reason: code });
      return { kind: 'failed', code };
    }
  }

  #show(
    { link: { returnTo } }: InstallAttempt,
    outcome: InstallOutcome,
    browser: BrowserRequest,
  ): BrowserAnswer {
    const { language } = browser;
    if (outcome.kind === 'failed') {
      const { code } = outcome;
      if (returnTo) return { kind: 'redirect', url: returnUrl(returnTo, { error: code }) };
      return this.#problem(code, browser);
    }
    if (returnTo) return { kind: 'redirect', url: returnUrl(returnTo, { installed: 'ok' }) };
    const corpName = outcome.name ?? outcome.corpId;
    return { kind: 'page', page: this.pages.installed({ language, corpName }) };
  }

  #refuse(slug: string, browser: BrowserRequest): BrowserAnswer {
    this.audit.record({
      action: 'install',
      outcome: 'refused',
      reason: 'state_invalid',
      ...(slugPattern.test(slug) && { connection: slug }),
      requestId: browser.requestId,
      ...(browser.ip && { ip: browser.ip }),
    });
    return this.#problem('state_invalid', browser);
  }

  #problem(code: ErrorCode, { language, requestId }: BrowserRequest): BrowserAnswer {
    const status = httpStatusOf(code);
    return { kind: 'page', page: this.pages.problem({ language, code, requestId, status }) };
  }
}
