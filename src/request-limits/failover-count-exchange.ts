import type { RedisLink } from '../redis/redis-link.js';
import type { CountExchange } from './count-exchange.js';
import type { Moved, SharedCount } from './counted-windows.js';
import { RedisCountExchange } from './redis-count-exchange.js';

/** Exchanges through Redis where it is there, else through Postgres. Neither knows what the other was told. */
export class FailoverCountExchange implements CountExchange {
  constructor(
    private readonly link: RedisLink,
    private readonly postgres: CountExchange,
  ) {}

  add(moved: readonly Moved[], now: Date): Promise<SharedCount[]> {
    return this.link.run(
      (client) => new RedisCountExchange(client).add(moved, now),
      () => this.postgres.add(moved, now),
    );
  }
}
