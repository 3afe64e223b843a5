import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Sweeper } from '../database/sweeper.js';

const keepDays = 30;

interface WaitingEvent {
  readonly id: string;
  readonly type: string;
  readonly account_id: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** The events that the changes of accounts leave behind, until each is a delivery for every webhook that listens. */
@Injectable()
export class Outbox implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('old webhook deliveries', () => this.#sweep());
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
      const ids = events.map(({ id }) => id);
      const now = this.clock.now();
      // The lock keeps a webhook that is being deleted from failing the whole batch.
      await manager.query(
        `insert into webhook_deliveries (webhook_id, event_id, account_id, type, body, next_attempt_at, created_at)
         select w.id, event.id, event.account_id, event.type, event.body, $5, $5
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
                  with ordinality as event (id, account_id, type, body, place)
           join webhooks w on w.enabled and event.type = any(w.events)
          order by event.place
            for key share of w
         on conflict (webhook_id, event_id) do nothing`,
        [
          ids,
          events.map((event) => event.account_id),
          events.map(({ type }) => type),
          events.map(bodyOf),
          now,
        ],
      );
      await manager.query(`update account_events set dispatched_at = $2 where id = any($1)`, [
        ids,
        now,
      ]);
      return events.length;
    });
  }

  async #sweep(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - keepDays * 86_400_000);
    // What waits for a webhook that stays disabled is given up too, when it has waited as long.
    await this.dataSource.query(
      `delete from webhook_deliveries where created_at < $1 and (status <> 'pending' or next_attempt_at < $1)`,
      [before],
    );
    await this.dataSource.query(
      `delete from account_events where dispatched_at is not null and at < $1`,
      [before],
    );
  }
}

/** The exact bytes that every attempt sends (Standard Webhooks, "Payload structure"). */
function bodyOf({ type, account_id: accountId, data, at }: WaitingEvent): string {
  return JSON.stringify({ type, timestamp: at.toISOString(), data: { accountId, ...data } });
}
