import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { IdentityName } from '../../auth/providers/provider.js';
import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { recordAccountEvents } from '../account-events.js';
import { isUniqueViolation } from '../unique-violation.js';
import { lockAccount } from './account-lock.js';
import type { BindIdentityDto } from './accounts.dto.js';

/** Binds an identity that an administrator names; nobody else may name a subject (SECURITY 13). */
@Injectable()
export class IdentityBinding {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: ConnectionRegistry,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the identity's id, and whether it was bound just now
   * @throws AppError `account_not_found`, `connection_not_found`, `value_not_allowed`, `identity_already_bound`, `binding_conflict`
   */
  async bind(
    accountId: string,
    entry: BindIdentityDto,
    actor: Actor,
  ): Promise<{ identityId: string; isNew: boolean }> {
    const event = {
      action: 'identity.bind',
      accountId,
      connection: entry.connection,
      ...actor,
    };
    try {
      const bound = await this.#bind(accountId, entry);
      if (bound.isNew) this.audit.record({ ...event, outcome: 'ok', reason: 'administrator' });
      return bound;
    } catch (error) {
      if (error instanceof AppError)
        this.audit.record({ ...event, outcome: 'refused', reason: error.code });
      throw error;
    }
  }

  /**
   * Names an identity in the spelling of its connection.
   * @throws AppError `connection_not_found`, `value_not_allowed`
   */
  async name({ connection: slug, subject, tenant }: BindIdentityDto): Promise<IdentityName> {
    const connection = await this.connections.find(slug);
    if (!connection) {
      throw new AppError('connection_not_found', 'There is no such connection.', {
        errors: [{ field: 'connection', message: 'must be the slug of a connection' }],
      });
    }
    const { provider } = connection;
    if (provider.platform === 'local') {
      throw new AppError('value_not_allowed', 'The local platform has no identities.', {
        errors: [{ field: 'connection', message: 'must be a connection to a platform' }],
      });
    }
    return provider.nameIdentity({ subject, ...(tenant !== undefined && { tenant }) });
  }

  async #bind(
    accountId: string,
    entry: BindIdentityDto,
  ): Promise<{ identityId: string; isNew: boolean }> {
    const name = await this.name(entry);
    try {
      return await this.dataSource.transaction((manager) =>
        this.#write(manager, accountId, entry.connection, name),
      );
    } catch (error) {
      // Someone else bound it between our look and our write.
      if (isUniqueViolation(error)) throw alreadyBound();
      throw error;
    }
  }

  async #write(
    manager: EntityManager,
    accountId: string,
    connection: string,
    { issuer, subject, tenant }: IdentityName,
  ): Promise<{ identityId: string; isNew: boolean }> {
    await lockAccount(manager, accountId);
    const taken = await manager.query<{ id: string; account_id: string; subject: string }[]>(
      `select id, account_id, subject from identities
        where issuer = $1 and (subject = $2 or account_id = $3)`,
      [issuer, subject, accountId],
    );
    const same = taken.find((row) => row.subject === subject);
    if (same?.account_id === accountId) return { identityId: same.id, isNew: false };
    if (same) throw alreadyBound();
    if (taken.length > 0) {
      throw new AppError(
        'binding_conflict',
        `The account has another identity of ${issuer}: they are different people there.`,
      );
    }
    const now = this.clock.now();
    const [row] = await manager.query<{ id: string }[]>(
      `insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at)
       values ($1, $2, $3, $4, $5, null, $6, $6) returning id`,
      [accountId, issuer, subject, connection, tenant ?? null, now],
    );
    if (!row) throw new Error('an insert returned nothing');
    const identity = { issuer, subject, connection, ...(tenant && { tenant }) };
    await recordAccountEvents(manager, now, [
      { type: 'account.bound', accountId, data: { reason: 'administrator', identity } },
    ]);
    return { identityId: row.id, isNew: true };
  }
}

function alreadyBound(): AppError {
  return new AppError('identity_already_bound', 'This identity belongs to another account.');
}
