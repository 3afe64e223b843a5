import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { type AuditEvent, AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { checkIfMatch } from '../../common/entity-tag.js';
import { notFound } from '../../common/identifiers.js';
import { recordAccountEvents } from '../account-events.js';
import { accountColumns, type AccountFields, columnOf } from '../account-fields.js';
import type { Account } from '../account.entity.js';
import { endSessionsOfAccount } from '../sessions.js';
import { isUniqueViolation } from '../unique-violation.js';

/** What an administrator does to accounts: each call one transaction, with what is told of it. */
@Injectable()
export class AccountChanges {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `phone_taken`, `value_not_allowed` */
  async create(fields: AccountFields, actor: Actor): Promise<Account> {
    const given = withoutUndefined(fields);
    const event = { action: 'account.create', ...actor };
    const account = await this.#write(event, async (manager) => {
      refuseEmptyProofs({ phone: null, email: null, ...given });
      const now = this.clock.now();
      const names = Object.keys(given) as (keyof AccountFields)[];
      const columns = [...names.map((name) => columnOf[name]), 'created_at', 'updated_at'];
      const [row] = await manager.query<Account[]>(
        `insert into accounts as a (${columns.join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')})
         returning ${accountColumns}`,
        [...names.map((name) => given[name]), now, now],
      );
      if (!row) throw new Error('an insert returned nothing');
      await recordAccountEvents(manager, now, [
        { type: 'account.created', accountId: row.id, data: { reason: 'administrator' } },
      ]);
      return row;
    });
    this.audit.record({ ...event, outcome: 'ok', accountId: account.id });
    return account;
  }

  /**
   * Changes the fields that are given. A number or an address that changes is unverified unless it is said to be proven.
   * @param ifMatch the `If-Match` header
   * @throws AppError `account_not_found`, `precondition_failed`, `phone_taken`, `value_not_allowed`
   */
  async change(
    accountId: string,
    fields: AccountFields,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<Account> {
    const event = { action: 'account.update', accountId, ...actor };
    const { account, changed } = await this.#write(event, async (manager) => {
      const before = await lockedAccount(manager, accountId);
      checkIfMatch(ifMatch, before.revision);
      const changes = changesOf(before, fields);
      const names = Object.keys(changes) as (keyof AccountFields)[];
      if (names.length === 0) return { account: before, changed: names };
      const now = this.clock.now();
      const [[after]] = await manager.query<[Account[], number]>(
        `update accounts a set ${names.map((name, at) => `${columnOf[name]} = $${at + 3}`).join(', ')},
                revision = a.revision + 1, updated_at = $2
          where a.id = $1 returning ${accountColumns}`,
        [accountId, now, ...names.map((name) => changes[name])],
      );
      if (!after) throw notFound('account');
      if (changes.status === 'disabled') {
        await endSessionsOfAccount(manager, accountId);
        await recordAccountEvents(manager, now, [{ type: 'account.disabled', accountId }]);
      }
      return { account: after, changed: names };
    });
    const isDisabled = changed.includes('status') && account.status === 'disabled';
    this.audit.record({
      ...event,
      ...(isDisabled && { action: 'account.disable' }),
      outcome: 'ok',
      details: { changed },
    });
    return account;
  }

  /** @throws AppError `account_not_found` */
  async delete(accountId: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockedAccount(manager, accountId);
      await endSessionsOfAccount(manager, accountId);
      await manager.query(`delete from accounts where id = $1`, [accountId]);
      await recordAccountEvents(manager, this.clock.now(), [
        { type: 'account.deleted', accountId },
      ]);
    });
    this.audit.record({ action: 'account.delete', outcome: 'ok', accountId, ...actor });
  }

  /** Signs the person out everywhere. @throws AppError `account_not_found` */
  async endSessions(accountId: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockedAccount(manager, accountId);
      await endSessionsOfAccount(manager, accountId);
    });
    this.audit.record({ action: 'sessions.end', outcome: 'ok', accountId, ...actor });
  }

  /** @param event what a refusal is audited as */
  async #write<T>(
    event: Omit<AuditEvent, 'outcome'>,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (thrown) {
      const error = isUniqueViolation(thrown) ? phoneTaken() : thrown;
      if (error instanceof AppError)
        this.audit.record({ ...event, outcome: 'refused', reason: error.code });
      throw error;
    }
  }
}

function phoneTaken(): AppError {
  return new AppError('phone_taken', 'Another account has verified this number.', {
    errors: [{ field: 'phone', message: 'is another account’s' }],
  });
}

async function lockedAccount(manager: EntityManager, accountId: string): Promise<Account> {
  const [row] = await manager.query<Account[]>(
    `select ${accountColumns} from accounts a where a.id = $1 for update`,
    [accountId],
  );
  if (!row) throw notFound('account');
  return row;
}

/** The fields that differ, and the proofs that fall with what they proved. */
function changesOf(before: Account, fields: AccountFields): Partial<AccountFields> {
  const given = withoutUndefined(fields);
  const asked: Partial<AccountFields> = {
    ...(given.phone !== undefined && given.phone !== before.phone && { phoneVerified: false }),
    ...(given.email !== undefined && given.email !== before.email && { emailVerified: false }),
    ...given,
  };
  refuseEmptyProofs({ phone: before.phone, email: before.email, ...asked });
  return Object.fromEntries(
    Object.entries(asked).filter(
      ([name, value]) =>
        JSON.stringify(value) !== JSON.stringify(before[name as keyof AccountFields]),
    ),
  );
}

function refuseEmptyProofs({ phone, phoneVerified, email, emailVerified }: AccountFields): void {
  const field =
    phoneVerified && phone === null
      ? 'phoneVerified'
      : emailVerified && email === null
        ? 'emailVerified'
        : undefined;
  if (field === undefined) return;
  throw new AppError('value_not_allowed', 'There is nothing that could be verified.', {
    errors: [{ field, message: 'must not be true where there is nothing to verify' }],
  });
}

function withoutUndefined(fields: AccountFields): Partial<AccountFields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
