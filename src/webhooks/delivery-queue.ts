import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { type DueDelivery, nextAttemptAfter, type Outcome } from './delivery.js';
import type { DeliveryState } from './webhooks.dto.js';

/** While a delivery is being sent, others leave it alone for this long; a replica that dies on the way loses no more. */
const leaseSeconds = 60;

/** Deliveries whose time has come: every replica takes its share, none takes another's. */
@Injectable()
export class DeliveryQueue {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes deliveries that are due, for a minute. One that was never tried waits for the earlier ones of its account,
   * until those have been tried.
   * @param perWebhook how many of one receiver may be under way, so that a slow one does not take all places
   * @param underWay the webhook of each delivery that the caller is sending now
   */
  async claim(
    limit: number,
    perWebhook: number,
    underWay: readonly string[],
  ): Promise<DueDelivery[]> {
    const now = this.clock.now();
    const [rows] = await this.dataSource.query<[DueDelivery[], number]>(
      `update webhook_deliveries d
          set next_attempt_at = $2, attempts = d.attempts + 1
         from (select p.id, w.url, w.secret
                 from webhooks w
                cross join lateral (
                  select q.id, q.next_attempt_at, q.seq
                    from webhook_deliveries q
                   where q.webhook_id = w.id and q.status = 'pending' and q.next_attempt_at <= $1
                     and not exists (
                       select 1 from webhook_deliveries e
                        where e.webhook_id = w.id and e.account_id = q.account_id and e.seq < q.seq
                          and e.status = 'pending' and e.attempts <= 1 and e.last_error is null)
                   order by q.next_attempt_at, q.seq
                   limit greatest(0, $4 - (select count(*) from unnest($5::uuid[]) as busy (id) where busy.id = w.id))
                     for update of q skip locked) p
                where w.enabled
                order by p.next_attempt_at, p.seq limit $3) due
        where d.id = due.id and d.status = 'pending' and d.next_attempt_at <= $1
        returning d.id, d.webhook_id as "webhookId", d.event_id as "eventId", d.body, d.attempts, due.url, due.secret as "sealedSecret"`,
      [now, new Date(now.getTime() + leaseSeconds * 1000), limit, perWebhook, [...underWay]],
    );
    return rows;
  }

  /** For how many seconds the event or delivery that is longest overdue has been waiting; 0 when none is. */
  async lagSeconds(): Promise<number> {
    const now = this.clock.now();
    const [row] = await this.dataSource.query<{ since: Date | null }[]>(
      `select least(
         (select min(at) from account_events where dispatched_at is null),
         (select min(d.next_attempt_at)
            from webhooks w
           cross join lateral (select next_attempt_at from webhook_deliveries
                                where webhook_id = w.id and status = 'pending' order by next_attempt_at limit 1) d
           where w.enabled)) as since`,
    );
    return Math.max(0, (now.getTime() - (row?.since ?? now).getTime()) / 1000);
  }

  /**
   * Writes down how an attempt ended, unless the lease ran out and another attempt is under way.
   * @returns what becomes of the delivery
   */
  async settle(delivery: DueDelivery, outcome: Outcome): Promise<DeliveryState> {
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
    return status;
  }
}
