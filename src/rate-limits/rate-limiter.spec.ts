import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { Sweeper } from '../database/sweeper.js';
import { RateLimiter, sourceOf } from './rate-limiter.js';

let database: TestDatabase;
let dataSource: DataSource;
let clock: MovableClock;
let sweeper: Sweeper;
let limiter: RateLimiter;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 20, () => undefined);
  await dataSource.initialize();
});
beforeEach(async () => {
  await dataSource.query('delete from rate_limits');
  clock = new MovableClock('2026-01-01T00:00:00Z');
  sweeper = new Sweeper(new Logger('silent'));
  limiter = new RateLimiter(dataSource, clock, sweeper);
  limiter.onModuleInit();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const outcome = (work: Promise<void>): Promise<number | 'ok'> =>
  work.then(
    () => 'ok' as const,
    (error: unknown) => (error as { retryAfterSeconds: number }).retryAfterSeconds,
  );
const take = (limit = 2, key = 'a') => outcome(limiter.take([{ key, limit, windowSeconds: 60 }]));

describe('a limit', () => {
  it('lets so many through, tells the rest how long to wait, and begins anew', async () => {
    expect([await take(), await take(), await take()]).toEqual(['ok', 'ok', 60]);
    clock.move(45_000);
    expect(await take()).toBe(15);
    clock.move(15_000);
    expect(await take()).toBe('ok');
  });

  it('counts each key for itself', async () => {
    expect([await take(1, 'a'), await take(1, 'b'), await take(1, 'a')]).toEqual(['ok', 'ok', 60]);
  });

  it('holds when fifty come at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => take(7)));
    expect(outcomes.filter((each) => each === 'ok')).toHaveLength(7);
  });

  it('keeps no key in plain, and nothing beyond its window', async () => {
    await take(2, 'sms:phone:+8613800000001');
    expect(JSON.stringify(await dataSource.query('select * from rate_limits'))).not.toContain(
      '13800000001',
    );
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

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (ip, source) => {
  expect(sourceOf(ip)).toBe(source);
});
