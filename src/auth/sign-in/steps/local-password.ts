import { Injectable } from '@nestjs/common';

import { Passwords } from '../../../account-binding/passwords/passwords.service.js';
import { parsePhone } from '../../../account-binding/phone-number.js';
import { AuditService } from '../../../audit/audit.service.js';
import { AppError } from '../../../common/app-error.js';
import type { BrowserAnswer } from '../browser-request.js';
import { known, PersonSignIn } from '../person-sign-in.js';
import { stepPath } from './begin-step.js';
import { FinishStep } from './finish-step.js';
import { field, type Form, type StepRequest } from './step-request.js';
import { StepsRepository } from './steps.repository.js';

/** Sign-in by phone and password, and the new password where the first one must be changed. */
@Injectable()
export class LocalPassword {
  constructor(
    private readonly passwords: Passwords,
    private readonly people: PersonSignIn,
    private readonly steps: StepsRepository,
    private readonly finish: FinishStep,
    private readonly audit: AuditService,
  ) {}

  /** @throws AppError `phone_invalid`, `password_wrong`, `too_many_requests`, `account_disabled` */
  async check(request: StepRequest, form: Form): Promise<BrowserAnswer> {
    const { step, connection, browser } = request;
    if (connection.provider.platform !== 'local' || !connection.provider.methods.password)
      throw new AppError('request_invalid', 'This connection does not take passwords.');
    const phone = parsePhone(field(form, 'phone'));
    if (phone === undefined) throw new AppError('phone_invalid', 'That is not a mobile number.');
    try {
      const owner = await this.passwords.check(phone, field(form, 'password'), browser.ip);
      if (!owner.mustChange) return await this.#signIn(request, owner.accountId, phone);
      await this.steps.move(step, {
        stage: 'new-password',
        phone,
        // Another number may have been proven in this sign-in, not this one.
        phoneProven: false,
        accountId: owner.accountId,
      });
      return { kind: 'redirect', url: stepPath(step.id) };
    } catch (error) {
      this.people.noteFailure(connection.slug, error, request.origin);
      throw error;
    }
  }

  /** @throws AppError `password_unsuitable`, `sign_in_expired` */
  async change(request: StepRequest, form: Form): Promise<BrowserAnswer> {
    const { accountId, phone, stage, createdAt } = request.step;
    if (stage !== 'new-password' || accountId === undefined || phone === undefined)
      throw new AppError('sign_in_expired', 'This sign-in is not waiting for a new password.');
    const password = field(form, 'password');
    if (password !== field(form, 'repeated'))
      throw new AppError('password_unsuitable', 'The two passwords are not the same.');
    await this.passwords.change({ accountId, phone, shownAfter: createdAt }, password);
    this.audit.record({
      action: 'password.change',
      outcome: 'ok',
      accountId,
      connection: request.connection.slug,
      ...known(request.origin),
    });
    return this.#signIn(request, accountId, phone);
  }

  async #signIn(
    { step, connection, origin, browser, sessionId }: StepRequest,
    accountId: string,
    phone: string,
  ): Promise<BrowserAnswer> {
    await this.passwords.noteSignIn(accountId, phone);
    const person = { kind: 'signed-in', accountId, reason: 'password' } as const;
    const signedIn = this.people.signedIn(connection, person, undefined, origin);
    return this.finish.signedIn(step, signedIn, browser, sessionId);
  }
}
