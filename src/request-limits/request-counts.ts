import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { RedisLink } from '../redis/redis-link.js';
import { FailoverCountExchange } from './failover-count-exchange.js';
import { PostgresCountExchange } from './postgres-count-exchange.js';
import { SharedCounts } from './shared-counts.js';

/** What the throttler is told of a request. */
type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Where the throttler counts: over all replicas, in Redis where it is there, else in Postgres. Keys hold addresses, and are stored as hashes. */
@Injectable()
export class RequestCounts
  extends SharedCounts
  implements ThrottlerStorage, BeforeApplicationShutdown
{
  readonly #clock: Clock;

  constructor(
    dataSource: DataSource,
    link: RedisLink,
    encryption: Encryption,
    clock: Clock,
    logger: Logger,
  ) {
    super({
      exchange: new FailoverCountExchange(link, new PostgresCountExchange(dataSource)),
      clock,
      hash: (key) => encryption.pseudonym(key, 'request-limit'),
      onTrouble: (error) =>
        logger.warn({ err: error }, 'requests are counted by this replica alone for now'),
      onUsedUp: (key) => logger.warn({ limit: key }, 'a limit of requests is used up'),
    });
    this.#clock = clock;
  }

  /** Called by the throttler, with times in milliseconds; what it is told is in seconds. */
  increment(key: string, ttl: number, limit: number): Promise<StorageRecord> {
    const { total, endsAtMs, isOver } = this.count(key, limit, ttl);
    const seconds = Math.max(1, Math.ceil((endsAtMs - this.#clock.now().getTime()) / 1000));
    return Promise.resolve({
      totalHits: total,
      timeToExpire: seconds,
      isBlocked: isOver,
      timeToBlockExpire: isOver ? seconds : 0,
    });
  }

  /** While the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }
}
