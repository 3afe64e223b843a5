import type { EntityManager } from 'typeorm';

/**
 * Ends what was issued for a person: sessions, grants, refresh tokens, codes and sign-ins that wait. The engine's entries carry the account and
 * the identity for exactly this; it happens in the transaction of the change that asks for it.
 */
export async function endSessionsOfAccount(
  manager: EntityManager,
  accountId: string,
): Promise<void> {
  await manager.query(`delete from oidc_entries where account_id = $1`, [accountId]);
  await endProofsOfAccount(manager, accountId);
}

/** Ends sign-ins that have shown this account and wait for a click or a new password: what they showed may not hold any more. */
export function endProofsOfAccount(manager: EntityManager, accountId: string): Promise<void> {
  return endProofsOfAccounts(manager, [accountId]);
}

/** The same for many. */
export async function endProofsOfAccounts(
  manager: EntityManager,
  accountIds: readonly string[],
): Promise<void> {
  await manager.query(`delete from sign_in_steps where account_id = any($1::uuid[])`, [accountIds]);
}

/** Ends what was issued for sign-ins through one identity. */
export function endSessionsOfIdentity(manager: EntityManager, identityId: string): Promise<void> {
  return endSessionsOfIdentities(manager, [identityId]);
}

/** The same for many. */
export async function endSessionsOfIdentities(
  manager: EntityManager,
  identityIds: readonly string[],
): Promise<void> {
  // Two statements: one with `or` would read the whole table, while the account is locked.
  await manager.query(
    `delete from oidc_entries e using oidc_entries g
      where g.model = 'Grant' and g.identity_id = any($1::uuid[]) and e.grant_id = g.id`,
    [identityIds],
  );
  await manager.query(`delete from oidc_entries where identity_id = any($1::uuid[])`, [
    identityIds,
  ]);
}
