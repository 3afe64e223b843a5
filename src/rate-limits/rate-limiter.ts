import { isIP } from 'node:net';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Sweeper } from '../database/sweeper.js';
import { Metrics } from '../metrics/metrics.js';
import { RedisLink } from '../redis/redis-link.js';
import { FailoverRateLimitStore } from './failover-rate-limit-store.js';
import { PostgresRateLimitStore } from './postgres-rate-limit-store.js';
import type { GuessRule, RateLimitStore } from './rate-limit-store.js';

/** How often something may happen. */
export interface Limit {
  /** What is counted and for whom, e.g. `sms:phone:+8613800000000`; stored as a hash only. Its first word names the limit. */
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** People mistype: three failures cost nothing. */
const guesses: GuessRule = {
  free: 3,
  firstDelaySeconds: 5,
  longestDelaySeconds: 15 * 60,
  rememberSeconds: 24 * 3600,
};

/** Counts over all replicas as one, in Redis where it is there, else in Postgres. */
@Injectable()
export class RateLimiter implements OnModuleInit {
  readonly #postgres: PostgresRateLimitStore;
  readonly #store: RateLimitStore;

  constructor(
    dataSource: DataSource,
    link: RedisLink,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
    private readonly metrics: Metrics,
  ) {
    this.#postgres = new PostgresRateLimitStore(dataSource);
    this.#store = new FailoverRateLimitStore(link, this.#postgres);
  }

  onModuleInit(): void {
    this.sweeper.add('ended rate limits', () => this.#postgres.sweep(this.clock.now()));
  }

  /**
   * Counts one more, in each of the windows.
   * @throws AppError `too_many_requests` with the time to wait, when one of them is full
   */
  async take(limits: readonly Limit[]): Promise<void> {
    for (const { key, limit, windowSeconds } of limits) {
      const now = this.clock.now();
      const { count, endsAt } = await this.#store.count(this.#hashed(key), now, windowSeconds);
      if (count > limit) throw this.#tooMany(key, endsAt, now);
    }
  }

  /** Whether this is the first time in a window: for what is told once, and refused to nobody. */
  async isFirst(key: string, windowSeconds: number): Promise<boolean> {
    const { count } = await this.#store.count(this.#hashed(key), this.clock.now(), windowSeconds);
    return count === 1;
  }

  /** Takes back what `take` counted: it was nothing that has to be limited after all. */
  async giveBack(key: string): Promise<void> {
    await this.#store.giveBack(this.#hashed(key), this.clock.now());
  }

  /**
   * Takes one try of something that may be guessed, before it is looked at: guesses that race wait in line like others. After
   * three failures each next one waits, twice as long each time, up to a quarter of an hour.
   * @throws AppError `too_many_requests` with the time to wait
   */
  async tryGuess(key: string): Promise<void> {
    const now = this.clock.now();
    const blockedUntil = await this.#store.tryGuess(this.#hashed(key), now, guesses);
    if (blockedUntil) throw this.#tooMany(key, blockedUntil, now);
  }

  /** Keys hold phone numbers, of which there are few enough to try them all. */
  #hashed(key: string): string {
    return this.encryption.pseudonym(key, 'rate-limit');
  }

  /** Forgets what was counted: the guess was right, or nothing came of it. */
  async forget(key: string): Promise<void> {
    await this.#store.forget(this.#hashed(key));
  }

  #tooMany(key: string, until: Date, now: Date): AppError {
    this.metrics.requestLimited(key.split(':', 1)[0] ?? '');
    const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
    const words = 'That was too often. Please wait before the next try.';
    return new AppError('too_many_requests', words, { retryAfterSeconds });
  }
}

/** Whose requests are counted together: an address, or the network that one IPv6 subscriber has. */
export function sourceOf(ip: string): string {
  const address = withoutPort(ip)
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '');
  // A header may hold kilobytes of anything, and each would be remembered.
  if (isIP(address) === 0) return 'no address';
  if (isIP(address) === 4) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const missing = address.includes('::') ? 8 - left.length - right.length : 0;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return groups.slice(0, 4).join(':');
}

/** Some proxies write `203.0.113.7:49152`, or `[2001:db8::1]:49152`: each connection would count for itself. */
function withoutPort(ip: string): string {
  return ip.replace(/^\[(.+)\](?::\d+)?$/, '$1').replace(/^(\d+\.[\d.]+):\d+$/, '$1');
}
