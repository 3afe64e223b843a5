import { Injectable } from '@nestjs/common';
import type { Request } from 'express';

import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import type { LimitName } from '../common/limited.js';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { sourceOf } from '../rate-limits/rate-limiter.js';
import type { Standing } from './counted-windows.js';
import { RequestCounts } from './request-counts.js';

/** All limits are so many in a minute. */
export const windowMs = 60_000;

/** How many requests a limit lets through; 0: any number. */
export function limitsOf({ requestLimits }: Config): Readonly<Record<LimitName, number>> {
  return {
    'sign-in': requestLimits.signInPerMinute,
    token: requestLimits.tokenPerMinute,
    api: requestLimits.apiPerMinute,
    refused: requestLimits.refusedPerMinute,
  };
}

/** Under which a limit counts for someone. */
export function countKey(limit: LimitName, who: string): string {
  return `${limit}:${who}`;
}

/** Whose calls to the API are counted together: a client's, or one person's at one client. */
export function callerKey(
  caller:
    | { readonly kind: 'machine'; readonly clientId: string }
    | { readonly kind: 'person'; readonly clientId: string; readonly accountId: string },
): string {
  return caller.kind === 'person' ? `${caller.clientId}:${caller.accountId}` : caller.clientId;
}

/**
 * How often the service answers, for whatever does not pass the guard: the protocol engine, and what counts only when it was refused.
 * What people guess (codes, passwords) is counted exactly, in `rate-limits`.
 */
@Injectable()
export class RequestLimits {
  readonly #limits: Readonly<Record<LimitName, number>>;

  constructor(
    config: Config,
    private readonly counts: RequestCounts,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    this.#limits = limitsOf(config);
  }

  /**
   * Counts one more request of someone.
   * @throws AppError `too_many_requests` with the time to wait
   */
  take(limit: 'sign-in' | 'token' | 'api', who: string): void {
    this.#count(limit, who);
  }

  /** As `take`, by the address that a request comes from. @throws AppError `too_many_requests` */
  takeFrom(limit: 'sign-in', { ip }: Pick<Request, 'ip'>): void {
    this.#count(limit, sourceOf(ip ?? ''));
  }

  /**
   * Counts what was refused of an address.
   * @param what what was tried, e.g. one client's secret: trying one uses up no other
   * @throws AppError `too_many_requests` in place of the refusal, when there were too many
   */
  refuse(what: string, ip: string | undefined): void {
    this.#count('refused', refusal(what, ip));
  }

  /**
   * Looks whether an address may try something, which counts when it is refused.
   * @throws AppError `too_many_requests`
   */
  requireTries(what: string, ip: string | undefined): void {
    const limit = this.#limits.refused;
    if (limit === 0) return;
    const standing = this.counts.whereUsedUp(countKey('refused', refusal(what, ip)), limit);
    if (standing) throw this.#over('refused', standing);
  }

  /** The one answer to whoever was too often, which is counted. */
  tooMany(limit: LimitName, retryAfterSeconds: number): AppError {
    this.metrics.requestLimited(limit);
    return new AppError('too_many_requests', 'There were too many requests. Please wait.', {
      retryAfterSeconds,
    });
  }

  #count(limit: LimitName, who: string): void {
    const most = this.#limits[limit];
    if (most === 0) return;
    const standing = this.counts.count(countKey(limit, who), most, windowMs);
    if (standing.isOver) throw this.#over(limit, standing);
  }

  #over(limit: LimitName, { endsAtMs }: Standing): AppError {
    const waitMs = endsAtMs - this.clock.now().getTime();
    return this.tooMany(limit, Math.max(1, Math.ceil(waitMs / 1000)));
  }
}

function refusal(what: string, ip: string | undefined): string {
  return `${what}:${sourceOf(ip ?? '')}`;
}
