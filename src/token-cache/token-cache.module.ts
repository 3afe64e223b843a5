import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { PostgresTokenStore } from './postgres-token-store.js';
import { TokenCache } from './token-cache.js';
import { TokenStore } from './token-store.js';

/** Platform tokens: fetched once, shared, renewed before they expire. */
@Module({
  providers: [
    {
      // The place where REDIS_URL will choose another store.
      provide: TokenStore,
      inject: [DataSource, Encryption, Clock],
      useFactory: (dataSource: DataSource, encryption: Encryption, clock: Clock) =>
        new PostgresTokenStore(dataSource, encryption, clock),
    },
    {
      provide: TokenCache,
      inject: [TokenStore, Clock, Logger],
      useFactory: (store: TokenStore, clock: Clock, logger: Logger) =>
        new TokenCache(store, clock, logger),
    },
  ],
  exports: [TokenCache],
})
export class TokenCacheModule implements OnApplicationShutdown {
  constructor(private readonly cache: TokenCache) {}

  onApplicationShutdown(): void {
    this.cache.stop();
  }
}
