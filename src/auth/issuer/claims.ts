import type { Account as EngineAccount } from 'oidc-provider';

import type { Account } from '../../account-binding/account.entity.js';

/** Which claims a scope asks for (OpenID Connect Core 5.4). */
export const claimsByScope = {
  openid: ['sub'],
  profile: ['name', 'picture', 'gender', 'locale', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  email: ['email', 'email_verified'],
};

/** What we know of a person, in OpenID Connect's words. What is not known is left out, never invented. */
function claimsOf(account: Account): Record<string, unknown> {
  return {
    sub: account.id,
    ...(account.displayName && { name: account.displayName }),
    ...(account.avatarUrl && { picture: account.avatarUrl }),
    ...(account.gender && { gender: account.gender }),
    ...(account.locale && { locale: account.locale }),
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
    ...(account.phone && {
      phone_number: account.phone,
      phone_number_verified: account.phoneVerified,
    }),
    ...(account.email && { email: account.email, email_verified: account.emailVerified }),
  };
}

/** The part of the claims that these scopes ask for. */
export function claimsForScopes(
  account: Account,
  scopes: ReadonlySet<string>,
): Record<string, unknown> {
  const asked = new Set(
    Object.entries(claimsByScope).flatMap(([scope, claims]) => (scopes.has(scope) ? claims : [])),
  );
  return Object.fromEntries(
    Object.entries(claimsOf(account)).filter(([claim]) => asked.has(claim)),
  );
}

/** An account as the engine carries it through a request. */
export interface EngineAccountWithRoles extends EngineAccount {
  readonly roles: readonly string[];
}

/** @param scopes what the client may ask for today: a scope that was taken from it tells nothing more, also at a refresh */
export function engineAccount(
  account: Account,
  scopes: readonly string[] = [],
): EngineAccountWithRoles {
  return {
    accountId: account.id,
    roles: account.roles,
    claims: () =>
      Promise.resolve({ ...claimsForScopes(account, new Set(scopes)), sub: account.id }),
  };
}
