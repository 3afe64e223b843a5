import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';

import { Config } from '../config/config.js';
import { throttlerOptions } from './limit.guard.js';
import { ProxyWatch } from './proxy-watch.middleware.js';
import { RequestCounts } from './request-counts.js';
import { RequestLimits } from './request-limits.js';

/** What is counted of requests, over all replicas. */
@Module({ providers: [RequestCounts], exports: [RequestCounts] })
class RequestCountsModule {}

/** How many requests are answered in a minute (LIMIT_…). */
@Module({
  imports: [
    RequestCountsModule,
    ThrottlerModule.forRootAsync({
      imports: [RequestCountsModule],
      inject: [Config, RequestCounts],
      useFactory: throttlerOptions,
    }),
  ],
  providers: [RequestLimits, ProxyWatch],
  exports: [RequestLimits, ThrottlerModule],
})
export class RequestLimitsModule {}
