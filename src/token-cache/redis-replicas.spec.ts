import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { eventually } from '../../test/fixtures/eventually.js';
import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { FakePlatform } from '../../test/fixtures/token-replicas.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { RedisLink } from '../redis/redis-link.js';
import { RedisTokenStore } from './redis-token-store.js';
import { TokenCache } from './token-cache.js';

const encryption = new Encryption([randomBytes(32)]);
const logger = new Logger('silent');
let redis: TestRedis;
let database: TestDatabase;
let dataSource: DataSource;
let links: RedisLink[];
let caches: TokenCache[];
let clock: MovableClock;
let platform: FakePlatform;

(redisHere ? describe : describe.skip)('replicas of which one does not reach Redis', () => {
  beforeAll(async () => {
    [redis, database] = await Promise.all([TestRedis.start(), createTestDatabase()]);
    dataSource = await createDataSource(new Secret(database.url), 10, () => undefined).initialize();
  });
  beforeEach(() => {
    links = [];
    caches = [];
    clock = new MovableClock('2026-01-01T08:00:00Z');
    platform = new FakePlatform();
  });
  afterEach(() => {
    for (const cache of caches) cache.stop();
    for (const link of links) link.stop();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await redis.remove();
    await database.drop();
  });

  async function replica(url: string): Promise<TokenCache> {
    const link = new RedisLink(new Secret(url), logger);
    const cache = new TokenCache(
      new RedisTokenStore(link, dataSource, encryption, clock),
      clock,
      logger,
    );
    links.push(link);
    caches.push(cache);
    await link.start();
    if (url === redis.url) await eventually(() => expect(link.state).toBe('ok'));
    return cache;
  }

  it('a token that it drops is handed out by none, warm or cold', async () => {
    const [apart, warm, cold] = await Promise.all([
      replica('redis://127.0.0.1:1'),
      replica(redis.url),
      replica(redis.url),
    ]);
    const source = platform.source();
    const { value } = await warm.read(source);
    expect((await apart.read(source)).value).toBe(value);
    expect(await apart.drop(source, value)).toBe(true);

    const next = await cold.read(source);
    expect(next.value).not.toBe(value);
    expect((await warm.read(source)).value).toBe(next.value);
    expect(platform.fetches).toBe(2);
  });
});
