import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';

import type { BreakerChange, OutboundEvent } from '../common/outbound-event.js';
import { MetricsRegistry } from './metrics-registry.js';

/** More than any platform has that means something to us. */
const mostEventTypes = 40;

/**
 * What the service counts, told in its own words; whoever counts something knows nothing of Prometheus. Labels take only words from
 * a bounded set: never an id, an address or a text from outside.
 */
@Injectable()
export class Metrics {
  readonly #platformCalls: Counter<'platform' | 'call' | 'code'>;
  readonly #platformCallDuration: Histogram<'platform' | 'call'>;
  readonly #platformBreakerOpen: Gauge<'host' | 'call'>;
  readonly #tokenFetches: Counter<'kind' | 'code'>;
  readonly #redisUp: Gauge;
  readonly #redisFallbacks: Counter;
  readonly #platformEvents: Counter<'platform' | 'type' | 'outcome'>;
  readonly #platformEventLag: Gauge;
  readonly #requestsLimited: Counter<'limit'>;
  /** The types that have a line of their own, by platform. */
  readonly #eventTypes = new Map<string, Set<string>>();

  constructor(private readonly own: MetricsRegistry) {
    const registers = [own.registry];
    this.#platformCalls = new Counter({
      name: 'lingpai_platform_calls_total',
      help: 'Calls to the platforms, each repeat counted, by the platform’s code; `ok` when it was fine.',
      labelNames: ['platform', 'call', 'code'],
      registers: registers,
    });
    this.#platformCallDuration = new Histogram({
      name: 'lingpai_platform_call_duration_seconds',
      help: 'How long the platforms took to answer, or to be given up on.',
      labelNames: ['platform', 'call'],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: registers,
    });
    this.#platformBreakerOpen = new Gauge({
      name: 'lingpai_platform_breaker_open',
      help: '1 while a call to a host is held back because it had no usable answer many times in a row.',
      labelNames: ['host', 'call'],
      registers: registers,
    });
    this.#tokenFetches = new Counter({
      name: 'lingpai_platform_token_fetches_total',
      help: 'Platform tokens that were asked for, by kind and our code; `ok` when one came.',
      labelNames: ['kind', 'code'],
      registers: registers,
    });
    this.#redisUp = new Gauge({
      name: 'lingpai_redis_up',
      help: '1 while Redis is in use; nothing where none is configured.',
      registers: [],
    });
    this.#redisFallbacks = new Counter({
      name: 'lingpai_redis_fallbacks_total',
      help: 'What was done in Postgres because Redis did not answer.',
      registers: [],
    });
    this.#platformEvents = new Counter({
      name: 'lingpai_platform_events_total',
      help: 'Events that the platforms sent and that were handled, each attempt counted: done, failed, given-up.',
      labelNames: ['platform', 'type', 'outcome'],
      registers: registers,
    });
    this.#platformEventLag = new Gauge({
      name: 'lingpai_platform_event_lag_seconds',
      help: 'The age of the oldest platform event that is not done; 0 when all are.',
      registers: registers,
    });
    this.#requestsLimited = new Counter({
      name: 'lingpai_requests_limited_total',
      help: 'Requests that were refused with 429, by the limit that they met.',
      labelNames: ['limit'],
      registers: registers,
    });
  }

  /** One try to call a platform. A call that did not go out is counted, and has no duration. */
  platformCall({ platform, call, code, outcome, durationMs }: OutboundEvent): void {
    this.#platformCalls.inc({ platform, call, code });
    if (outcome !== 'held-back')
      this.#platformCallDuration.observe({ platform, call }, durationMs / 1000);
  }

  /** A breaker that was made, opened, closed or let go of. */
  breakerState({ host, call, state }: BreakerChange): void {
    if (state === 'forgotten') this.#platformBreakerOpen.remove({ host, call });
    else {
      const isOpen = state === 'open' || state === 'probing';
      this.#platformBreakerOpen.set({ host, call }, isOpen ? 1 : 0);
    }
  }

  /** A platform token was asked for. @param code one of ours, or `ok` */
  tokenFetched(kind: string, code: string): void {
    this.#tokenFetches.inc({ kind, code });
  }

  /** Whether Redis is in use; never told where none is configured. */
  redisState(isUp: boolean): void {
    const { registry } = this.own;
    if (!registry.getSingleMetric('lingpai_redis_up')) {
      registry.registerMetric(this.#redisUp);
      registry.registerMetric(this.#redisFallbacks);
    }
    this.#redisUp.set(isUp ? 1 : 0);
  }

  /** Redis did not answer, and Postgres did its part. */
  redisFallback(): void {
    this.#redisFallbacks.inc();
  }

  /** An attempt to handle an event. @param type in the platform's words, of which a bounded number is told apart */
  platformEvent(platform: string, type: string, outcome: 'done' | 'failed' | 'given-up'): void {
    this.#platformEvents.inc({ platform, type: this.#boundedType(platform, type), outcome });
  }

  /** How old the oldest event is that is not done. */
  platformEventLag(seconds: number): void {
    this.#platformEventLag.set(seconds);
  }

  /** A request was refused because there were too many. @param limit the name of the limit, as its setting calls it */
  requestLimited(limit: string): void {
    this.#requestsLimited.inc({ limit });
  }

  #boundedType(platform: string, type: string): string {
    const known = this.#eventTypes.get(platform) ?? new Set();
    this.#eventTypes.set(platform, known);
    if (known.has(type)) return type;
    if (known.size >= mostEventTypes || !/^\w{1,40}$/.test(type)) return 'other';
    known.add(type);
    return type;
  }
}
