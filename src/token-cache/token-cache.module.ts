import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { SealedPlaces } from '../database/sealed-places.js';
import { Tracer } from '../common/tracer.js';
import { Metrics } from '../metrics/metrics.js';
import { StateMetrics } from '../metrics/state-metrics.js';
import { RedisLink } from '../redis/redis-link.js';
import { PostgresTokenStore } from './postgres-token-store.js';
import { RedisTokenStore } from './redis-token-store.js';
import { SealedRedisTokens, sealedTokens } from './sealed-tokens.js';
import { TokenCache } from './token-cache.js';
import { TokenStore } from './token-store.js';

/** Platform tokens: fetched once, shared, renewed before they expire. */
@Module({
  providers: [
    {
      provide: TokenStore,
      inject: [RedisLink, DataSource, Encryption, Clock],
      useFactory: (
        link: RedisLink,
        dataSource: DataSource,
        encryption: Encryption,
        clock: Clock,
      ): TokenStore =>
        link.state === 'off'
          ? new PostgresTokenStore(dataSource, encryption, clock)
          : new RedisTokenStore(link, dataSource, encryption, clock),
    },
    {
      provide: TokenCache,
      inject: [TokenStore, Clock, Logger, Metrics, Tracer],
      useFactory: (
        store: TokenStore,
        clock: Clock,
        logger: Logger,
        metrics: Metrics,
        tracer: Tracer,
      ) =>
        new TokenCache(
          store,
          clock,
          logger,
          (kind, code) => metrics.tokenFetched(kind, code),
          tracer,
        ),
    },
  ],
  exports: [TokenCache],
})
export class TokenCacheModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly cache: TokenCache,
    private readonly metrics: StateMetrics,
    link: RedisLink,
    places: SealedPlaces,
  ) {
    places.addColumn(sealedTokens);
    if (link.state !== 'off') places.add(new SealedRedisTokens(link));
  }

  onModuleInit(): void {
    this.metrics.watchTokens(() => this.cache.ages());
  }

  onApplicationShutdown(): void {
    this.cache.stop();
  }
}
