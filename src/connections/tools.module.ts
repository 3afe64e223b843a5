import { Module } from '@nestjs/common';

import type { ProviderTools } from '../auth/providers/provider.js';
import { Clock } from '../common/clock.js';
import { HttpClient } from '../common/http-client.js';
import { Logger } from '../common/logger.js';
import { UndiciHttpClient } from '../common/undici-http-client.js';
import { Config } from '../config/config.js';
import { TokenCache } from '../token-cache/token-cache.js';
import { TokenCacheModule } from '../token-cache/token-cache.module.js';
import { ConnectionTools } from './connection-tools.js';

/** What providers work with: the way out, the token cache, the clock and a place for warnings. */
@Module({
  imports: [TokenCacheModule],
  providers: [
    {
      provide: HttpClient,
      inject: [Config, Logger],
      useFactory: (config: Config, logger: Logger) =>
        new UndiciHttpClient({
          proxy: config.outboundProxy,
          observe: (event) =>
            logger.debug(
              { outbound: { ...event, durationMs: Math.round(event.durationMs) } },
              'platform call',
            ),
        }),
    },
    {
      provide: ConnectionTools,
      inject: [HttpClient, TokenCache, Clock, Logger],
      useFactory: (
        http: HttpClient,
        tokens: TokenCache,
        clock: Clock,
        logger: Logger,
      ): ConnectionTools => ({
        for: (slug: string): ProviderTools => ({
          http,
          tokens,
          clock,
          warn: (message, details) => logger.warn({ connection: slug, ...details }, message),
        }),
      }),
    },
  ],
  exports: [ConnectionTools],
})
export class ToolsModule {}
