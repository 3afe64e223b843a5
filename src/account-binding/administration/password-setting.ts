import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { notFound } from '../../common/identifiers.js';
import { hashPassword, passwordFault } from '../passwords/password-hash.js';
import { endSessionsOfAccount } from '../sessions.js';
import { lockAccount } from './account-lock.js';

/** Sets and removes the password with which a person may sign in beside their verified phone. */
@Injectable()
export class PasswordSetting {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `account_not_found`, `value_not_allowed`, `password_unsuitable` */
  async set(accountId: string, password: string, mustChange: boolean, actor: Actor): Promise<void> {
    requireSuitable(password, await verifiedPhone(this.dataSource.manager, accountId));
    const hash = await hashPassword(password);
    await this.dataSource.transaction(async (manager) => {
      await lockAccount(manager, accountId);
      // The number may have changed while the hash was computed.
      requireSuitable(password, await verifiedPhone(manager, accountId));
      await manager.query(
        `insert into account_passwords (account_id, hash, must_change, changed_at) values ($1, $2, $3, $4)
         on conflict (account_id) do update
            set hash = excluded.hash, must_change = excluded.must_change, changed_at = excluded.changed_at`,
        [accountId, hash, mustChange, this.clock.now()],
      );
      await endSessionsOfAccount(manager, accountId);
    });
    this.audit.record({ action: 'password.set', outcome: 'ok', accountId, ...actor });
  }

  /** @throws AppError `account_not_found` */
  async remove(accountId: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockAccount(manager, accountId);
      await manager.query(`delete from account_passwords where account_id = $1`, [accountId]);
    });
    this.audit.record({ action: 'password.remove', outcome: 'ok', accountId, ...actor });
  }
}

/** @throws AppError `account_not_found`, `value_not_allowed` */
async function verifiedPhone(manager: EntityManager, accountId: string): Promise<string> {
  const [account] = await manager.query<{ phone: string | null; verified: boolean }[]>(
    `select phone, phone_verified as verified from accounts where id = $1`,
    [accountId],
  );
  if (!account) throw notFound('account');
  if (account.phone !== null && account.verified) return account.phone;
  throw new AppError(
    'value_not_allowed',
    'A password goes with a verified phone, and this account has none.',
  );
}

/** @throws AppError `password_unsuitable` */
function requireSuitable(password: string, phone: string): void {
  const fault = passwordFault(password, { phone });
  if (fault === undefined) return;
  throw new AppError('password_unsuitable', fault, {
    errors: [{ field: 'password', message: fault }],
  });
}
