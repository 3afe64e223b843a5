import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { eventually } from '../../test/fixtures/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { Sweeper } from '../database/sweeper.js';
import type { Metrics } from '../metrics/metrics.js';
import { RedisLink } from '../redis/redis-link.js';
import { RateLimiter, sourceOf } from './rate-limiter.js';

const encryption = new Encryption([randomBytes(32)]);
let database: TestDatabase;
let dataSource: DataSource;
let clock: MovableClock;
let sweeper: Sweeper;
let limiter: RateLimiter;
const limited: string[] = [];
const metrics = { requestLimited: (limit: string) => limited.push(limit) } as unknown as Metrics;
let redis: TestRedis | undefined;
let links: Record<'Postgres' | 'Redis', RedisLink>;

beforeAll(async () => {
  database = await createTestDatabase();
  if (redisHere) redis = await TestRedis.start();
  const logger = new Logger('silent');
  links = {
    Postgres: new RedisLink(undefined, logger),
    Redis: new RedisLink(redis && new Secret(redis.url), logger),
  };
  await links.Redis.start();
  dataSource = createDataSource(new Secret(database.url), 20, () => undefined);
  await dataSource.initialize();
});
beforeEach(() => eventually(() => expect(links.Redis.state).toBe(redisHere ? 'ok' : 'off')));
afterAll(async () => {
  links.Redis.stop();
  await redis?.remove();
  await dataSource.destroy();
  await database.drop();
});

const outcome = (work: Promise<void>): Promise<number | 'ok'> =>
  work.then(
    () => 'ok' as const,
    (error: unknown) => (error as { retryAfterSeconds: number }).retryAfterSeconds,
  );
const take = (limit = 2, key = 'a') => outcome(limiter.take([{ key, limit, windowSeconds: 60 }]));

const places = redisHere ? (['Postgres', 'Redis'] as const) : (['Postgres'] as const);

