import type { PlatformProfile } from '../auth/providers/provider.js';
import type { AccountStatus } from './account.entity.js';

/**
 * The rules of binding, as a pure function of what is known: who gets in, into which account, and why.
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

export interface BindingFacts {
  /** The account that this identity belongs to already. */
  readonly boundTo?: KnownAccount;
  /** The account that holds the identity's trusted phone as a verified one, and no identity of this issuer. */
  readonly phoneOwner?: KnownAccount;
}

export type BindingDecision =
  | { readonly kind: 'sign-in'; readonly accountId: string; readonly reason: 'known_identity' }
  | { readonly kind: 'bind'; readonly accountId: string; readonly reason: 'trusted_phone' }
  | { readonly kind: 'create'; readonly reason: 'sign_up_auto' }
  | { readonly kind: 'refuse'; readonly code: 'account_disabled' | 'account_not_found' };

/** Decides what an identity that has just been proven leads to. */
export function decideBinding(policy: BindingPolicy, facts: BindingFacts): BindingDecision {
  const { boundTo, phoneOwner } = facts;
  if (boundTo) {
    return boundTo.status === 'active'
      ? { kind: 'sign-in', accountId: boundTo.id, reason: 'known_identity' }
      : { kind: 'refuse', code: 'account_disabled' };
  }
  if (policy.matchPhone && phoneOwner) {
    return phoneOwner.status === 'active'
      ? { kind: 'bind', accountId: phoneOwner.id, reason: 'trusted_phone' }
      : { kind: 'refuse', code: 'account_disabled' };
  }
  return policy.signUp === 'auto'
    ? { kind: 'create', reason: 'sign_up_auto' }
    : { kind: 'refuse', code: 'account_not_found' };
}

/** The phone that may be matched on: only one that the corp or the person's consent stands behind. */
export function trustedPhone(profile: PlatformProfile): string | undefined {
  return profile.phone?.trusted ? profile.phone.number : undefined;
}
