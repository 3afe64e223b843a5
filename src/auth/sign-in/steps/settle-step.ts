import { Injectable } from '@nestjs/common';

import { AccountAsking } from '../../../account-binding/account-asking.js';
import type { SignInRecord } from '../../../account-binding/accounts.repository.js';
import {
  type Added,
  BindingService,
  type OpenQuestion,
  type SignedInPerson,
} from '../../../account-binding/binding.service.js';
import { AppError } from '../../../common/app-error.js';
import { Clock } from '../../../common/clock.js';
import type { OpenConnection } from '../../../connections/connection.registry.js';
import type { BrowserAnswer } from '../browser-request.js';
import { PersonSignIn, type SignInOrigin } from '../person-sign-in.js';
import { stepPath } from './begin-step.js';
import { FinishStep } from './finish-step.js';
import type { Step } from './step.js';
import type { StepRequest } from './step-request.js';
import { StepsRepository } from './steps.repository.js';

/** What a step's person has proven or chosen becomes an account, one more question, or a refusal. */
@Injectable()
export class SettleStep {
  constructor(
    private readonly binding: BindingService,
    private readonly asking: AccountAsking,
    private readonly people: PersonSignIn,
    private readonly steps: StepsRepository,
    private readonly finish: FinishStep,
    private readonly clock: Clock,
  ) {}

  /** @param added what was proven or chosen just now */
  async settle(request: StepRequest, added: Added): Promise<BrowserAnswer> {
    const { step, connection, origin, browser, sessionId } = request;
    try {
      const person = await this.#decide(step, connection, added);
      if (person.kind === 'ask') {
        await this.steps.move(step, { stage: person.question });
        return { kind: 'redirect', url: stepPath(step.id) };
      }
      const tenant = step.identity?.tenant;
      const signedIn = this.people.signedIn(connection, person, tenant, origin);
      return await this.finish.signedIn(step, signedIn, browser, sessionId);
    } catch (error) {
      return this.#refuse(request, error, origin);
    }
  }

  /** Asks an administrator for an account. */
  async askAdministrator({ step, connection }: StepRequest): Promise<BrowserAnswer> {
    if (!step.identity || !connection.askAdministrator)
      throw new AppError(
        'request_invalid',
        'This connection does not offer to ask an administrator.',
      );
    await this.asking.ask(this.#recordOf(step, connection));
    await this.steps.move(step, { stage: 'request-sent' });
    return { kind: 'redirect', url: stepPath(step.id) };
  }

  #decide(
    step: Step,
    connection: OpenConnection,
    added: Added,
  ): Promise<SignedInPerson | OpenQuestion> {
    if (step.identity) {
      // Read anew: another window may have bound the identity meanwhile.
      const record = this.#recordOf(step, connection);
      return this.binding
        .find(step.identity.issuer, step.identity.subject)
        .then((bound) => this.binding.signIn(record, connection, bound, added));
    }
    const { provenPhone, choice } = added;
    if (provenPhone === undefined)
      throw new AppError('request_invalid', 'There is nothing proven to sign in with.');
    return this.binding.signInByPhone(provenPhone, connection, this.clock.now(), choice);
  }

  /** Where another number or another way may still help, the person stays; else the client is told. */
  async #refuse(
    { step, connection, browser, sessionId }: StepRequest,
    error: unknown,
    origin: SignInOrigin,
  ): Promise<BrowserAnswer> {
    if (!(error instanceof AppError)) throw error;
    const mayGoOn =
      error.code === 'binding_conflict' ||
      (error.code === 'account_not_found' && step.kind === 'local');
    this.people.noteFailure(connection.slug, error, origin, mayGoOn ? 'goes on' : 'ended');
    if (!mayGoOn) return this.finish.failed(step, error, browser, sessionId);
    await this.steps.move(step, { stage: 'conflict', phone: null, phoneProven: false });
    return { kind: 'redirect', url: stepPath(step.id) };
  }

  #recordOf(step: Step, connection: OpenConnection): SignInRecord {
    const { identity, directoryRead, createdAt } = step;
    if (!identity) throw new Error('a step of the local platform has no identity');
    return this.people.recordOf(connection, { identity, directoryRead, askedAt: createdAt });
  }
}
