import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { Logger } from '../common/logger.js';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { RedisLink } from './redis-link.js';

/** Redis where `REDIS_URL` names one: an accelerator, never the only place of anything that must last. */
@Global()
@Module({
  providers: [
    {
      provide: RedisLink,
      inject: [Config, Logger, Metrics],
      useFactory: ({ redisUrl }: Config, logger: Logger, metrics: Metrics) =>
        new RedisLink(redisUrl, logger, metrics),
    },
  ],
  exports: [RedisLink],
})
export class RedisModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly link: RedisLink) {}

  async onModuleInit(): Promise<void> {
    await this.link.start();
  }

  onApplicationShutdown(): void {
    this.link.stop();
  }
}
