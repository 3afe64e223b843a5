import type { EntityManager } from 'typeorm';

import type { ConnectionRegistry } from '../../connections/connection.registry.js';

/**
 * Whether a person could still sign in without one of their identities: with another one, or with the account's own verified phone
 * where a connection takes it.
 * @param manager holds the lock on the account's row, so that two removals see each other
 */
export async function hasAnotherWayIn(
  manager: EntityManager,
  connections: ConnectionRegistry,
  accountId: string,
  identityId: string,
): Promise<boolean> {
  const [row] = await manager.query<{ others: boolean; verified: boolean }[]>(
    `select a.phone is not null and a.phone_verified as verified,
            exists (select 1 from identities i where i.account_id = a.id and i.id <> $2) as others
       from accounts a where a.id = $1`,
    [accountId, identityId],
  );
  if (!row) return false;
  if (row.others) return true;
  const open = await connections.list();
  return row.verified && open.some(({ platform, enabled }) => platform === 'local' && enabled);
}
