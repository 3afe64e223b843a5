import { Injectable } from '@nestjs/common';

import { AppError } from '../../../common/app-error.js';
import { type EndedSignIn, Interactions } from '../../issuer/interactions.js';
import type { BrowserAnswer, BrowserRequest } from '../browser-request.js';
import { failureOf } from '../failures.js';
import type { SignedIn } from '../person-sign-in.js';
import { StartAgain } from '../start-again.js';
import type { Step } from './step.js';
import { StepsRepository } from './steps.repository.js';

/** The end of a step: the engine takes over again, once. */
@Injectable()
export class FinishStep {
  constructor(
    private readonly steps: StepsRepository,
    private readonly interactions: Interactions,
    private readonly startAgain: StartAgain,
  ) {}

  signedIn(
    step: Step,
    { accountId, facts }: SignedIn,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    return this.#finish(step, { kind: 'signed-in', accountId, facts }, browser, sessionId);
  }

  failed(
    step: Step,
    error: AppError,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    return this.#finish(step, { kind: 'failed', ...failureOf(error) }, browser, sessionId);
  }

  /** A step that has ended, or a page of it that is opened again: on to where it led. */
  async leadOn(step: Step, browser: BrowserRequest): Promise<BrowserAnswer> {
    return (await this.interactions.find(step.interactionUid))
      ? { kind: 'redirect', url: `/authorize/${step.interactionUid}` }
      : this.startAgain.expired(browser);
  }

  async #finish(
    step: Step,
    outcome: EndedSignIn,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    // A double click: the other one writes the result.
    if (!(await this.steps.end(step.id))) return this.leadOn(step, browser);
    const { interactionUid, stateHash } = step;
    const next = await this.interactions.finish(interactionUid, stateHash, outcome, sessionId);
    return next ? { kind: 'redirect', url: next } : this.startAgain.expired(browser);
  }
}
