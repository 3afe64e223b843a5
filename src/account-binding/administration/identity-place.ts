import type { EntityManager } from 'typeorm';

import type { IdentityName } from '../../auth/providers/provider.js';
import { AppError } from '../../common/app-error.js';
import { recordAccountEvents } from '../account-events.js';

/** An identity that an administrator gives an account. */
export interface GivenIdentity {
  /** The slug of its connection. */
  readonly connection: string;
  readonly name: IdentityName & { readonly userId?: string };
  readonly at: Date;
  /** Whether the account itself is made in this transaction: told then as one thing. */
  readonly isNewAccount: boolean;
}

/**
 * Looks whether an account has room for an identity. Whoever asks holds the lock on the account's row.
 * @returns the identity's id where the account has exactly it already
 * @throws AppError `identity_already_bound`, `binding_conflict`
 */
export async function findPlace(
  manager: EntityManager,
  accountId: string,
  { issuer, subject }: IdentityName,
): Promise<string | undefined> {
  const taken = await manager.query<{ id: string; isOwn: boolean; subject: string }[]>(
    `select id, account_id = $3 as "isOwn", subject from identities
      where issuer = $1 and (subject = $2 or account_id = $3)`,
    [issuer, subject, accountId],
  );
  const same = taken.find((row) => row.subject === subject);
  if (same?.isOwn) return same.id;
  if (same) throw alreadyBound();
  if (taken.length === 0) return undefined;
  throw new AppError(
    'binding_conflict',
    `The account has another identity of ${issuer}: they are different people there.`,
  );
}

/** Writes the identity down, and tells of it. @returns its id */
export async function takePlace(
  manager: EntityManager,
  accountId: string,
  { connection, name, at, isNewAccount }: GivenIdentity,
): Promise<string> {
  const { issuer, subject, tenant, userId } = name;
  const [row] = await manager.query<{ id: string }[]>(
    `insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7) returning id`,
    [accountId, issuer, subject, connection, tenant ?? null, userId ?? null, at],
  );
  if (!row) throw new Error('an insert returned nothing');
  const identity = { issuer, subject, connection, ...(tenant && { tenant }) };
  await recordAccountEvents(manager, at, [
    {
      type: isNewAccount ? 'account.created' : 'account.bound',
      accountId,
      data: { reason: 'administrator', identity },
    },
  ]);
  return row.id;
}

export function alreadyBound(): AppError {
  return new AppError('identity_already_bound', 'This identity belongs to an account already.');
}
