import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../../audit/audit.service.js';
import { Clock } from '../../common/clock.js';
import { isDeadlock, isUniqueViolation } from '../unique-violation.js';
import { type IdChange, namesAfter } from './ids-after-migration.js';
import { renameRequests } from './requests-migrating.js';
import { endProofsOfTenant } from './waiting-proofs.js';

/** Somebody may sign in under a new name, or take the same rows in turn, while all are renamed. */
const attempts = 3;

interface Named {
  readonly id: string;
  readonly accountId: string;
  readonly subject: string;
  readonly userId: string | null;
}

interface Left {
  readonly identity: Named;
  readonly reason: 'identity_already_bound' | 'id_unknown';
}

/** A corp whose ids, and those of its people, the platform changes once: identities, and with them the accounts, go along. */
@Injectable()
export class PeopleMigrating {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Who is in the corp by what we know, be it with an account or with a request for one. */
  members(
    issuer: string,
  ): Promise<{ connection: string; subject: string; userId: string | null }[]> {
    return this.dataSource.query(
      `select connection, subject, user_id as "userId" from identities where issuer = $1 and left_at is null
       union
       select connection, subject, identity->>'userId' from account_requests
        where issuer = $1 and status = 'pending'
        order by 2, 1`,
      [issuer],
    );
  }

  /**
   * Where the new name is an identity already, both stay as they are: whether they are one person is for an administrator to say.
   * @param alongside what happens in the same transaction; false where another call has done it all
   */
  async rename(
    change: IdChange & { readonly connection: string },
    alongside: (manager: EntityManager, people: number) => Promise<boolean>,
  ): Promise<void> {
    for (const { identity, reason } of await this.#untilRenamed(change, alongside)) {
      this.audit.record({
        action: 'identity.migrate_ids',
        outcome: 'refused',
        reason,
        accountId: identity.accountId,
        connection: change.connection,
        details: { identity: identity.id, tenant: change.tenant },
      });
    }
  }

  async #untilRenamed(
    change: IdChange,
    alongside: (manager: EntityManager, people: number) => Promise<boolean>,
  ): Promise<readonly Left[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.dataSource.transaction(async (manager) => {
          const { people, left } = await this.#rename(manager, change);
          return (await alongside(manager, people)) ? left : [];
        });
      } catch (error) {
        const isWorthAnother = isUniqueViolation(error) || isDeadlock(error);
        if (!isWorthAnother || attempt === attempts) throw error;
      }
    }
  }

  async #rename(
    manager: EntityManager,
    change: IdChange,
  ): Promise<{ readonly people: number; readonly left: readonly Left[] }> {
    const { fromIssuer, toIssuer, tenant } = change;
    await endProofsOfTenant(manager, fromIssuer, this.clock.now());
    await renameRequests(manager, change);
    // Accounts before identities, as whoever binds does.
    await manager.query(
      `select 1 from accounts where id in (select account_id from identities where issuer = $1) order by id for update`,
      [fromIssuer],
    );
    const all = await manager.query<Named[]>(
      `select id, account_id as "accountId", subject, user_id as "userId" from identities
        where issuer = $1 order by created_at, id for update`,
      [fromIssuer],
    );
    const { named, taken, unknown } = namesAfter(all, change);
    const [moved] = await manager.query<[{ id: string }[], number]>(
      `update identities i set issuer = $1, tenant = $2, subject = n.subject, user_id = n.user_id
         from unnest($3::uuid[], $4::text[], $5::text[]) as n (id, subject, user_id)
        where i.id = n.id
          and not exists (select 1 from identities o
                           where o.issuer = $1 and (o.subject = n.subject or o.account_id = i.account_id))
        returning i.id`,
      [
        toIssuer,
        tenant,
        named.map(({ person }) => person.id),
        named.map(({ name }) => name.subject),
        named.map(({ name }) => name.userId),
      ],
    );
    const ids = new Set(moved.map(({ id }) => id));
    const refused = named.map(({ person }) => person).filter(({ id }) => !ids.has(id));
    return {
      people: ids.size,
      left: [
        ...[...refused, ...taken].map((identity): Left => ({
          identity,
          reason: 'identity_already_bound',
        })),
        ...unknown.map((identity): Left => ({ identity, reason: 'id_unknown' })),
      ],
    };
  }
}
