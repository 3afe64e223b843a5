import type { PlatformProfile } from '../auth/providers/provider.js';
import type { AccountStatus } from './account.entity.js';

/**
 * The rules of binding, as pure functions of what is known: who gets in, into which account, and why.
 * E-mail and name are not among the inputs: nobody is ever matched by them.
 */

/** What becomes of an unknown person: an account, a proof of a phone number first, a choice, or nothing (DESIGN 5). */
export const signUpWays = ['auto', 'phone', 'ask', 'existing'] as const;
export type SignUp = (typeof signUpWays)[number];

/** What a connection says about people it brings. */
export interface BindingPolicy {
  readonly signUp: SignUp;
  /** Whether a trusted phone may lead an unknown identity to the account with that verified phone. */
  readonly matchPhone: boolean;
  /** Given to accounts that the connection creates. */
  readonly defaultRoles: readonly string[];
  /** Whether a sign-in after the first brings the account's profile up to date. */
  readonly syncProfile: 'on-create' | 'every-login';
}

export interface KnownAccount {
  readonly id: string;
  readonly status: AccountStatus;
}

/** An account that an identity might join. */
export interface JoinableAccount extends KnownAccount {
  /** Whether it has another identity of the newcomer's issuer: it is somebody else there. */
  readonly hasIssuer: boolean;
}

/** What is known of an identity that a platform has just proven. */
export interface BindingFacts {
  /** The account that this identity belongs to already. */
  readonly boundTo?: KnownAccount;
  /** The account that holds the identity's trusted phone as a verified one. */
  readonly phoneOwner?: JoinableAccount;
  /** The account into which the person has signed in another way, in this very attempt, to have it joined. */
  readonly provenAccount?: JoinableAccount;
  /** A number that the person has proven by SMS code in this very attempt, and the account that holds it as verified. */
  readonly provenPhone?: { readonly owner?: JoinableAccount };
  /** What the person chose when asked. */
  readonly choice?: 'create';
}

export type BindReason = 'trusted_phone' | 'proven_phone' | 'proven_account';
export type CreateReason = 'sign_up_auto' | 'proven_phone' | 'chosen';
export type RefusalCode = 'account_disabled' | 'account_not_found' | 'binding_conflict';

export type BindingDecision =
  | { readonly kind: 'sign-in'; readonly accountId: string; readonly reason: 'known_identity' }
  | { readonly kind: 'bind'; readonly accountId: string; readonly reason: BindReason }
  | { readonly kind: 'create'; readonly reason: CreateReason }
  /** The person has to say more first. */
  | { readonly kind: 'ask'; readonly question: 'phone' | 'choice' }
  | { readonly kind: 'refuse'; readonly code: RefusalCode };

/** Decides what an identity that has just been proven leads to. */
export function decideBinding(policy: BindingPolicy, facts: BindingFacts): BindingDecision {
  const { boundTo, phoneOwner, provenAccount, provenPhone, choice } = facts;
  if (boundTo) {
    return boundTo.status === 'active'
      ? { kind: 'sign-in', accountId: boundTo.id, reason: 'known_identity' }
      : { kind: 'refuse', code: 'account_disabled' };
  }
  if (provenAccount) return join(provenAccount, 'proven_account');
  if (provenPhone?.owner) return join(provenPhone.owner, 'proven_phone');
  // The phone's account with another identity of this issuer is another person with a number that was given on.
  if (policy.matchPhone && phoneOwner && !phoneOwner.hasIssuer)
    return join(phoneOwner, 'trusted_phone');
  switch (policy.signUp) {
    case 'auto':
      return { kind: 'create', reason: 'sign_up_auto' };
    case 'phone':
      return provenPhone
        ? { kind: 'create', reason: 'proven_phone' }
        : { kind: 'ask', question: 'phone' };
    case 'ask':
      return choice === 'create'
        ? { kind: 'create', reason: 'chosen' }
        : { kind: 'ask', question: 'choice' };
    case 'existing':
      return { kind: 'refuse', code: 'account_not_found' };
  }
}

function join(account: JoinableAccount, reason: BindReason): BindingDecision {
  if (account.status !== 'active') return { kind: 'refuse', code: 'account_disabled' };
  if (account.hasIssuer) return { kind: 'refuse', code: 'binding_conflict' };
  return { kind: 'bind', accountId: account.id, reason };
}

export type LocalDecision =
  | { readonly kind: 'sign-in'; readonly accountId: string; readonly reason: 'proven_phone' }
  | { readonly kind: 'create'; readonly reason: CreateReason }
  | { readonly kind: 'ask'; readonly question: 'choice' }
  | { readonly kind: 'refuse'; readonly code: RefusalCode };

/** Decides what a number that was proven by SMS code leads to, where no platform stands behind the person. */
export function decideLocal(
  signUp: SignUp,
  owner: KnownAccount | undefined,
  choice: 'create' | undefined,
): LocalDecision {
  if (owner) {
    return owner.status === 'active'
      ? { kind: 'sign-in', accountId: owner.id, reason: 'proven_phone' }
      : { kind: 'refuse', code: 'account_disabled' };
  }
  if (signUp === 'existing') return { kind: 'refuse', code: 'account_not_found' };
  if (signUp === 'ask' && choice !== 'create') return { kind: 'ask', question: 'choice' };
  return { kind: 'create', reason: signUp === 'ask' ? 'chosen' : 'proven_phone' };
}

/** The phone that may be matched on: only one that the corp or the person's consent stands behind. */
export function trustedPhone(profile: PlatformProfile): string | undefined {
  return profile.phone?.trusted ? profile.phone.number : undefined;
}
