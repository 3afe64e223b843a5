import type { EntityManager } from 'typeorm';

import type { AnyProvider } from '../../auth/providers/provider.js';
import { AppError } from '../../common/app-error.js';
import type { OpenConnection } from '../../connections/connection.registry.js';

interface OwnWays {
  /** The account's phone, verified. */
  readonly phone: boolean;
  readonly password: boolean;
}

interface OtherIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** The connection that was used last. */
  readonly connection: string;
}

/**
 * Whether a person could still sign in without one of their identities: with another one whose person is still there, or with the account's own verified phone,
 * where a connection that is enabled leads there.
 * @param manager holds the lock on the account's row, so that two removals see each other
 */
export async function hasAnotherWayIn(
  manager: EntityManager,
  connections: readonly OpenConnection[],
  accountId: string,
  identityId: string,
): Promise<boolean> {
  const [own] = await manager.query<OwnWays[]>(
    `select a.phone is not null and a.phone_verified as phone,
            exists (select 1 from account_passwords p where p.account_id = a.id) as password
       from accounts a where a.id = $1`,
    [accountId],
  );
  const others = await manager.query<OtherIdentity[]>(
    `select issuer, subject, connection from identities where account_id = $1 and id <> $2 and left_at is null`,
    [accountId, identityId],
  );
  return connections
    .filter(({ enabled }) => enabled)
    .some(
      ({ slug, provider }) =>
        (own !== undefined && opensToPhone(provider, own)) ||
        others.some((other) => other.connection === slug || namesAlike(provider, other)),
    );
}

function opensToPhone(provider: AnyProvider, own: OwnWays): boolean {
  if (provider.platform !== 'local' || !own.phone) return false;
  return provider.methods.phoneCode || (provider.methods.password && own.password);
}

/** Whether another app of the same corp leads to the same identity. */
function namesAlike(provider: AnyProvider, { issuer, subject }: OtherIdentity): boolean {
  if (provider.platform === 'local') return false;
  try {
    return provider.nameIdentity({ subject }).issuer === issuer;
  } catch (error) {
    // Another platform's subject need not look like one of this platform.
    if (error instanceof AppError) return false;
    throw error;
  }
}
