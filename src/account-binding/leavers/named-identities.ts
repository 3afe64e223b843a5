import type { EntityManager } from 'typeorm';

import type { NamedPerson } from './waiting-proofs.js';

/** An identity that an event is about. */
export interface NamedIdentity {
  readonly id: string;
  readonly accountId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly connection: string;
  readonly tenant: string | null;
  readonly leftAt: Date | null;
}

/**
 * Finds whom an event names, by the subject or by the id inside the corp, and locks their accounts: before the identities, as whoever binds
 * does. Retired tombstones have no name any more.
 */
export async function findNamed(
  manager: EntityManager,
  { issuer, userId, subject }: NamedPerson,
): Promise<readonly NamedIdentity[]> {
  const named = (): Promise<NamedIdentity[]> =>
    manager.query(
      // An issuer speaks for one corp, whose id leads to the index.
      `select id, account_id as "accountId", issuer, subject, connection, tenant, left_at as "leftAt"
         from identities where issuer = $1 and subject = $2
       union
       select id, account_id, issuer, subject, connection, tenant, left_at
         from identities
        where issuer = $1 and user_id = $3
          and tenant = (select tenant from identities where issuer = $1 and tenant is not null limit 1)`,
      [issuer, subject ?? null, userId ?? null],
    );
  const accounts = (await named()).map(({ accountId }) => accountId);
  if (accounts.length === 0) return [];
  await manager.query(`select 1 from accounts where id = any($1::uuid[]) order by id for update`, [
    accounts,
  ]);
  // Read again: somebody may have changed them while the lock was waited for.
  return named();
}
