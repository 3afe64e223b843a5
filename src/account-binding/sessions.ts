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
export async function endProofsOfAccount(manager: EntityManager, accountId: string): Promise<void> {
  await manager.query(`delete from sign_in_steps where account_id = $1`, [accountId]);
}

/** Ends what was issued for sign-ins through one identity. */
export async function endSessionsOfIdentity(
  manager: EntityManager,
  identityId: string,
): Promise<void> {
  await manager.query(
    `delete from oidc_entries e
      where e.identity_id = $1
         or e.grant_id in (select g.id from oidc_entries g where g.model = 'Grant' and g.identity_id = $1)`,
    [identityId],
  );
}
