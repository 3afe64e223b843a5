import { Injectable } from '@nestjs/common';

import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { Config } from '../../../config/config.js';
import { ConnectionRegistry } from '../../../connections/connection.registry.js';
import { Interactions } from '../../issuer/interactions.js';
import { textOf } from '../../issuer/text-of.js';
import type { BrowserAnswer, BrowserRequest } from '../browser-request.js';
import { FormToken } from '../form-token.js';
import { inLanguageOf } from '../pages/language.js';
import { BrowserCookie } from '../sign-in-state.js';
import { StartAgain } from '../start-again.js';
import { FinishStep } from './finish-step.js';
import { JoinAccount } from './join-account.js';
import { LocalPassword } from './local-password.js';
import { PhoneProof } from './phone-proof.js';
import { SettleStep } from './settle-step.js';
import type { Stage } from './step.js';
import { field, type Form, type StepRequest } from './step-request.js';
import { conflictCode, StepViews } from './step-views.js';
import { StepsRepository } from './steps.repository.js';

/** What a person can mend on the same page. */
const mendable: readonly ErrorCode[] = [
  'phone_invalid',
  'phone_code_wrong',
  'phone_code_expired',
  'too_many_requests',
  'sms_unavailable',
  'password_wrong',
  'password_unsuitable',
];

/** What a person is told on the page to which another platform led back. */
const sayable: readonly ErrorCode[] = [
  'account_not_found',
  'not_a_member',
  'tenant_not_allowed',
  'platform_code_rejected',
  'platform_unavailable',
  'platform_rate_limited',
  'platform_misconfigured',
  'user_cancelled',
  'internal_error',
];

/** From which stages a number may be given. */
const beforeProof: readonly Stage[] = [
  'choice',
  'other-ways',
  'phone',
  'code',
  'password',
  'conflict',
];

/**
 * The pages between a platform's proof and our account: each request proves its browser, each form carries a token, and one of the
 * steps beside this file does the work.
 */
@Injectable()
export class Steps {
  readonly #cookie: BrowserCookie;

  constructor(
    config: Config,
    private readonly forms: FormToken,
    private readonly steps: StepsRepository,
    private readonly connections: ConnectionRegistry,
    private readonly interactions: Interactions,
    private readonly views: StepViews,
    private readonly phone: PhoneProof,
    private readonly password: LocalPassword,
    private readonly joining: JoinAccount,
    private readonly settling: SettleStep,
    private readonly finish: FinishStep,
    private readonly startAgain: StartAgain,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /** `GET /continue/:id`. */
  async show(
    id: string,
    view: string | undefined,
    complaint: string | undefined,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const request = await this.#read(id, browser, undefined);
    if (!request) return this.startAgain.expired(browser);
    if (request.step.ended) return this.finish.leadOn(request.step, browser);
    const code = sayable.find((each) => each === complaint);
    const page = await this.views.page(request, view, code && { code });
    return { kind: 'page', page };
  }

  /** `GET /continue/:id/with/:slug`: signs in on another platform, to show which account the person has. */
  async withOther(id: string, slug: string, browser: BrowserRequest): Promise<BrowserAnswer> {
    const request = await this.#read(id, browser, undefined);
    if (!request) return this.startAgain.expired(browser);
    if (request.step.ended) return this.finish.leadOn(request.step, browser);
    return this.joining.leave(request, slug);
  }

  /** `POST /continue/:id/:action`. */
  async act(
    id: string,
    action: string,
    form: Form,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const request = await this.#read(id, browser, sessionId);
    if (!request || !this.forms.matches(request.browserSecrets, field(form, 'csrf')))
      return this.startAgain.expired(browser);
    if (request.step.ended) return this.finish.leadOn(request.step, browser);
    try {
      return await this.#do(action, request, form);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'account_disabled')
        return this.finish.failed(request.step, error, browser, sessionId);
      if (!mendable.includes(error.code)) throw error;
      const typed = field(form, 'phone').slice(0, 30);
      return this.#complain(action, { ...request, ...(typed && { typedPhone: typed }) }, error);
    }
  }

  async #do(action: string, request: StepRequest, form: Form): Promise<BrowserAnswer> {
    const { step, browser, sessionId } = request;
    const open = beforeProof.includes(step.stage);
    switch (action) {
      case 'phone':
        if (open) return this.phone.ask(request, form);
        break;
      case 'resend':
        if (step.stage === 'code') return this.phone.again(request);
        break;
      case 'code':
        return this.phone.check(request, form);
      case 'password':
        if (open) return this.password.check(request, form);
        break;
      case 'new-password':
        return this.password.change(request, form);
      case 'choose':
        if (open) return this.#choose(request, field(form, 'choice'));
        break;
      case 'confirm':
        return this.joining.confirm(request);
      case 'cancel':
        return this.finish.failed(step, leaving(request), browser, sessionId);
    }
    return { kind: 'redirect', url: `/continue/${step.id}` };
  }

  #choose(request: StepRequest, choice: string): Promise<BrowserAnswer> {
    const { step } = request;
    if (choice === 'ask-administrator') return this.settling.askAdministrator(request);
    return this.settling.settle(request, {
      choice: 'create',
      ...(step.phoneProven && { provenPhone: step.phone }),
    });
  }

  /** The same page again, with what was wrong; unless the same form, sent twice, has been right the first time. */
  async #complain(action: string, request: StepRequest, error: AppError): Promise<BrowserAnswer> {
    const step = await this.steps.find(request.step.id, request.browserSecrets);
    if (!step) return this.startAgain.expired(request.browser);
    if (step.ended) return this.finish.leadOn(step, request.browser);
    if (error.code === 'phone_code_expired' && step.phoneProven)
      return this.settling.settle({ ...request, step }, { provenPhone: step.phone });
    const { code, triesLeft, retryAfterSeconds: waitSeconds } = error;
    const page = await this.views.page({ ...request, step }, action, {
      code,
      ...(triesLeft !== undefined && { triesLeft }),
      ...(waitSeconds !== undefined && { waitSeconds }),
    });
    return { kind: 'page', page };
  }

  async #read(
    id: string,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<StepRequest | undefined> {
    const browserSecrets = this.#cookie.readAll(browser.cookie);
    const step = await this.steps.find(id, browserSecrets);
    if (!step) return undefined;
    const connection = await this.connections.find(step.connection);
    if (!connection?.enabled) return undefined;
    const pending = await this.interactions.find(step.interactionUid);
    const { ip, requestId } = browser;
    return {
      step,
      connection,
      browser: inLanguageOf(browser, pending?.params),
      browserSecrets,
      sessionId,
      origin: { ip, requestId, clientId: pending?.clientId },
      redirectUri: textOf(pending?.params['redirect_uri']),
    };
  }
}

/** What the client is told of a person who gave up. */
function leaving(request: StepRequest): AppError {
  if (request.step.stage === 'conflict')
    return new AppError(conflictCode(request), 'The person could not be led to an account.');
  if (request.step.stage === 'request-sent')
    return new AppError('account_not_found', 'An administrator has been asked for an account.');
  return new AppError('user_cancelled', 'The person cancelled the sign-in.');
}
