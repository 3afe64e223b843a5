import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import { AppError } from '../../common/app-error.js';
import { Logger } from '../../common/logger.js';
import { httpStatusOf } from '../../common/problem.filter.js';
import { Config } from '../../config/config.js';
import {
  type InstallableConnection,
  InstallableConnections,
} from '../../connections/tenants/installable-connections.js';
import { RateLimiter } from '../../rate-limits/rate-limiter.js';
import type { BrowserAnswer, BrowserRequest } from '../sign-in/browser-request.js';
import { InstallPages } from '../sign-in/pages/installing/install-pages.js';
import { BrowserCookie, newState } from '../sign-in/sign-in-state.js';
import { type InstallLink, InstallLinksRepository } from './install-links.repository.js';

/** Each opening asks the platform for a code; a link that was posted somewhere must not use up the app's calls. */
const opening = { limit: 60, windowSeconds: 3600 };

/** `GET /install/:ticket`: names the app, and shows the way to the platform, which is fetched now since it does not last. */
@Injectable()
export class InstallPage {
  readonly #cookie: BrowserCookie;

  constructor(
    private readonly config: Config,
    private readonly links: InstallLinksRepository,
    private readonly connections: InstallableConnections,
    private readonly limits: RateLimiter,
    private readonly pages: InstallPages,
    private readonly audit: AuditService,
    private readonly logger: Logger,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  async open(ticket: string, browser: BrowserRequest): Promise<BrowserAnswer> {
    const link = await this.links.find(ticket);
    if (!link) return this.#problem(invalid(), browser);
    try {
      return await this.#show(link, browser);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#noteFailure(link, error, browser);
      return this.#problem(error, browser);
    }
  }

  async #show(link: InstallLink, browser: BrowserRequest): Promise<BrowserAnswer> {
    const { slug, displayName, provider } = await this.#connectionOf(link);
    await this.limits.take([{ key: `install-openings:${link.id}`, ...opening }]);
    const known = this.#cookie.read(browser.cookie);
    const secret = known ?? this.#cookie.newValue();
    const state = newState();
    const callbackUrl = new URL(`/install/${slug}/callback`, this.config.issuerUrl);
    const url = await provider.installing.installUrl({ state, callbackUrl });
    await this.links.begin(link, state, secret);
    const { language } = browser;
    return {
      kind: 'page',
      page: this.pages.install({ language, appName: displayName, url: url.href }),
      ...(!known && { setCookie: this.#cookie.headers(secret) }),
    };
  }

  /** A link whose app is gone or switched off is none. */
  async #connectionOf({ connection }: InstallLink): Promise<InstallableConnection> {
    try {
      return await this.connections.find(connection);
    } catch (error) {
      throw error instanceof AppError ? invalid(error) : error;
    }
  }

  #noteFailure(link: InstallLink, error: AppError, { ip, requestId }: BrowserRequest): void {
    const { connection, clientId } = link;
    const level = error.operator ? 'warn' : 'info';
    this.logger[level]({ err: error, connection, requestId }, 'an install page has no way on');
    this.audit.record({
      action: 'install.open',
      outcome: 'refused',
      reason: error.code,
      connection,
      clientId,
      requestId,
      ...(ip && { ip }),
    });
  }

  #problem({ code, retryAfterSeconds }: AppError, browser: BrowserRequest): BrowserAnswer {
    const { language, requestId } = browser;
    const status = httpStatusOf(code);
    return {
      kind: 'page',
      page: this.pages.problem({ language, code, requestId, status, retryAfterSeconds }),
    };
  }
}

function invalid(cause?: AppError): AppError {
  return new AppError('install_link_invalid', 'This install link does not work any more.', {
    cause,
  });
}
