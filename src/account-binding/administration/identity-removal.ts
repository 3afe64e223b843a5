import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { notFound, uuidPattern } from '../../common/identifiers.js';
import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';
import { recordAccountEvents } from '../account-events.js';
import { issuerSql } from '../leavers/tombstones.js';
import { endProofsOfAccount, endSessionsOfIdentity } from '../sessions.js';
import { lockAccount } from './account-lock.js';
import { hasAnotherWayIn } from './ways-in.js';

interface Removed {
  readonly issuer: string;
  readonly subject: string;
  readonly connection: string;
  readonly tenant: string | null;
}

/** Takes an identity off an account: what was issued through it ends, and the last way in stays. */
@Injectable()
export class IdentityRemoval {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: ConnectionRegistry,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param force an administrator's: also where it is the last way in
   * @throws AppError `account_not_found`, `identity_not_found`, `last_sign_in_method`
   */
  async remove(accountId: string, identityId: string, force: boolean, actor: Actor): Promise<void> {
    const event = { action: 'identity.unbind', accountId, ...actor };
    try {
      // Read before the transaction, which must not wait for a second connection to Postgres while it holds one.
      const ways = force ? undefined : await this.connections.list();
      const connection = await this.#remove(accountId, identityId, ways);
      this.audit.record({ ...event, outcome: 'ok', connection });
    } catch (error) {
      if (error instanceof AppError)
        this.audit.record({ ...event, outcome: 'refused', reason: error.code });
      throw error;
    }
  }

  /**
   * @param ways connections of which one must still lead to the account; left out: none need
   * @returns the slug of the connection that was used last
   */
  #remove(
    accountId: string,
    identityId: string,
    ways: readonly OpenConnection[] | undefined,
  ): Promise<string> {
    return this.dataSource.transaction(async (manager) => {
      await lockAccount(manager, accountId);
      if (!uuidPattern.test(identityId)) throw notFound('identity');
      const [found] = await manager.query<unknown[]>(
        `select 1 from identities where id = $1 and account_id = $2`,
        [identityId, accountId],
      );
      if (!found) throw notFound('identity');
      if (ways && !(await hasAnotherWayIn(manager, ways, accountId, identityId))) {
        throw new AppError(
          'last_sign_in_method',
          'This is the last way in: without it the person could not sign in any more.',
        );
      }
      const [[removed]] = await manager.query<[[Removed], number]>(
        `delete from identities where id = $1 returning ${issuerSql} as issuer, subject, connection, tenant`,
        [identityId],
      );
      await endSessionsOfIdentity(manager, identityId);
      await endProofsOfAccount(manager, accountId);
      const { issuer, subject, connection, tenant } = removed;
      const identity = { issuer, subject, connection, ...(tenant && { tenant }) };
      await recordAccountEvents(manager, this.clock.now(), [
        { type: 'account.unbound', accountId, data: { identity } },
      ]);
      return connection;
    });
  }
}
