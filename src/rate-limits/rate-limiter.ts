import { createHash } from 'node:crypto';
import { isIP } from 'node:net';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Sweeper } from '../database/sweeper.js';

/** How often something may happen. */
export interface Limit {
  /** What is counted and for whom, e.g. `sms:phone:+8613800000000`; stored as a hash only. */
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** Failures that cost nothing yet: people mistype. */
const freeFailures = 3;
const firstDelaySeconds = 5;
const longestDelaySeconds = 15 * 60;
/** How long failures are remembered after the last one. */
const rememberSeconds = 24 * 3600;

/** Counts in Postgres, one statement each, so that all replicas count as one. */
@Injectable()
export class RateLimiter implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('ended rate limits', async () => {
      await this.dataSource.query(`delete from rate_limits where ends_at <= $1`, [
        this.clock.now(),
      ]);
    });
  }

  /**
   * Counts one more, in each of the windows.
   * @throws AppError `too_many_requests` with the time to wait, when one of them is full
   */
  async take(limits: readonly Limit[]): Promise<void> {
    for (const { key, limit, windowSeconds } of limits) {
      const now = this.clock.now();
      const [row] = await this.dataSource.query<{ count: number; ends_at: Date }[]>(
        `insert into rate_limits as kept (key, count, ends_at) values ($1, 1, $3)
         on conflict (key) do update
            set count = case when kept.ends_at <= $2 then 1 else kept.count + 1 end,
                ends_at = case when kept.ends_at <= $2 then $3 else kept.ends_at end
         returning count, ends_at`,
        [hashed(key), now, later(now, windowSeconds)],
      );
      if (row && row.count > limit) throw tooMany(row.ends_at, now);
    }
  }

  /**
   * Takes one try of something that may be guessed, before it is looked at: guesses that race wait in line like others. After
   * three failures each next one waits, twice as long each time, up to a quarter of an hour.
   * @throws AppError `too_many_requests` with the time to wait
   */
  async tryGuess(key: string): Promise<void> {
    const now = this.clock.now();
    const [taken] = await this.dataSource.query<{ count: number }[]>(
      `insert into rate_limits as kept (key, count, ends_at) values ($1, 1, $3)
       on conflict (key) do update
          set count = case when kept.ends_at <= $2 then 1 else kept.count + 1 end,
              blocked_until = case
                when kept.ends_at <= $2 or kept.count + 1 < $4 then null
                else $2 + least($6::float8, $5 * 2 ^ least(kept.count + 1 - $4, 20)) * interval '1 second'
              end,
              ends_at = $3
        where kept.blocked_until is null or kept.blocked_until <= $2
       returning count`,
      [
        hashed(key),
        now,
        later(now, rememberSeconds),
        freeFailures,
        firstDelaySeconds,
        longestDelaySeconds,
      ],
    );
    if (taken) return;
    const [blocked] = await this.dataSource.query<{ blocked_until: Date | null }[]>(
      `select blocked_until from rate_limits where key = $1`,
      [hashed(key)],
    );
    throw tooMany(blocked?.blocked_until ?? now, now);
  }

  /** Forgets what was counted: the guess was right, or nothing came of it. */
  async forget(key: string): Promise<void> {
    await this.dataSource.query(`delete from rate_limits where key = $1`, [hashed(key)]);
  }
}

/** Whose requests are counted together: an address, or the network that one IPv6 subscriber has. */
export function sourceOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/, '');
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const missing = address.includes('::') ? 8 - left.length - right.length : 0;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return groups.slice(0, 4).join(':');
}

function tooMany(until: Date, now: Date): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new AppError('too_many_requests', 'That was too often. Please wait before the next try.', {
    retryAfterSeconds,
  });
}

function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
