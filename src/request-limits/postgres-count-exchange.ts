import type { DataSource } from 'typeorm';

import type { CountExchange } from './count-exchange.js';
import type { Moved, SharedCount } from './counted-windows.js';

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
          set count = case when kept.ends_at <= $4 then excluded.count else kept.count + excluded.count end,
              ends_at = case when kept.ends_at <= $4 then excluded.ends_at else kept.ends_at end
       returning key, count, ends_at`,
      [
        moved.map(({ key }) => key),
        moved.map(({ added }) => added),
        moved.map(({ endsAtMs }) => new Date(endsAtMs)),
        now,
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
