import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { eventually } from '../../test/fixtures/eventually.js';
import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { PostgresRateLimitStore } from '../rate-limits/postgres-rate-limit-store.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { RedisLink } from '../redis/redis-link.js';
import type { CountExchange } from './count-exchange.js';
import { FailoverCountExchange } from './failover-count-exchange.js';
import { PostgresCountExchange } from './postgres-count-exchange.js';
import { RequestCounts } from './request-counts.js';

const minute = 60_000;
const begin = new Date('2026-01-01T00:00:00Z');
const at = (ms: number): Date => new Date(begin.getTime() + ms);
const encryption = new Encryption([randomBytes(32)]);
const logger = new Logger('silent');

let database: TestDatabase;
let dataSource: DataSource;
let redis: TestRedis | undefined;
let links: Record<'Postgres' | 'Redis', RedisLink>;

beforeAll(async () => {
  database = await createTestDatabase();
  if (redisHere) redis = await TestRedis.start();
  links = {
    Postgres: new RedisLink(undefined, logger),
    Redis: new RedisLink(redis && new Secret(redis.url), logger),
  };
  await links.Redis.start();
  dataSource = createDataSource(new Secret(database.url), 10, () => undefined);
  await dataSource.initialize();
});
beforeEach(async () => {
  await eventually(() => expect(links.Redis.state).toBe(redisHere ? 'ok' : 'off'));
  await dataSource.query('delete from rate_limits');
  await redis?.flush();
});
afterAll(async () => {
  links.Redis.stop();
  await redis?.remove();
  await dataSource.destroy();
  await database.drop();
});

const places = redisHere ? (['Postgres', 'Redis'] as const) : (['Postgres'] as const);

describe.each(places)('counts that are exchanged through %s', (where) => {
  const open = (): CountExchange =>
    new FailoverCountExchange(links[where], new PostgresCountExchange(dataSource));
  const moved = (key: string, added: number, endsAt: Date) => ({
    key,
    added,
    endsAtMs: endsAt.getTime(),
  });

  it('add up, each key for itself, in the window of who began it', async () => {
    await open().add([moved('a', 2, at(minute))], at(0));
    const shared = await open().add(
      [moved('b', 7, at(minute + 500)), moved('a', 3, at(minute + 500))],
      at(500),
    );
    expect(shared).toEqual([
      { total: 7, endsAtMs: at(minute + 500).getTime() },
      { total: 5, endsAtMs: at(minute).getTime() },
    ]);
  });

  it('begin anew when the window has ended', async () => {
    await open().add([moved('a', 9, at(minute))], at(0));
    expect(await open().add([moved('a', 1, at(2 * minute))], at(minute))).toEqual([
      { total: 1, endsAtMs: at(2 * minute).getTime() },
    ]);
  });

  it('are not told of by a replica whose clock is hours ahead', async () => {
    await open().add([moved('a', 9, at(180 * minute))], at(179 * minute));
    expect(await open().add([moved('a', 1, at(minute))], at(0))).toEqual([
      { total: 1, endsAtMs: at(minute).getTime() },
    ]);
    expect(await open().add([moved('a', 1, at(minute + 500))], at(500))).toEqual([
      { total: 2, endsAtMs: at(minute).getTime() },
    ]);
  });

  it('are all there when a thousand keys come from many replicas at once, in any order', async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`);
    const batch = keys.map((key) => moved(key, 1, at(minute)));
    for (let round = 0; round < 5; round += 1)
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          open().add(index % 2 === 0 ? batch : [...batch].reverse(), at(0)),
        ),
      );
    const totals = (await open().add(batch, at(1))).map(({ total }) => total);
    expect(new Set(totals)).toEqual(new Set([41]));
  });

  it('make two replicas one', async () => {
    const clock = new MovableClock('2026-01-01T00:00:00Z');
    const replicas = [0, 1].map(
      () => new RequestCounts(dataSource, links[where], encryption, clock, logger),
    );
    const [first, second] = replicas as [RequestCounts, RequestCounts];
    const isBlocked = async (counts: RequestCounts): Promise<boolean> =>
      (await counts.increment('sign-in:203.0.113.7', minute, 3)).isBlocked;
    try {
      expect([await isBlocked(first), await isBlocked(first)]).toEqual([false, false]);
      await eventually(async () => expect(await stored(where)).toMatch(/"count":"?2/));
      // It learns with the first of its own; the next is one too many.
      expect(await isBlocked(second)).toBe(false);
      await eventually(() => expect(second.whereUsedUp('sign-in:203.0.113.7', 3)).toBeDefined());
      clock.move(20_500);
      expect(await second.increment('sign-in:203.0.113.7', minute, 3)).toEqual({
        totalHits: 4,
        timeToExpire: 40,
        isBlocked: true,
        timeToBlockExpire: 40,
      });
      // Nobody reads from the store whose requests were counted.
      expect(await stored(where)).not.toContain('203.0.113.7');
    } finally {
      await Promise.all(replicas.map((counts) => counts.stop()));
    }
  });
});

it('counts and the sweep of those that ended do not wait for each other in a circle', async () => {
  const exchange = new PostgresCountExchange(dataSource);
  const store = new PostgresRateLimitStore(dataSource);
  // Stored in another order than that in which the exchange goes.
  const keys = Array.from({ length: 1000 }, (_, index) => `key-${1999 - index}`);
  const batch = (endsAt: Date) =>
    keys.map((key) => ({ key, added: 1, endsAtMs: endsAt.getTime() }));
  for (let round = 0; round < 20; round += 1) {
    await dataSource.query(
      'insert into rate_limits (key, count, ends_at) select key, 1, $2 from unnest($1::text[]) as key',
      [keys, at(0)],
    );
    await Promise.all([
      exchange.add(batch(at(minute)), at(1)),
      store.sweep(at(1)),
      store.sweep(at(1)),
    ]);
    await dataSource.query('delete from rate_limits');
  }
});

const withRedis = redisHere ? it : it.skip;

withRedis('counts go on through Postgres while Redis is away', async () => {
  const exchange = new FailoverCountExchange(links.Redis, new PostgresCountExchange(dataSource));
  const one = [{ key: 'a', added: 4, endsAtMs: at(minute).getTime() }];
  await exchange.add(one, at(0));
  await redis?.stop('SIGKILL');
  expect((await exchange.add(one, at(1)))[0]?.total).toBe(4);
  expect((await exchange.add(one, at(2)))[0]?.total).toBe(8);
  expect(await stored('Postgres')).toContain('"count":8');
  await redis?.startAgain();
});

async function stored(where: 'Postgres' | 'Redis'): Promise<string> {
  if (where === 'Redis') return (await redis?.dump()) ?? '';
  return JSON.stringify(await dataSource.query('select * from rate_limits'));
}
