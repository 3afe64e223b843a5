import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { EventEffect } from '../../auth/providers/platform-events.js';
import { AuditService } from '../../audit/audit.service.js';
import { Clock } from '../../common/clock.js';
import type { EventSource } from '../../platform-events/event-effects.js';
import { endSessionsOfIdentity } from '../sessions.js';
import { isUniqueViolation } from '../unique-violation.js';
import { overtakenAfter } from './late-events.js';
import { findNamed, type NamedIdentity } from './named-identities.js';
import { endProofsOfPerson } from './waiting-proofs.js';

type PersonRenamed = Extract<EventEffect, { kind: 'person-renamed' }>;

/** A person who got another id: the identity, and with it the account, goes with them. */
@Injectable()
export class PersonRenaming {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Where the new id is an identity already, both stay as they are: whether they are one person is for an administrator to say. */
  async apply(effect: PersonRenamed, event: EventSource): Promise<void> {
    const renamed = await this.#rename(effect, event);
    if (!renamed) return;
    const { id, accountId, isTaken } = renamed;
    this.audit.record({
      action: 'identity.rename',
      outcome: isTaken ? 'refused' : 'ok',
      ...(isTaken && { reason: 'identity_already_bound' }),
      accountId,
      connection: event.connection,
      details: { identity: id, event: event.type },
    });
  }

  /** @returns whom the event was about, where that is an identity */
  async #rename(
    effect: PersonRenamed,
    event: EventSource,
  ): Promise<(NamedIdentity & { readonly isTaken: boolean }) | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.dataSource.transaction((manager) => this.#write(manager, effect, event));
      } catch (error) {
        // Somebody signed in under the new id between our look and our write: the second look sees them.
        if (!isUniqueViolation(error) || attempt === 2) throw error;
      }
    }
  }

  async #write(
    manager: EntityManager,
    { issuer, fromUserId, toUserId, fromSubject, toSubject }: PersonRenamed,
    event: EventSource,
  ): Promise<(NamedIdentity & { readonly isTaken: boolean }) | undefined> {
    const from = { issuer, userId: fromUserId, subject: fromSubject };
    const latest = overtakenAfter(event.sentAt);
    const by = `connection:${event.connection}`;
    await endProofsOfPerson(manager, from, latest, { at: this.clock.now(), by });
    const found = await findNamed(manager, from);
    const identity = found.find(({ subject }) => subject === fromSubject) ?? found[0];
    if (!identity) return undefined;

    const { id, subject } = identity;
    const newSubject = toSubject ?? subject;
    const others = await manager.query<unknown[]>(
      `select 1 from identities where issuer = $1 and subject = $2 and id <> $3`,
      [issuer, newSubject, id],
    );
    if (others.length > 0) return { ...identity, isTaken: true };
    const [[before]] = await manager.query<[{ isOvertaken: boolean }[], number]>(
      `update identities set user_id = $2, subject = $3 where id = $1
        returning last_used_at > $4 as "isOvertaken"`,
      [id, toUserId, newSubject, latest],
    );
    // Whoever has signed in under the old id since the event was not this person any more.
    if (before?.isOvertaken && toSubject !== undefined) await endSessionsOfIdentity(manager, id);
    return { ...identity, isTaken: false };
  }
}
