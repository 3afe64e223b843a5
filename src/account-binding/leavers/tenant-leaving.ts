import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { EventEffect } from '../../auth/providers/platform-events.js';
import { AuditService } from '../../audit/audit.service.js';
import type { EventSource } from '../../platform-events/event-effects.js';
import { endProofsOfAccounts, endSessionsOfIdentities } from '../sessions.js';
import { overtakenAfter } from './late-events.js';
import { endProofsOfTenant } from './waiting-proofs.js';

/** So many people's sessions end in one transaction: none of them waits long for another. */
const batchSize = 500;

interface Member {
  readonly id: string;
  readonly accountId: string;
  readonly subject: string;
}

/**
 * A corp that took the app away: everybody of it is signed out. Their identities stay as they are, since nobody has left the corp, and it may
 * install the app again.
 */
@Injectable()
export class TenantLeaving {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  async apply(
    { issuer }: Extract<EventEffect, { kind: 'tenant-left' }>,
    event: EventSource,
  ): Promise<void> {
    const latest = overtakenAfter(event.sentAt);
    await this.dataSource.transaction(async (manager) => {
      await endProofsOfTenant(manager, issuer, latest);
      await endWaitingSignIns(manager, issuer, latest);
    });
    let people = 0;
    for (let after = ''; ;) {
      const batch = await this.#endBatch(issuer, after, latest);
      people += batch.length;
      const last = batch.at(-1);
      if (last === undefined || batch.length < batchSize) break;
      after = last.subject;
    }
    this.audit.record({
      action: 'tenant.leave',
      outcome: 'ok',
      connection: event.connection,
      details: { issuer, people, event: event.type },
    });
  }

  /** @param latest whoever has signed in later did so after the corp had come back */
  #endBatch(issuer: string, after: string, latest: Date): Promise<readonly Member[]> {
    return this.dataSource.transaction(async (manager) => {
      const batch = await manager.query<Member[]>(
        `select id, account_id as "accountId", subject from identities
          where issuer = $1 and subject > $2 and last_used_at <= $3 order by subject limit $4`,
        [issuer, after, latest, batchSize],
      );
      if (batch.length === 0) return batch;
      await endSessionsOfIdentities(
        manager,
        batch.map(({ id }) => id),
      );
      await endProofsOfAccounts(
        manager,
        batch.map(({ accountId }) => accountId),
      );
      return batch;
    });
  }
}

/** Sign-ins that have ended on our side, and that the engine has not yet made sessions of. */
async function endWaitingSignIns(
  manager: EntityManager,
  issuer: string,
  latest: Date,
): Promise<void> {
  await manager.query(
    `delete from oidc_entries e using identities i
      where e.model = 'Interaction' and i.issuer = $1 and i.last_used_at <= $2
        and i.id::text = e.payload #>> '{result,login,signIn,identityId}'`,
    [issuer, latest],
  );
}
