import { Injectable } from '@nestjs/common';

import type { IdentityName } from '../auth/providers/provider.js';
import { AppError } from '../common/app-error.js';
import {
  AccountsRepository,
  type BoundIdentity,
  type NewIdentity,
  type SignInRecord,
} from './accounts.repository.js';
import {
  type BindingDecision,
  type BindingPolicy,
  type BindReason,
  type CreateReason,
  decideBinding,
  decideLocal,
  type JoinableAccount,
  trustedPhone,
} from './binding-rules.js';
import { Tombstones } from './leavers/tombstones.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';
import { refusal } from './refusals.js';

/** An account that a proof led to. */
export interface SignedInPerson {
  readonly kind: 'signed-in';
  readonly accountId: string;
  /** Absent where the account's own phone was the proof. */
  readonly identityId?: string;
  /** Why this account: for the audit. */
  readonly reason: 'known_identity' | 'returned_identity' | 'password' | BindReason | CreateReason;
}

/** The person has to say more before they are let in. */
export interface OpenQuestion {
  readonly kind: 'ask';
  readonly question: 'phone' | 'choice';
}

/** What the person has added, in this very attempt, to what the platform said. */
export interface Added {
  /** E.164; proven by SMS code. */
  readonly provenPhone?: string | undefined;
  /** An account into which the person has signed in another way. */
  readonly provenAccountId?: string | undefined;
  readonly choice?: 'create' | undefined;
}

/** Someone else's write may come between reading and writing; each retry sees it, so one or two are enough. */
const attempts = 4;

/**
 * Leads a proven platform identity, or a proven phone, to its account: finds it, binds it or makes it.
 * Rules are in `binding-rules.ts`; this is the order in which they are asked, and the answer to races.
 */
