import type { DataSource } from 'typeorm';

import type { CountExchange } from './count-exchange.js';
import { latestEndMs, type Moved, type SharedCount } from './counted-windows.js';

/** Exchanges through Postgres, where `RateLimiter` counts too, and sweeps. */
export class PostgresCountExchange implements CountExchange {
  constructor(private readonly dataSource: DataSource) {}

  async add(moved: readonly Moved[], now: Date): Promise<SharedCount[]> {
    // All replicas lock rows in the same order, so that none waits for another in a circle.
    const rows = await this.dataSource.query<{ key: string; count: number; ends_at: Date }[]>(
      `insert into rate_limits as kept (key, count, ends_at)
       select key, added, ends_at
         from unnest($1::text[], $2::int[], $3::timestamptz[]) as moved (key, added, ends_at)
        order by key
       on conflict (key) do update
          set count = excluded.count + case when kept.ends_at > $4 and kept.ends_at <= $5 then kept.count else 0 end,
              ends_at = case when kept.ends_at > $4 and kept.ends_at <= $5 then kept.ends_at else excluded.ends_at end
       returning key, count, ends_at`,
      [
        moved.map(({ key }) => key),
        moved.map(({ added }) => added),
        moved.map(({ endsAtMs }) => new Date(endsAtMs)),
        now,
        new Date(now.getTime() + latestEndMs),
      ],
    );
    const counts = new Map(
      rows.map((row) => [row.key, { total: row.count, endsAtMs: row.ends_at.getTime() }]),
    );
    return moved.map(({ key }) => {
      const count = counts.get(key);
      if (!count) throw new Error('a counted window is missing');
      return count;
    });
  }
}
