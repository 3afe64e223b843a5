import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { Request } from 'express';

import type { Caller } from '../common/access.js';
import { limitingOf } from '../common/limited.js';
import type { Config } from '../config/config.js';
import { sourceOf } from '../rate-limits/rate-limiter.js';
import { callerKey, countKey, limitsOf, RequestLimits, windowMs } from './request-limits.js';

type CountedRequest = Request & { readonly user?: Caller };

/** One throttler for each limit that routes declare, which applies where they declare it. */
export function throttlerOptions(
  config: Config,
  storage: ThrottlerStorage,
): ThrottlerModuleOptions {
  const limits = limitsOf(config);
  const throttler = (
    name: 'sign-in' | 'api',
    whose: (request: CountedRequest) => string,
  ): ThrottlerOptions => ({
    name,
    limit: limits[name],
    ttl: windowMs,
    skipIf: (context) => {
      const limiting = limitingOf(context);
      return limits[name] === 0 || limiting?.kind !== 'limited' || limiting.by !== name;
    },
    getTracker: (request) => whose(request as CountedRequest),
  });
  return {
    storage,
    // The limits are ours to know; who is too often is told how long to wait.
    setHeaders: false,
    generateKey: (_context, whose, name) => countKey(name as 'sign-in' | 'api', whose),
    throttlers: [
      throttler('sign-in', ({ ip }) => sourceOf(ip ?? '')),
      throttler('api', ({ user }) => {
        if (!user) throw new Error('this route counts by its caller, and asks for none');
        return callerKey(user);
      }),
    ],
  };
}

/**
 * Stands before every route, behind the guard that knows who calls: counts the request as the route declares. Only the configured
 * proxies are believed when they say for which address they ask.
 */
@Injectable()
export class LimitGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly limits: RequestLimits,
  ) {
    super(options, storage, reflector);
  }

  /** @throws Error when a route does not say how often it may be called */
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const limiting = limitingOf(context);
    if (!limiting) throw new Error(`${context.getClass().name} does not declare its limit`);
    return Promise.resolve(limiting.kind !== 'limited');
  }

  /** @throws AppError `too_many_requests` */
  protected override throwThrottlingException(
    context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    const limiting = limitingOf(context);
    if (limiting?.kind !== 'limited') throw new Error('what is not limited was refused');
    throw this.limits.tooMany(limiting.by, timeToBlockExpire);
  }
}
