import { Injectable } from '@nestjs/common';

import { AppError } from '../../../common/app-error.js';
import {
  ConnectionRegistry,
  type OpenConnection,
} from '../../../connections/connection.registry.js';
import { ClientRegistry } from '../../issuer/clients/client.registry.js';
import { ConnectionChoice } from '../../issuer/connection-choice.js';
import type { Attempt, Goal } from '../attempts.repository.js';
import type { BrowserAnswer } from '../browser-request.js';
import { Departure, isOnPlatform } from '../departure.js';
import { PersonSignIn, type SignInOrigin } from '../person-sign-in.js';
import { StartAgain } from '../start-again.js';
import { stepPath } from './begin-step.js';
import { SettleStep } from './settle-step.js';
import type { StepRequest } from './step-request.js';
import { StepsRepository } from './steps.repository.js';

/**
 * "I already have an account": the person signs in on a platform that we know them from, sees both sides named, and binds the
 * identity that waits in the step with a click.
 */
@Injectable()
export class JoinAccount {
  constructor(
    private readonly departure: Departure,
    private readonly connections: ConnectionRegistry,
    private readonly clients: ClientRegistry,
    private readonly choice: ConnectionChoice,
    private readonly people: PersonSignIn,
    private readonly steps: StepsRepository,
    private readonly settling: SettleStep,
    private readonly startAgain: StartAgain,
  ) {}

  /** Off to the other platform. */
  async leave(request: StepRequest, slug: string): Promise<BrowserAnswer> {
    const { step, browser, origin } = request;
    const connection = await this.connections.find(slug);
    const client = await this.clients.find(origin.clientId ?? '');
    const possible =
      step.kind === 'sign-up' &&
      request.connection.signUp === 'ask' &&
      connection !== undefined &&
      isOnPlatform(connection) &&
      client !== undefined &&
      (await this.choice.isPossible(client, slug));
    if (!possible) throw new AppError('connection_not_found', 'There is no such way to sign in.');
    const { interactionUid, id: stepId } = step;
    const leaving = await this.departure.leave(
      connection,
      { kind: 'join', interactionUid, stepId },
      browser,
      { webPath: `${stepPath(stepId)}/with/${slug}?way=web`, forceWeb: browser.way === 'web' },
    );
    return leaving?.answer ?? this.startAgain.expired(browser);
  }

  /**
   * Back from the other platform.
   * @param browser the secrets that the browser holds
   * @returns the path of the next page: whatever went wrong over there, the person may choose another way here
   */
  async back(
    connection: OpenConnection,
    attempt: Attempt,
    goal: Extract<Goal, { kind: 'join' }>,
    reading: { readonly code: string } | { readonly refusal: AppError },
    browser: readonly string[],
    origin: SignInOrigin,
  ): Promise<string> {
    const path = stepPath(goal.stepId);
    const step = await this.steps.find(goal.stepId, browser);
    if (!step || step.ended) return path;
    try {
      if ('refusal' in reading) throw reading.refusal;
      const { bound } = await this.people.prove(connection, attempt, reading.code);
      if (!bound)
        throw new AppError('account_not_found', 'The other platform leads to no account either.');
      await this.steps.move(step, { stage: 'confirm', accountId: bound.account.id });
      return path;
    } catch (error) {
      this.people.noteFailure(connection.slug, error, origin, 'goes on');
      const code = error instanceof AppError ? error.code : 'internal_error';
      return `${path}?view=other-ways&complaint=${code}`;
    }
  }

  /** The click on the page that names both sides. */
  async confirm(request: StepRequest): Promise<BrowserAnswer> {
    const { step } = request;
    if (step.stage !== 'confirm' || step.accountId === undefined)
      return { kind: 'redirect', url: stepPath(step.id) };
    return this.settling.settle(request, { provenAccountId: step.accountId });
  }
}
