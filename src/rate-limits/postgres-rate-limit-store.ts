import type { DataSource } from 'typeorm';

import {
  clockToleranceSeconds,
  type Counted,
  type GuessRule,
  type RateLimitStore,
} from './rate-limit-store.js';

/** Counts in Postgres, one statement each. */
export class PostgresRateLimitStore implements RateLimitStore {
  constructor(private readonly dataSource: DataSource) {}

  async count(key: string, now: Date, windowSeconds: number): Promise<Counted> {
    const [row] = await this.dataSource.query<{ count: number; ends_at: Date }[]>(
      `insert into rate_limits as kept (key, count, ends_at) values ($1, 1, $3)
       on conflict (key) do update
          set count = case when kept.ends_at <= $2 then 1 else kept.count + 1 end,
              ends_at = case when kept.ends_at <= $2 or kept.ends_at > $4 then $3 else kept.ends_at end
       returning count, ends_at`,
      [key, now, later(now, windowSeconds), later(now, windowSeconds + clockToleranceSeconds)],
    );
    if (!row) throw new Error('a counted window is missing');
    return { count: row.count, endsAt: row.ends_at };
  }

  async giveBack(key: string, now: Date): Promise<void> {
    await this.dataSource.query(
      `update rate_limits set count = count - 1 where key = $1 and ends_at > $2 and count > 0`,
      [key, now],
    );
  }

  async tryGuess(key: string, now: Date, rule: GuessRule): Promise<Date | undefined> {
    const [taken] = await this.dataSource.query<{ count: number }[]>(
      `insert into rate_limits as kept (key, count, ends_at) values ($1, 1, $3)
       on conflict (key) do update
          set count = case when kept.ends_at <= $2 then 1 else kept.count + 1 end,
              blocked_until = case
                when kept.ends_at <= $2 or kept.count + 1 < $4 then null
                else $2 + least($6::float8, $5 * 2 ^ least(kept.count + 1 - $4, 20)) * interval '1 second'
              end,
              ends_at = $3
        where kept.blocked_until is null or kept.blocked_until <= $2 or kept.blocked_until > $7
       returning count`,
      [
        key,
        now,
        later(now, rule.rememberSeconds),
        rule.free,
        rule.firstDelaySeconds,
        rule.longestDelaySeconds,
        later(now, rule.longestDelaySeconds + clockToleranceSeconds),
      ],
    );
    if (taken) return undefined;
    const [blocked] = await this.dataSource.query<{ blocked_until: Date | null }[]>(
      `select blocked_until from rate_limits where key = $1`,
      [key],
    );
    return blocked?.blocked_until ?? now;
  }

  async forget(key: string): Promise<void> {
    await this.dataSource.query(`delete from rate_limits where key = $1`, [key]);
  }

  /** Deletes what no longer counts. It waits for nobody: what others hold is theirs again, or for the next sweep. */
  async sweep(now: Date): Promise<void> {
    await this.dataSource.query(
      `delete from rate_limits
        where key in (select key from rate_limits where ends_at <= $1 for update skip locked)`,
      [now],
    );
  }
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
