import { Injectable } from '@nestjs/common';

import { maskPhone, parsePhone } from '../../../account-binding/phone-number.js';
import { AuditService } from '../../../audit/audit.service.js';
import { AppError } from '../../../common/app-error.js';
import {
  type PhoneProof as Proof,
  PhoneVerification,
} from '../../../phone-verification/phone-verification.service.js';
import type { BrowserAnswer } from '../browser-request.js';
import { known } from '../person-sign-in.js';
import { stepPath } from './begin-step.js';
import { SettleStep } from './settle-step.js';
import type { Step } from './step.js';
import { field, type Form, type StepRequest } from './step-request.js';
import { StepsRepository } from './steps.repository.js';

/** A number, the code that is sent to it, and what follows when the code comes back. */
@Injectable()
export class PhoneProof {
  constructor(
    private readonly verification: PhoneVerification,
    private readonly steps: StepsRepository,
    private readonly settling: SettleStep,
    private readonly audit: AuditService,
  ) {}

  /** @throws AppError `phone_invalid`, `too_many_requests`, `sms_unavailable` */
  async ask(request: StepRequest, form: Form): Promise<BrowserAnswer> {
    const { connection } = request;
    const { provider } = connection;
    if (provider.platform === 'local' && !provider.methods.phoneCode)
      throw new AppError('request_invalid', 'This connection does not send codes.');
    const phone = parsePhone(field(form, 'phone'));
    if (phone === undefined)
      throw new AppError(
        'phone_invalid',
        'That is not a mobile number to which a code can be sent.',
      );
    return this.#send(request, phone);
  }

  /** @throws AppError `too_many_requests`, `sms_unavailable` */
  again(request: StepRequest): Promise<BrowserAnswer> {
    const { phone } = request.step;
    if (phone === undefined) throw new AppError('phone_invalid', 'There is no number yet.');
    return this.#send(request, phone);
  }

  /** @throws AppError `phone_code_wrong`, `phone_code_expired` */
  async check(request: StepRequest, form: Form): Promise<BrowserAnswer> {
    const { step } = request;
    const { phone } = step;
    if (phone === undefined || step.stage !== 'code')
      throw new AppError('phone_code_expired', 'There is no code to check.');
    try {
      await this.verification.verify(proofOf(step, phone), field(form, 'code'));
    } catch (error) {
      this.#note(request, 'phone_code.verify', phone, error);
      throw error;
    }
    await this.steps.move(step, { stage: 'code', phoneProven: true });
    const proven: Step = { ...step, phoneProven: true };
    return this.settling.settle({ ...request, step: proven }, { provenPhone: phone });
  }

  async #send(request: StepRequest, phone: string): Promise<BrowserAnswer> {
    const { step, connection, browser } = request;
    const before = { stage: 'code', phone, phoneProven: false } as const;
    // Noted first: a code that arrives must find its number.
    if (!(await this.steps.move(step, before))) return { kind: 'redirect', url: stepPath(step.id) };
    try {
      await this.verification.send({
        ...proofOf(step, phone),
        connection: connection.slug,
        ip: browser.ip,
        language: browser.language,
      });
    } catch (error) {
      this.#note(request, 'phone_code.send', phone, error);
      // Back to where the person was, unless a code is on its way to this number already.
      if (step.stage !== 'code' || step.phone !== phone)
        await this.steps.move(
          { ...step, ...before },
          { stage: step.stage, phone: step.phone ?? null, phoneProven: step.phoneProven },
        );
      throw error;
    }
    this.#note(request, 'phone_code.send', phone);
    return { kind: 'redirect', url: stepPath(step.id) };
  }

  #note({ connection, origin }: StepRequest, action: string, phone: string, error?: unknown): void {
    this.audit.record({
      action,
      outcome: error === undefined ? 'ok' : error instanceof AppError ? 'refused' : 'failed',
      ...(error instanceof AppError && { reason: error.code }),
      connection: connection.slug,
      details: { phone: maskPhone(phone) },
      ...known(origin),
    });
  }
}

function proofOf(step: Step, phone: string): Proof {
  return { subject: step.id, purpose: step.kind === 'local' ? 'sign-in' : 'sign-up', phone };
}
