import { Injectable } from '@nestjs/common';

import { AccountAsking } from '../../../account-binding/account-asking.js';
import { AccountsRepository } from '../../../account-binding/accounts.repository.js';
import { maskPhone, nationalPhone } from '../../../account-binding/phone-number.js';
import type { ErrorCode } from '../../../common/app-error.js';
import { resendSeconds } from '../../../phone-verification/phone-verification.service.js';
import { ClientRegistry } from '../../issuer/clients/client.registry.js';
import { ConnectionChoice } from '../../issuer/connection-choice.js';
import { FormToken } from '../form-token.js';
import type { Complaint, IdentityModel } from '../pages/page-models.js';
import type { Page } from '../pages/page.js';
import { Pages } from '../pages/pages.js';
import { stepPath } from './begin-step.js';
import type { Stage } from './step.js';
import type { StepRequest } from './step-request.js';

/** Shows where a step stands. Reads, and changes nothing. */
@Injectable()
export class StepViews {
  constructor(
    private readonly pages: Pages,
    private readonly forms: FormToken,
    private readonly accounts: AccountsRepository,
    private readonly asking: AccountAsking,
    private readonly choice: ConnectionChoice,
    private readonly clients: ClientRegistry,
  ) {}

  /** @param wanted another page of the step that the person turned to, where the step has it */
  async page(request: StepRequest, wanted?: string, complaint?: Complaint): Promise<Page> {
    const view = viewOf(request, wanted);
    switch (view) {
      case 'phone':
        return this.#phone(request, complaint);
      case 'code':
        return this.#code(request, complaint);
      case 'password':
        return this.#password(request, complaint);
      case 'new-password':
        return this.pages.newPassword({
          ...this.#common(request, complaint),
          action: action(request, 'new-password'),
          minLength: 10,
        });
      case 'choice':
        return this.#choice(request, complaint);
      case 'other-ways':
        return this.#otherWays(request, complaint);
      case 'confirm':
        return this.#confirm(request, complaint);
      case 'conflict':
        return this.#conflict(request);
      case 'request-sent':
        return this.pages.requestSent(this.#common(request, complaint));
    }
  }

  #common(request: StepRequest, complaint: Complaint | undefined) {
    return {
      language: request.browser.language,
      csrf: this.forms.of(request.browserSecrets[0] ?? ''),
      cancelAction: action(request, 'cancel'),
      leadsTo: [request.redirectUri],
      ...(complaint && { complaint }),
    };
  }