describe.each(places)('counted in %s,', (where) => {
  beforeEach(async () => {
    await dataSource.query('delete from rate_limits');
    await redis?.flush();
    clock = new MovableClock('2026-01-01T00:00:00Z');
    sweeper = new Sweeper(new Logger('silent'));
    limiter = new RateLimiter(dataSource, links[where], encryption, clock, sweeper, metrics);
    limiter.onModuleInit();
  });

  it('it is there, and not elsewhere', async () => {
    await take();
    await limiter.tryGuess('p');
    const rows = (await dataSource.query<unknown[]>('select 1 from rate_limits')).length;
    const keys = (await redis?.dump())?.match(/^lingpai:rate-limit:/gm)?.length ?? 0;
    expect({ rows, keys }).toEqual(where === 'Redis' ? { rows: 0, keys: 2 } : { rows: 2, keys: 0 });
  });

  describe('a limit', () => {
    it('lets so many through, tells the rest how long to wait, and begins anew', async () => {
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
      clock.move(45_000);
      expect(await take()).toBe(15);
      clock.move(15_000);
      expect(await take()).toBe('ok');
    });

    it('takes back what need not have been counted, and not more', async () => {
      await limiter.giveBack('a');
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
      await limiter.giveBack('a');
      await limiter.giveBack('a');
      expect([await take(), await take()]).toEqual(['ok', 60]);
      clock.move(60_000);
      await limiter.giveBack('a');
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
    });

    it('is counted under its name when it refused, and under no number or address', async () => {
      limited.length = 0;
      await take(1, 'sms:phone:+8613800000000');
      expect(limited).toEqual([]);
      await take(1, 'sms:phone:+8613800000000');
      expect(limited).toEqual(['sms']);
    });

    it('tells the first in a window from all others', async () => {
      const first = () => limiter.isFirst('note', 60);
      expect(await Promise.all([first(), first(), first()])).toEqual(
        expect.arrayContaining([true, false, false]),
      );
      expect(await first()).toBe(false);
      clock.move(60_000);
      expect(await first()).toBe(true);
    });

    it('keeps nobody waiting for a clock that was set back by an hour, and gives nobody more', async () => {
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
      clock.move(-3_600_000);
      expect(await take()).toBe(60);
      clock.move(45_000);
      expect(await take()).toBe(15);
      clock.move(15_000);
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
    });

    it('begins anew when the clock goes an hour forward, and holds when it comes back', async () => {
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
      clock.move(3_600_000);
      expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
      clock.move(-3_600_000);
      expect(await take()).toBe(60);
      clock.move(60_000);
      expect(await take()).toBe('ok');
    });

    it('stays as it is for a replica whose clock is a little behind', async () => {
      expect([await take(), await take()]).toEqual(['ok', 'ok']);
      clock.move(-30_000);
      expect(await take()).toBe(90);
      clock.move(89_000);
      expect(await take()).toBe(1);
      clock.move(1000);
      expect(await take()).toBe('ok');
    });

    it('counts each key for itself', async () => {
      expect([await take(1, 'a'), await take(1, 'b'), await take(1, 'a')]).toEqual([
        'ok',
        'ok',
        60,
      ]);
    });

    it('holds when fifty come at once', async () => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => take(7)));
      expect(outcomes.filter((each) => each === 'ok')).toHaveLength(7);
    });

    it('keeps no key in plain, and nothing beyond its window', async () => {
      await take(2, 'sms:phone:+8613800000001');
      const kept = JSON.stringify(await dataSource.query('select * from rate_limits'));
      const guessed = createHash('sha256').update('sms:phone:+8613800000001').digest('base64url');
      expect(`${kept} ${(await redis?.dump()) ?? ''}`).not.toContain(guessed);
      expect(`${kept} ${(await redis?.dump()) ?? ''}`).not.toContain('13800000001');
      clock.move(60_000);
      await sweeper.run();
      expect(await dataSource.query('select 1 from rate_limits')).toEqual([]);
    });
  });

  describe('guesses', () => {
    const guess = () => outcome(limiter.tryGuess('p'));

    it('cost nothing three times, then twice as long each time, up to a quarter of an hour', async () => {
      expect([await guess(), await guess(), await guess(), await guess()]).toEqual([
        'ok',
        'ok',
        'ok',
        5,
      ]);
      const waits: (number | 'ok')[] = [];
      for (let round = 0; round < 10; round += 1) {
        const wait = await guess();
        waits.push(wait);
        clock.move(Number(wait) * 1000);
        await guess();
      }
      expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    });

    it('do not wait for a clock that was set back by an hour, and stay counted', async () => {
      for (let index = 0; index < 3; index += 1) await guess();
      expect(await guess()).toBe(5);
      clock.move(-3_600_000);
      expect([await guess(), await guess()]).toEqual(['ok', 10]);
      clock.move(10_000);
      expect([await guess(), await guess()]).toEqual(['ok', 20]);
    });

    it('stay counted when the clock goes an hour forward and comes back', async () => {
      for (let index = 0; index < 3; index += 1) await guess();
      clock.move(3_600_000);
      expect([await guess(), await guess()]).toEqual(['ok', 10]);
      clock.move(-3_600_000);
      expect([await guess(), await guess()]).toEqual(['ok', 20]);
    });

    it('are forgotten when one was right, or after a day', async () => {
      for (let index = 0; index < 3; index += 1) await guess();
      await limiter.forget('p');
      expect(await guess()).toBe('ok');
      for (let index = 0; index < 2; index += 1) await guess();
      expect(await guess()).toBe(5);
      clock.move(24 * 3600_000);
      expect([await guess(), await guess()]).toEqual(['ok', 'ok']);
    });
  });
});

(redisHere ? it : it.skip)('a limit bites also while Redis is away', async () => {
  limiter = new RateLimiter(dataSource, links.Redis, encryption, clock, sweeper, metrics);
  await redis?.stop('SIGKILL');
  expect([await take(2, 'away'), await take(2, 'away'), await take(2, 'away')]).toEqual([
    'ok',
    'ok',
    60,
  ]);
  await redis?.startAgain();
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['203.0.113.7:49152', '203.0.113.7'],
  ['[2001:db8:1:2::9]:49152', '2001:db8:1:2'],
  ['[2001:db8:1:2::9]', '2001:db8:1:2'],
  ['::1%eth0:b:c:d:e:f:g', '0:0:0:0'],
  ['unknown', 'no address'],
  ['a'.repeat(80), 'no address'],
])('%s counts as %s', (ip, source) => {
  expect(sourceOf(ip)).toBe(source);
});
