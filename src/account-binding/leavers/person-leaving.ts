import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { EventEffect } from '../../auth/providers/platform-events.js';
import { AuditService } from '../../audit/audit.service.js';
import { Clock } from '../../common/clock.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import type { EventSource } from '../../platform-events/event-effects.js';
import { recordAccountEvents } from '../account-events.js';
import { endProofsOfAccounts, endSessionsOfIdentities } from '../sessions.js';
import { findNamed, type NamedIdentity } from './named-identities.js';
import { overtakenAfter } from './late-events.js';
import { retire } from './tombstones.js';
import { endProofsOfPerson } from './waiting-proofs.js';

type PersonLeft = Extract<EventEffect, { kind: 'person-left' }>;

/** Whether a subject may come again as somebody else. */
type Reuse = (subject: string) => boolean;

interface Outcome {
  readonly left: readonly NamedIdentity[];
  /** Signed in since the event was made. */
  readonly returned: readonly NamedIdentity[];
}

/** A person who left: the identity becomes a tombstone, and what was issued for sign-ins through it ends in the same transaction. */
@Injectable()
export class PersonLeaving {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: ConnectionRegistry,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async apply(effect: PersonLeft, event: EventSource): Promise<void> {
    // Read before the transaction, which must not wait for a second connection to Postgres while it holds one.
    const reuse = await this.#reuseOf(event.connection);
    const { left, returned } = await this.dataSource.transaction((manager) =>
      this.#leave(manager, effect, event, reuse),
    );
    const common = { action: 'identity.leave', connection: event.connection };
    for (const { id, accountId } of left) {
      const details = { identity: id, event: event.type };
      this.audit.record({ ...common, outcome: 'ok', accountId, details });
    }
    for (const { id, accountId } of returned) {
      const details = { identity: id, event: event.type, sentAt: event.sentAt.toISOString() };
      const reason = 'signed_in_since';
      this.audit.record({ ...common, outcome: 'refused', reason, accountId, details });
    }
  }

  async #leave(
    manager: EntityManager,
    effect: PersonLeft,
    event: EventSource,
    reuse: Reuse,
  ): Promise<Outcome> {
    const now = this.clock.now();
    const latest = overtakenAfter(event.sentAt);
    const by = `connection:${event.connection}`;
    await endProofsOfPerson(manager, effect, latest, { at: now, by });
    const living = (await findNamed(manager, effect)).filter(({ leftAt }) => leftAt === null);
    if (living.length === 0) return { left: [], returned: [] };

    const [left] = await manager.query<[NamedIdentity[], number]>(
      `update identities set left_at = $2
        where id = any($1::uuid[]) and left_at is null and last_used_at <= $3
        returning id, account_id as "accountId", issuer, subject, connection, tenant, left_at as "leftAt"`,
      [living.map(({ id }) => id), now, latest],
    );
    const reused = left.filter(({ subject }) => reuse(subject));
    await retire(
      manager,
      reused.map(({ id }) => id),
    );
    await endSessionsOfIdentities(
      manager,
      left.map(({ id }) => id),
    );
    await endProofsOfAccounts(
      manager,
      left.map(({ accountId }) => accountId),
    );
    await recordAccountEvents(
      manager,
      now,
      left.map(({ accountId, issuer, subject, connection, tenant }) => ({
        type: 'account.left',
        accountId,
        data: { identity: { issuer, subject, connection, ...(tenant && { tenant }) } },
      })),
    );
    const ids = new Set(left.map(({ id }) => id));
    return { left, returned: living.filter(({ id }) => !ids.has(id)) };
  }

  /** Where the connection is gone, the careful answer. */
  async #reuseOf(slug: string): Promise<Reuse> {
    const provider = (await this.connections.find(slug))?.provider;
    return provider && provider.platform !== 'local'
      ? (subject) => provider.reusesSubject(subject)
      : () => true;
  }
}
