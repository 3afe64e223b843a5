import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { notFound } from '../../common/identifiers.js';
import { recordAccountEvents } from '../account-events.js';
import { accountColumns } from '../account-fields.js';
import type { Account } from '../account.entity.js';
import { endSessionsOfAccount } from '../sessions.js';

interface MovedIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly connection: string;
  readonly tenant: string | null;
  readonly leftAt: Date | null;
}

/**
 * Makes one account of two that are one person's: identities move, what the kept account lacks is filled in, roles are not. One
 * transaction, both rows locked in the order of their ids, so that two administrators who do it at once wait for each other.
 */
@Injectable()
export class AccountMerge {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param accountId stays
   * @param from goes
   * @throws AppError `account_not_found`, `merge_conflict` with the reason
   */
  async merge(accountId: string, from: string, actor: Actor): Promise<Account> {
    const event = { action: 'account.merge', accountId, details: { from }, ...actor };
    try {
      const kept = await this.dataSource.transaction((manager) =>
        this.#merge(manager, accountId, from),
      );
      this.audit.record({ ...event, outcome: 'ok' });
      return kept;
    } catch (error) {
      if (error instanceof AppError)
        this.audit.record({ ...event, outcome: 'refused', reason: error.code });
      throw error;
    }
  }

  async #merge(manager: EntityManager, accountId: string, from: string): Promise<Account> {
    if (accountId.toLowerCase() === from.toLowerCase())
      throw conflict('An account cannot be merged into itself.');
    const both = await manager.query<Account[]>(
      `select ${accountColumns} from accounts a where a.id in ($1, $2) order by a.id for update`,
      [accountId, from],
    );
    const target = both.find(({ id }) => id === accountId.toLowerCase());
    const source = both.find(({ id }) => id === from.toLowerCase());
    if (!target || !source) throw notFound('account');
    if (target.status !== 'active') throw conflict('The account that would stay is disabled.');
    await refuseTwoPeople(manager, target.id, source.id);

    await endSessionsOfAccount(manager, source.id);
    const [moved] = await manager.query<[MovedIdentity[], number]>(
      `update identities set account_id = $1 where account_id = $2 returning issuer, subject, connection, tenant, left_at as "leftAt"`,
      [target.id, source.id],
    );
    await manager.query(`delete from accounts where id = $1`, [source.id]);
    const now = this.clock.now();
    await recordAccountEvents(manager, now, [
      ...moved.filter(isLiving).map(({ tenant, leftAt: _leftAt, ...identity }) => ({
        type: 'account.bound' as const,
        accountId: target.id,
        data: { reason: 'merged', identity: { ...identity, ...(tenant && { tenant }) } },
      })),
      { type: 'account.deleted', accountId: source.id, data: { mergedInto: target.id } },
    ]);
    return fillIn(manager, target, source, now);
  }
}

/** A tombstone comes along as one, and opens nothing. */
function isLiving({ leftAt }: MovedIdentity): boolean {
  return leftAt === null;
}

/** Two identities of one issuer are two people there. */
async function refuseTwoPeople(
  manager: EntityManager,
  target: string,
  source: string,
): Promise<void> {
  const shared = await manager.query<{ issuer: string }[]>(
    `select issuer from identities where account_id = $1
     intersect select issuer from identities where account_id = $2 order by issuer`,
    [target, source],
  );
  if (shared.length === 0) return;
  const issuers = shared.map(({ issuer }) => issuer).join(', ');
  throw conflict(`Both accounts have an identity of ${issuers}: they are different people there.`);
}

/** A phone and a mail address come along with their proof, or stay as they are; a proof of the same one is not lost. */
async function fillIn(
  manager: EntityManager,
  target: Account,
  source: Account,
  now: Date,
): Promise<Account> {
  const phone =
    target.phone === null || (target.phone === source.phone && source.phoneVerified)
      ? source
      : target;
  const email =
    target.email === null || (target.email === source.email && source.emailVerified)
      ? source
      : target;
  const [[kept]] = await manager.query<[Account[], number]>(
    `update accounts a
        set display_name = $2, phone = $3, phone_verified = $4, email = $5, email_verified = $6, avatar_url = $7, gender = $8,
            locale = $9, revision = a.revision + 1, updated_at = $10
      where a.id = $1 returning ${accountColumns}`,
    [
      target.id,
      target.displayName ?? source.displayName,
      phone.phone,
      phone.phoneVerified,
      email.email,
      email.emailVerified,
      target.avatarUrl ?? source.avatarUrl,
      target.gender ?? source.gender,
      target.locale ?? source.locale,
      now,
    ],
  );
  if (!kept) throw notFound('account');
  return kept;
}

function conflict(reason: string): AppError {
  return new AppError('merge_conflict', reason);
}