  #phone(request: StepRequest, complaint: Complaint | undefined): Page {
    const { step, connection } = request;
    const { provider } = connection;
    const suggested = step.phone ?? step.identity?.profile.phone?.number;
    const phone =
      request.typedPhone ?? (suggested === undefined ? undefined : nationalPhone(suggested));
    return this.pages.phone({
      ...this.#common(request, complaint),
      purpose:
        step.kind === 'local'
          ? 'sign-in'
          : connection.signUp === 'ask'
            ? 'have-account'
            : 'sign-up',
      connectionName: connection.displayName,
      action: action(request, 'phone'),
      ...(phone !== undefined && { phone }),
      ...(provider.platform === 'local' &&
        provider.methods.password && { passwordHref: href(request, 'password') }),
      ...(step.kind === 'sign-up' &&
        connection.signUp === 'ask' && { backHref: href(request, 'other-ways') }),
    });
  }

  #code(request: StepRequest, complaint: Complaint | undefined): Page {
    return this.pages.phoneCode({
      ...this.#common(request, complaint),
      maskedPhone: maskPhone(request.step.phone ?? ''),
      action: action(request, 'code'),
      resendAction: action(request, 'resend'),
      resendAfterSeconds: complaint?.code === 'phone_code_expired' ? 0 : resendSeconds,
      changePhoneHref: href(request, 'phone'),
    });
  }

  #password(request: StepRequest, complaint: Complaint | undefined): Page {
    const { connection, step } = request;
    const { provider } = connection;
    const phone =
      request.typedPhone ?? (step.phone === undefined ? undefined : nationalPhone(step.phone));
    return this.pages.password({
      ...this.#common(request, complaint),
      connectionName: connection.displayName,
      action: action(request, 'password'),
      ...(phone !== undefined && { phone }),
      ...(provider.platform === 'local' &&
        provider.methods.phoneCode && { phoneCodeHref: href(request, 'phone') }),
    });
  }

  async #choice(request: StepRequest, complaint: Complaint | undefined): Promise<Page> {
    const { step, connection } = request;
    const asked = step.identity !== undefined && (await this.asking.isWaiting(step.identity));
    return this.pages.choice({
      ...this.#common(request, complaint),
      identity: identityOf(request),
      action: action(request, 'choose'),
      haveAccountHref: href(request, step.kind === 'local' ? 'phone' : 'other-ways'),
      mayAskAdministrator: connection.askAdministrator && step.identity !== undefined,
      asked,
      ...(step.phoneProven && step.phone && { provenPhone: maskPhone(step.phone) }),
    });
  }

  async #otherWays(request: StepRequest, complaint: Complaint | undefined): Promise<Page> {
    const { step, origin } = request;
    const client = await this.clients.find(origin.clientId ?? '');
    const possible = client ? await this.choice.possible(client) : [];
    return this.pages.otherWays({
      ...this.#common(request, complaint),
      identity: identityOf(request),
      phoneHref: href(request, 'phone'),
      connections: possible
        .filter(({ slug, platform }) => slug !== step.connection && platform !== 'local')
        .map(({ slug, displayName, platform }) => ({
          slug,
          displayName,
          platform,
          href: `${stepPath(step.id)}/with/${slug}`,
        })),
      backHref: href(request, 'choice'),
    });
  }

  async #confirm(request: StepRequest, complaint: Complaint | undefined): Promise<Page> {
    const account = await this.accounts.findAccount(request.step.accountId ?? '');
    return this.pages.confirmBinding({
      ...this.#common(request, complaint),
      identity: identityOf(request),
      account: {
        ...(account?.displayName && { displayName: account.displayName }),
        ...(account?.phone && { maskedPhone: maskPhone(account.phone) }),
      },
      action: action(request, 'confirm'),
    });
  }

  #conflict(request: StepRequest): Page {
    const asks = request.connection.signUp === 'ask' && request.step.kind === 'sign-up';
    return this.pages.deadEnd({
      ...this.#common(request, undefined),
      code: conflictCode(request),
      requestId: request.browser.requestId,
      anotherNumberHref: href(request, 'phone'),
      ...(asks && { backHref: href(request, 'choice') }),
    });
  }
}

/** What a step that met somebody else's account ends with, if the person gives up there. */
export function conflictCode({ step }: StepRequest): ErrorCode {
  return step.kind === 'local' ? 'account_not_found' : 'binding_conflict';
}

/** Pages that a person may turn to by a link, beside the one where the step stands. */
function viewOf({ step, connection }: StepRequest, wanted: string | undefined): Stage {
  const { provider, signUp } = connection;
  const waiting: readonly Stage[] = ['new-password', 'confirm', 'request-sent'];
  if (waiting.includes(step.stage)) return step.stage;
  const open: readonly Stage[] =
    provider.platform === 'local'
      ? [
          ...(provider.methods.phoneCode ? ['phone' as const] : []),
          ...(provider.methods.password ? ['password' as const] : []),
        ]
      : signUp === 'ask'
        ? ['choice', 'other-ways', 'phone']
        : ['phone'];
  return open.find((stage) => stage === wanted) ?? step.stage;
}

function identityOf({ step, connection }: StepRequest): IdentityModel {
  const { identity } = step;
  return {
    platform: connection.platform,
    connectionName: connection.displayName,
    ...(identity?.profile.displayName && { displayName: identity.profile.displayName }),
    ...(identity?.tenant && { tenant: identity.tenant }),
  };
}

function action({ step }: StepRequest, name: string): string {
  return `${stepPath(step.id)}/${name}`;
}

function href({ step }: StepRequest, view: Stage): string {
  return `${stepPath(step.id)}?view=${view}`;
}
