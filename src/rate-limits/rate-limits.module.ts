import { Module } from '@nestjs/common';

import { RateLimiter } from './rate-limiter.js';

/** How often something may happen, counted over all replicas. */
@Module({ providers: [RateLimiter], exports: [RateLimiter] })
export class RateLimitsModule {}
