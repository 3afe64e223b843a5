import { Injectable } from '@nestjs/common';

import { AppError } from '../common/app-error.js';
import {
  AccountsRepository,
  type BoundIdentity,
  type SignInRecord,
} from './accounts.repository.js';
import { type BindingPolicy, decideBinding, trustedPhone } from './binding-rules.js';

/** An account that a proven identity led to. */
export interface SignedInPerson {
  readonly accountId: string;
  readonly identityId: string;
  /** Why this account: for the audit. */
  readonly reason: 'known_identity' | 'trusted_phone' | 'sign_up_auto';
}

/** Someone else's write may come between reading and writing; each retry sees it, so one or two are enough. */
const attempts = 4;

/**
 * Leads a proven platform identity to its account: finds it, binds it or makes it.
 * Rules are in `binding-rules.ts`; this is the order in which they are asked, and the answer to races.
 */
@Injectable()
export class BindingService {
  constructor(private readonly accounts: AccountsRepository) {}

  /** What is known of an identity before the platform's directory is asked. */
  find(issuer: string, subject: string): Promise<BoundIdentity | undefined> {
    return this.accounts.findIdentity(issuer, subject);
  }

  /**
   * Signs the person in.
   * @param known what `find` said a moment ago, so that it is not read twice
   * @throws AppError `account_disabled`, `account_not_found`, `binding_conflict`
   */
  async signIn(
    record: SignInRecord,
    policy: BindingPolicy,
    known: BoundIdentity | undefined,
  ): Promise<SignedInPerson> {
    let bound = known;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) bound = await this.find(record.identity.issuer, record.identity.subject);
      const person = await this.#tryOnce(record, policy, bound);
      if (person) return person;
    }
    throw new AppError(
      'binding_conflict',
      'This sign-in met another change to the same account. Please try again.',
    );
  }

  async #tryOnce(
    record: SignInRecord,
    policy: BindingPolicy,
    bound: BoundIdentity | undefined,
  ): Promise<SignedInPerson | undefined> {
    const { identity } = record;
    const phone = bound || !policy.matchPhone ? undefined : trustedPhone(identity.profile);
    const phoneOwner = phone
      ? await this.accounts.findPhoneOwner(phone, identity.issuer)
      : undefined;
    const decision = decideBinding(policy, {
      ...(bound && { boundTo: bound.account }),
      ...(phoneOwner && { phoneOwner }),
    });
    switch (decision.kind) {
      case 'refuse':
        throw refusal(decision.code);
      case 'create': {
        const created = await this.accounts.createWithIdentity(record, policy.defaultRoles);
        return created && { ...created, reason: decision.reason };
      }
      case 'bind': {
        const joined =
          phone && (await this.accounts.bindIdentity(decision.accountId, record, phone));
        return joined ? { ...joined, reason: decision.reason } : undefined;
      }
      case 'sign-in': {
        if (!bound) return undefined;
        const profile = policy.syncProfile === 'every-login' ? identity.profile : undefined;
        const noted = await this.accounts.noteSignIn(bound, record, profile);
        return noted
          ? { accountId: bound.account.id, identityId: bound.identityId, reason: decision.reason }
          : undefined;
      }
    }
  }
}

function refusal(code: 'account_disabled' | 'account_not_found'): AppError {
  return code === 'account_disabled'
    ? new AppError(code, 'This account is disabled. Please ask an administrator.')
    : new AppError(code, 'There is no account for this person here. Please ask an administrator.');
}
