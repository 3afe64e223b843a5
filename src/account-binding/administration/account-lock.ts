import type { EntityManager } from 'typeorm';

import { notFound } from '../../common/identifiers.js';

/**
 * Locks an account's row until the transaction ends: changes that look before they write wait for each other here.
 * @throws AppError `account_not_found`
 */
export async function lockAccount(manager: EntityManager, accountId: string): Promise<void> {
  const rows = await manager.query<unknown[]>(`select 1 from accounts where id = $1 for update`, [
    accountId,
  ]);
  if (rows.length === 0) throw notFound('account');
}