@Injectable()
export class BindingService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly phones: PhoneAccountsRepository,
    private readonly tombstones: Tombstones,
  ) {}

  /** What is known of an identity before the platform's directory is asked. */
  find(issuer: string, subject: string): Promise<BoundIdentity | undefined> {
    return this.accounts.findIdentity(issuer, subject);
  }

  /**
   * Signs the person behind an identity in, or says what has to be asked first.
   * @param known what `find` said a moment ago, so that it is not read twice
   * @throws AppError `account_disabled`, `account_not_found`, `binding_conflict`, `not_a_member` where the person has left since
   */
  async signIn(
    record: SignInRecord,
    policy: BindingPolicy,
    known: BoundIdentity | undefined,
    added: Added = {},
  ): Promise<SignedInPerson | OpenQuestion> {
    const { issuer, subject } = record.identity;
    let bound = known;
    return untilSettled(async (attempt) => {
      if (attempt > 0) bound = await this.find(issuer, subject);
      return this.#tryOnce(record, policy, bound, added);
    });
  }

  /**
   * Signs the person in who proved a number by SMS code, where no platform stands behind them.
   * @throws AppError `account_disabled`, `account_not_found`, `binding_conflict`
   */
  async signInByPhone(
    phone: string,
    policy: BindingPolicy,
    at: Date,
    choice?: 'create',
  ): Promise<SignedInPerson | OpenQuestion> {
    return untilSettled(async () => {
      const owner = await this.phones.findOwner(phone);
      const decision = decideLocal(policy.signUp, owner, choice);
      switch (decision.kind) {
        case 'refuse':
          throw refusal(decision.code);
        case 'ask':
          return decision;
        case 'create': {
          const { reason } = decision;
          const accountId = await this.phones.create(phone, policy.defaultRoles, reason, at);
          return accountId === undefined ? undefined : { kind: 'signed-in', accountId, reason };
        }
        case 'sign-in': {
          const { accountId, reason } = decision;
          const noted = await this.phones.noteSignIn(accountId, phone, at);
          return noted ? { kind: 'signed-in', accountId, reason } : undefined;
        }
      }
    });
  }

  /**
   * Binds one more identity to the account of a person who is signed in and has just proven the identity on its platform.
   * @throws AppError `identity_already_bound` when it belongs to another account, `binding_conflict` when the account has
   * another identity of this issuer, `account_disabled`
   */
  async bindProven(accountId: string, record: SignInRecord): Promise<NewIdentity> {
    const { issuer, subject } = record.identity;
    return untilSettled(async () => {
      const bound = await this.find(issuer, subject);
      if (bound?.account.id === accountId) return this.#own(bound, record);
      if (bound) {
        throw new AppError('identity_already_bound', 'This identity belongs to another account.');
      }
      const account = await this.accounts.findJoinable(accountId, record.identity);
      if (account?.status !== 'active') throw refusal('account_disabled');
      if (account.hasIssuer) throw refusal('binding_conflict');
      return this.accounts.bindIdentity(accountId, record, 'self_service', undefined);
    });
  }

  /** An identity that the account has already; its person may have left, and come back to say so. */
  async #own(bound: BoundIdentity, record: SignInRecord): Promise<NewIdentity | undefined> {
    await this.tombstones.refuseLeaver(record, bound);
    if (bound.leftAt && !(await this.tombstones.revive(bound, record))) return undefined;
    return { accountId: bound.account.id, identityId: bound.identityId };
  }

  async #tryOnce(
    record: SignInRecord,
    policy: BindingPolicy,
    bound: BoundIdentity | undefined,
    added: Added,
  ): Promise<SignedInPerson | OpenQuestion | undefined> {
    await this.tombstones.refuseLeaver(record, bound);
    const { identity } = record;
    const phone =
      bound || !policy.matchPhone || added.provenPhone || added.provenAccountId
        ? undefined
        : trustedPhone(identity.profile);
    const found = bound ? {} : await this.#joinable(identity, phone, added);
    const decision = decideBinding(policy, {
      ...(bound && { boundTo: bound.account }),
      ...found,
      ...(added.choice && { choice: added.choice }),
    });
    switch (decision.kind) {
      case 'refuse':
        throw refusal(decision.code);
      case 'ask':
        return decision;
      case 'create':
        return this.#create(record, policy, decision.reason, added.provenPhone, {
          // Where a phone leads to accounts and none had it, one that has it now is the right one.
          phoneDecides:
            added.provenPhone !== undefined || (phone !== undefined && !found.phoneOwner),
        });
      case 'bind':
        return this.#bind(record, decision, {
          proven_account: undefined,
          proven_phone: added.provenPhone,
          trusted_phone: phone,
        });
      case 'sign-in':
        return bound && this.#note(record, policy, bound);
    }
  }

  async #joinable(
    newcomer: IdentityName,
    trusted: string | undefined,
    { provenPhone, provenAccountId }: Added,
  ): Promise<{
    phoneOwner?: JoinableAccount;
    provenAccount?: JoinableAccount;
    provenPhone?: { owner?: JoinableAccount };
  }> {
    const owner = (phone: string): Promise<JoinableAccount | undefined> =>
      this.accounts.findPhoneOwner(phone, newcomer);
    const provenAccount =
      provenAccountId && (await this.accounts.findJoinable(provenAccountId, newcomer));
    const provenOwner = provenPhone && (await owner(provenPhone));
    const phoneOwner = trusted && (await owner(trusted));
    return {
      ...(provenAccount && { provenAccount }),
      ...(provenPhone && { provenPhone: provenOwner ? { owner: provenOwner } : {} }),
      ...(phoneOwner && { phoneOwner }),
    };
  }

  async #create(
    record: SignInRecord,
    policy: BindingPolicy,
    reason: CreateReason,
    provenPhone: string | undefined,
    { phoneDecides }: { readonly phoneDecides: boolean },
  ): Promise<SignedInPerson | undefined> {
    const roles = policy.defaultRoles;
    const account = { roles, reason, provenPhone, phoneDecides };
    const created = await this.accounts.createWithIdentity(record, account);
    return created && { kind: 'signed-in', ...created, reason };
  }

  async #bind(
    record: SignInRecord,
    { accountId, reason }: Extract<BindingDecision, { kind: 'bind' }>,
    phoneBehind: Readonly<Record<BindReason, string | undefined>>,
  ): Promise<SignedInPerson | undefined> {
    const joined = await this.accounts.bindIdentity(accountId, record, reason, phoneBehind[reason]);
    return joined && { kind: 'signed-in', ...joined, reason };
  }

  async #note(
    record: SignInRecord,
    policy: BindingPolicy,
    bound: BoundIdentity,
  ): Promise<SignedInPerson | undefined> {
    const profile = policy.syncProfile === 'every-login' ? record.identity.profile : undefined;
    if (bound.leftAt && !(await this.tombstones.revive(bound, record))) return undefined;
    if (!(await this.accounts.noteSignIn(bound, record, profile))) return undefined;
    return {
      kind: 'signed-in',
      accountId: bound.account.id,
      identityId: bound.identityId,
      reason: bound.leftAt ? 'returned_identity' : 'known_identity',
    };
  }
}

/** Tries again while others come in between. */
async function untilSettled<T>(tryOnce: (attempt: number) => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const settled = await tryOnce(attempt);
    if (settled) return settled;
  }
  throw new AppError(
    'binding_conflict',
    'This sign-in met another change to the same account. Please try again.',
  );
}
