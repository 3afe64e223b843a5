import { createHash } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { PlatformEvent } from '../auth/providers/platform-events.js';
import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import type { SealedColumnShape } from '../database/sealed-column.js';
import { currentWork } from '../common/work-context.js';
import { Sweeper } from '../database/sweeper.js';
import type { PendingEvent } from './pending-event.js';

/** A replica that dies leaves its events to the others after this long; one that lives renews its claim in time. */
const leaseMs = 10_000;
/** How often a claim is to be renewed while its event is being handled. */
export const renewEveryMs = 3_000;

/** How long identical content counts as the same event; the platform's own time may be a day off at most. */
const keepMs = 7 * 24 * 60 * 60 * 1000;

const claimLock = 7_265_011;

/** What stands in the queue. */
export interface QueueState {
  /** Whether there may be something to claim now. */
  readonly isDue: boolean;
  /** When the oldest arrived that is not done. */
  readonly oldest: Date | undefined;
}

/** The platforms' events in Postgres, from their arrival until they are done: a crash loses none, and no two replicas do the same. */
@Injectable()
export class EventQueue implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('platform events that ended', () => this.#sweep());
  }

  /** @returns whether it is new: the platforms send again what was answered late */
  async add(connection: string, event: PlatformEvent): Promise<boolean> {
    const { channel, content } = event;
    const hash = createHash('sha256')
      .update(JSON.stringify([connection, channel, content]))
      .digest('hex');
    const rows = await this.dataSource.query<unknown[]>(
      `insert into platform_events
         (connection, channel, content_hash, content, type, subject, sent_at, received_at, next_attempt_at, request_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
       on conflict (connection, channel, content_hash) do nothing returning seq`,
      [
        connection,
        channel,
        hash,
        this.encryption.encrypt(content, contextOf(connection, channel, hash)),
        storable(event.type),
        storable(event.subject),
        event.sentAt,
        this.clock.now(),
        currentWork()?.requestId ?? null,
      ],
    );
    return rows.length > 0;
  }

  /** Asked often: it takes no lock. */
  async look(): Promise<QueueState> {
    const [row] = await this.dataSource.query<{ due: boolean | null; oldest: Date | null }[]>(
      `select bool_or(next_attempt_at <= $1) as due, min(received_at) as oldest
         from platform_events where status = 'pending'`,
      [this.clock.now()],
    );
    return { isDue: row?.due === true, oldest: row?.oldest ?? undefined };
  }

  /**
   * Takes the first event of each subject that waits for nothing: not for an earlier one, nor for one that is under way anywhere. Which
   * it is only shows when nobody else claims meanwhile; the lock ends with the claim, and with the replica.
   */
  async claim(limit: number): Promise<PendingEvent[]> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(
        `select set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock($1)`,
        [claimLock],
      );
      return this.#claimIn(manager, limit);
    });
  }

  async #claimIn(manager: EntityManager, limit: number): Promise<PendingEvent[]> {
    const now = this.clock.now();
    // Under way: claimed (which forgets the last failure), and the claim has not run out.
    const [rows] = await manager.query<[PendingEvent[], number]>(
      `update platform_events e
          set next_attempt_at = $2, attempts = e.attempts + 1, last_error = null
         from (select q.seq from platform_events q
                where q.status = 'pending' and q.next_attempt_at <= $1
                  and not exists (
                    select 1 from platform_events o
                     where o.connection = q.connection and o.subject = q.subject and o.status = 'pending' and o.seq <> q.seq
                       and ((o.sent_at, o.seq) < (q.sent_at, q.seq)
                            or (o.attempts > 0 and o.last_error is null and o.next_attempt_at > $1)))
                order by q.sent_at, q.seq limit $3
                  for update skip locked) due
        where e.seq = due.seq
        returning e.seq, e.connection, e.channel, e.content_hash as "contentHash", e.content as "sealedContent", e.type,
                  e.subject, e.sent_at as "sentAt", e.received_at as "receivedAt", e.attempts,
                  e.request_id as "requestId"`,
      [now, new Date(now.getTime() + leaseMs), limit],
    );
    return rows;
  }

  /** Says that it is still being handled. @returns whether the claim still holds */
  async renew({ seq, attempts }: PendingEvent): Promise<boolean> {
    const until = new Date(this.clock.now().getTime() + leaseMs);
    return this.#change(
      `next_attempt_at = $3 where seq = $1 and status = 'pending' and attempts = $2 and last_error is null`,
      [seq, attempts, until],
    );
  }

  /** What it held is gone with this. */
  async finish(
    claimed: PendingEvent,
    status: 'done' | 'given-up',
    error?: string,
  ): Promise<boolean> {
    return this.#change(
      `status = $3, content = null, done_at = $4, last_error = $5 where seq = $1 and status = 'pending' and attempts = $2`,
      [claimed.seq, claimed.attempts, status, this.clock.now(), error ?? null],
    );
  }

  async postpone(claimed: PendingEvent, until: Date, error: string): Promise<boolean> {
    return this.#change(
      `next_attempt_at = $3, last_error = $4 where seq = $1 and status = 'pending' and attempts = $2`,
      [claimed.seq, claimed.attempts, until, error],
    );
  }

  /** Nothing is written where the claim ran out and another attempt is under way. */
  async #change(set: string, parameters: readonly unknown[]): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update platform_events set ${set}`,
      [...parameters],
    );
    return count > 0;
  }

  /** @throws UnreadableSecretError */
  open(claimed: PendingEvent): PlatformEvent {
    const { connection, channel, contentHash, sealedContent, type, subject, sentAt } = claimed;
    const context = contextOf(connection, channel, contentHash);
    const content = this.encryption.decrypt(sealedContent, context);
    return { channel, content, type, subject, sentAt };
  }

  async #sweep(): Promise<void> {
    await this.dataSource.query(
      `delete from platform_events where received_at < $1 and status <> 'pending'`,
      [new Date(this.clock.now().getTime() - keepMs)],
    );
  }
}

/** Where the content of pending events is sealed. */
export const sealedEvents: SealedColumnShape = {
  name: 'platform events',
  table: 'platform_events',
  column: 'content',
  key: { seq: 'bigint' },
  beside: ['connection', 'channel', 'content_hash'],
  context: ({ connection = '', channel = '', content_hash: hash = '' }) =>
    contextOf(connection, channel, hash),
};

function contextOf(connection: string, channel: string, hash: string): string {
  return `platform-event:${connection}:${channel}:${hash}`;
}

/** NUL, which Postgres cannot hold, and what is too long to be a name or an id. */
function storable(text: string): string {
  return text.slice(0, 256).replace(/[\0\p{Surrogate}]/gu, '\uFFFD');
}
