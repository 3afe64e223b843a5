import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { IdentityName } from '../../auth/providers/provider.js';
import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { isUniqueViolation } from '../unique-violation.js';
import { lockAccount } from './account-lock.js';
import type { BindIdentityDto } from './accounts.dto.js';
import { reviveOwn } from '../leavers/tombstones.js';
import { alreadyBound, findPlace, takePlace } from './identity-place.js';

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
    name: IdentityName,
  ): Promise<{ identityId: string; isNew: boolean }> {
    await lockAccount(manager, accountId);
    const known = await findPlace(manager, accountId, name);
    const at = this.clock.now();
    if (known !== undefined) {
      await reviveOwn(manager, known, connection, at);
      return { identityId: known, isNew: false };
    }
    const identityId = await takePlace(manager, accountId, {
      connection,
      name,
      at,
      isNewAccount: false,
    });
    return { identityId, isNew: true };
  }
}
