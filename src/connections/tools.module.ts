import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { ProviderTools } from '../auth/providers/provider.js';
import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { HttpClient } from '../common/http-client.js';
import { Logger } from '../common/logger.js';
import { Tracer } from '../common/tracer.js';
import { UndiciHttpClient } from '../common/undici-http-client.js';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { tokensOf } from '../token-cache/connection-tokens.js';
import { TokenCache } from '../token-cache/token-cache.js';
import { TokenCacheModule } from '../token-cache/token-cache.module.js';
import { ConnectionTools } from './connection-tools.js';
import { OutboundWatch } from './outbound-watch.js';
import { PostgresInstallations } from './tenants/postgres-installations.js';
import { PostgresSuiteTickets } from './tenants/postgres-suite-tickets.js';
import { SuiteTicketAges } from './tenants/suite-ticket-ages.js';

/** What providers work with: the way out, the token cache, the corps that installed an app, the clock and a place for warnings. */
@Module({
  imports: [TokenCacheModule],
  providers: [
    SuiteTicketAges,
    {
      provide: UndiciHttpClient,
      inject: [Config, Logger, Clock, Metrics, Tracer],
      useFactory: (
        config: Config,
        logger: Logger,
        clock: Clock,
        metrics: Metrics,
        tracer: Tracer,
      ) => {
        const watch = new OutboundWatch(logger, metrics, tracer);
        return new UndiciHttpClient({
          proxy: config.outboundProxy,
          clock,
          observe: (event) => watch.tried(event),
          breakerChanged: (change) => watch.breakerChanged(change),
        });
      },
    },
    { provide: HttpClient, useExisting: UndiciHttpClient },
    {
      provide: ConnectionTools,
      inject: [HttpClient, TokenCache, Clock, Logger, DataSource, Encryption],
      useFactory: (
        http: HttpClient,
        tokens: TokenCache,
        clock: Clock,
        logger: Logger,
        dataSource: DataSource,
        encryption: Encryption,
      ): ConnectionTools => ({
        for: (slug: string): ProviderTools => ({
          http,
          tokens: tokensOf(slug, tokens),
          clock,
          installations: new PostgresInstallations(slug, dataSource, encryption, clock),
          suiteTickets: new PostgresSuiteTickets(dataSource, encryption, clock),
          warn: (message, details) => logger.warn({ connection: slug, ...details }, message),
        }),
      }),
    },
  ],
  exports: [ConnectionTools],
})
export class ToolsModule implements OnApplicationShutdown {
  constructor(private readonly http: UndiciHttpClient) {}

  /** The last that is closed: what is under way may still need an answer of a platform. */
  async onApplicationShutdown(): Promise<void> {
    await this.http.close();
  }
}
