import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { notFound, uuidPattern } from '../common/identifiers.js';
import type { DeliveryState, DeliveryView, DeliveryWithBody } from './webhooks.dto.js';

const columns = `id, event_id as "eventId", type, status, attempts, next_attempt_at as "nextAttemptAt",
  last_status as "lastStatus", last_error as "lastError", created_at as "createdAt", delivered_at as "deliveredAt"`;

/** Deliveries in Postgres, as administrators see them. */
@Injectable()
export class DeliveriesRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

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

  /** Queues an event of no account, to try a receiver out. @throws AppError `webhook_not_found` */
  async test(webhookId: string): Promise<DeliveryWithBody> {
    const now = this.clock.now();
    const body = JSON.stringify({ type: 'webhook.test', timestamp: now.toISOString(), data: {} });
    const [row] = await this.dataSource.query<DeliveryWithBody[]>(
      `insert into webhook_deliveries (webhook_id, event_id, type, body, next_attempt_at, created_at)
       select id, $2, 'webhook.test', $3, $4, $4 from webhooks where id = $1 for key share
       returning ${columns}, body`,
      [webhookId, randomUUID(), body, now],
    );
    if (!row) throw notFound('webhook');
    return row;
  }

  /** Sends once more, now; a delivery that had ended begins anew. @throws AppError `delivery_not_found` */
  async retry(webhookId: string, id: string): Promise<DeliveryWithBody> {
    if (!uuidPattern.test(id)) throw notFound('delivery');
    const [[row]] = await this.dataSource.query<[DeliveryWithBody[], number]>(
      `update webhook_deliveries
          set attempts = case when status = 'pending' then attempts else 0 end, status = 'pending', next_attempt_at = $3,
              delivered_at = null
        where webhook_id = $1 and id = $2
        returning ${columns}, body`,
      [webhookId, id, this.clock.now()],
    );
    if (!row) throw notFound('delivery');
    return row;
  }
}
