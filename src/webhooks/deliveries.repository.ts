import { randomUUID } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { notFound, uuidPattern } from '../common/identifiers.js';
import { Sweeper } from '../database/sweeper.js';
import { type DueDelivery, nextAttemptAfter, type Outcome } from './delivery.js';
import type { DeliveryState, DeliveryView, DeliveryWithBody } from './webhooks.dto.js';

/** While a delivery is being sent, others leave it alone for this long; a replica that dies on the way loses no more. */
const leaseSeconds = 60;
const keepDays = 30;

interface WaitingEvent {
  readonly id: string;
  readonly type: string;
  readonly account_id: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

const columns = `id, event_id as "eventId", type, status, attempts, next_attempt_at as "nextAttemptAt",
  last_status as "lastStatus", last_error as "lastError", created_at as "createdAt", delivered_at as "deliveredAt"`;

/** The outbox and each delivery of it in Postgres: every replica takes its share, none takes another's. */
@Injectable()
export class DeliveriesRepository implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('old webhook deliveries', async () => {
      const before = new Date(this.clock.now().getTime() - keepDays * 86_400_000);
      await this.dataSource.query(
        `delete from webhook_deliveries where status <> 'pending' and created_at < $1`,
        [before],
      );
      await this.dataSource.query(
        `delete from account_events where dispatched_at is not null and at < $1`,
        [before],
      );
    });
  }

  /**
   * Makes a delivery of each event that waits for each webhook that listens.
   * @returns how many events it took
   */
  async dispatch(limit: number): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const events = await manager.query<WaitingEvent[]>(
        `select id, type, account_id, data, at from account_events where dispatched_at is null
          order by seq limit $1 for update skip locked`,
        [limit],
      );
      if (events.length === 0) return 0;
      const now = this.clock.now();
      await manager.query(
        `insert into webhook_deliveries (webhook_id, event_id, type, body, next_attempt_at, created_at)
         select w.id, event.id, event.type, event.body, $4, $4
           from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as event (id, type, body, place)
           join webhooks w on w.enabled and event.type = any(w.events)
          order by event.place
         on conflict (webhook_id, event_id) do nothing`,
        [events.map(({ id }) => id), events.map(({ type }) => type), events.map(bodyOf), now],
      );
      await manager.query(`update account_events set dispatched_at = $2 where id = any($1)`, [
        events.map(({ id }) => id),
        now,
      ]);
      return events.length;
    });
  }

  /**
   * Takes deliveries that are due, for a minute.
   * @param perWebhook how many of one receiver, so that a slow one does not take all places
   */
  async claim(limit: number, perWebhook: number): Promise<DueDelivery[]> {
    const now = this.clock.now();
    const [rows] = await this.dataSource.query<[DueDelivery[], number]>(
      `update webhook_deliveries d
          set next_attempt_at = $2, attempts = d.attempts + 1
         from (select p.id, w.url, w.secret
                 from (select q.*, row_number() over (partition by q.webhook_id order by q.next_attempt_at, q.seq) as place
                         from webhook_deliveries q where q.status = 'pending' and q.next_attempt_at <= $1) p
                 join webhooks w on w.id = p.webhook_id and w.enabled
                 join webhook_deliveries l on l.id = p.id
                where p.place <= $4
                order by p.next_attempt_at, p.seq limit $3
                  for update of l skip locked) due
        where d.id = due.id and d.status = 'pending' and d.next_attempt_at <= $1
        returning d.id, d.webhook_id as "webhookId", d.event_id as "eventId", d.body, d.attempts, due.url, due.secret as "sealedSecret"`,
      [now, new Date(now.getTime() + leaseSeconds * 1000), limit, perWebhook],
    );
    return rows;
  }

  /** Writes down how an attempt ended, unless the lease ran out and another attempt is under way. */
  async settle(delivery: DueDelivery, outcome: Outcome): Promise<void> {
    const now = this.clock.now();
    const next =
      outcome.kind === 'retry'
        ? nextAttemptAfter(delivery.attempts, now, outcome.afterSeconds)
        : undefined;
    const status: DeliveryState =
      outcome.kind === 'delivered' ? 'delivered' : next ? 'pending' : 'failed';
    await this.dataSource.query(
      `update webhook_deliveries
          set status = $3, next_attempt_at = $4, last_status = $5, last_error = $6, delivered_at = $7
        where id = $1 and status = 'pending' and attempts = $2`,
      [
        delivery.id,
        delivery.attempts,
        status,
        next ?? null,
        outcome.status ?? null,
        outcome.kind === 'delivered' ? null : outcome.error,
        outcome.kind === 'delivered' ? now : null,
      ],
    );
  }

  /** Queues an event of no account, to try a receiver out. */
  async test(webhookId: string): Promise<string> {
    const now = this.clock.now();
    const body = JSON.stringify({ type: 'webhook.test', timestamp: now.toISOString(), data: {} });
    const [row] = await this.dataSource.query<{ id: string }[]>(
      `insert into webhook_deliveries (webhook_id, event_id, type, body, next_attempt_at, created_at)
       values ($1, $2, 'webhook.test', $3, $4, $4) returning id`,
      [webhookId, randomUUID(), body, now],
    );
    return row?.id ?? '';
  }

  /** The newest first. */
  list(
    webhookId: string,
    status: DeliveryState | undefined,
    before: string | undefined,
    limit: number,
  ): Promise<(DeliveryView & { readonly seq: string })[]> {
    return this.dataSource.query(
      `select ${columns}, seq::text as seq from webhook_deliveries
        where webhook_id = $1 and ($2::text is null or status = $2) and ($3::bigint is null or seq < $3)
        order by webhook_deliveries.seq desc limit $4`,
      [webhookId, status ?? null, before ?? null, limit],
    );
  }

  /** @throws AppError `delivery_not_found` */
  async read(webhookId: string, id: string): Promise<DeliveryWithBody> {
    if (!uuidPattern.test(id)) throw notFound('delivery');
    const [row] = await this.dataSource.query<DeliveryWithBody[]>(
      `select ${columns}, body from webhook_deliveries where webhook_id = $1 and id = $2`,
      [webhookId, id],
    );
    if (!row) throw notFound('delivery');
    return row;
  }

  /** Sends once more, now; a delivery that was given up begins anew. @throws AppError `delivery_not_found` */
  async retry(webhookId: string, id: string): Promise<void> {
    if (!uuidPattern.test(id)) throw notFound('delivery');
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update webhook_deliveries
          set attempts = case when status = 'pending' then attempts else 0 end, status = 'pending', next_attempt_at = $3,
              delivered_at = null
        where webhook_id = $1 and id = $2`,
      [webhookId, id, this.clock.now()],
    );
    if (count === 0) throw notFound('delivery');
  }
}

/** The exact bytes that every attempt sends (Standard Webhooks, "Payload structure"). */
function bodyOf({ type, account_id: accountId, data, at }: WaitingEvent): string {
  return JSON.stringify({ type, timestamp: at.toISOString(), data: { accountId, ...data } });
}
