import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import type { DataSource } from 'typeorm';

import { tokenStoreContract } from '../../test/contracts/token-store.contract.js';
import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { eventually } from '../../test/fixtures/eventually.js';
import type { Clock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { RedisLink } from '../redis/redis-link.js';
import { RedisTokenStore } from './redis-token-store.js';

const encryption = new Encryption([randomBytes(32)]);
const hour = 3_600_000;
let redis: TestRedis;
let database: TestDatabase;
let dataSource: DataSource;
let link: RedisLink;

const open = (clock: Clock): RedisTokenStore =>
  new RedisTokenStore(link, dataSource, encryption, clock);

(redisHere ? describe : describe.skip)('a Redis store', () => {
  beforeAll(async () => {
    [redis, database] = await Promise.all([TestRedis.start(), createTestDatabase()]);
    dataSource = await createDataSource(new Secret(database.url), 10, () => undefined).initialize();
    link = new RedisLink(new Secret(redis.url), new Logger('silent'));
    await link.start();
  });
  beforeEach(() => eventually(() => expect(link.state).toBe('ok')));
  afterAll(async () => {
    link.stop();
    await dataSource.destroy();
    await redis.remove();
    await database.drop();
  });

  describe('with Redis', () => {
    tokenStoreContract(open);

    it('keeps nothing in plain', async () => {
      await keyvOf(open(new MovableClock('2026-01-01T00:00:00Z'))).set(
        'k|c',
        { turn: 1, value: 'hunter2-token' },
        hour,
      );
      expect(await redis.dump()).toMatch(/^lingpai:platform-token:k\|c 1\|\d+\|v1\./m);
      expect(await redis.dump()).not.toContain('hunter2-token');
      const rows = await dataSource.query(`select * from platform_tokens where key = 'k|c'`);
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain('hunter2-token');
    });

    it('reads in Redis', async () => {
      const clock = new MovableClock('2026-01-01T00:00:00Z');
      await keyvOf(open(clock)).set('k2', { turn: 1 }, hour);
      await dataSource.query(`delete from platform_tokens where key = 'k2'`);
      expect(await keyvOf(open(clock)).get('k2')).toEqual({ turn: 1 });
    });
  });

  it('waits without a word for Postgres, which a service that starts asks later', async () => {
    const log: string[] = [];
    const early = new RedisLink(
      new Secret(redis.url),
      new Logger('info', { write: (line: string) => log.push(line) }),
    );
    const postgres = createDataSource(new Secret(database.url), 2, () => undefined);
    new RedisTokenStore(early, postgres, encryption, new MovableClock('2026-01-01T00:00:00Z'));
    try {
      await early.start();
      expect(early.state).toBe('unreachable');
      await postgres.initialize();
      await eventually(() => expect(early.state).toBe('ok'));
      expect(log.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
        'Redis is there and in use',
      ]);
    } finally {
      early.stop();
      await postgres.destroy();
    }
  });

  describe('when Redis goes away', () => {
    let clock: MovableClock;
    let keyv: Keyv;

    beforeEach(async () => {
      clock = new MovableClock('2026-01-01T00:00:00Z');
      keyv = keyvOf(open(clock));
      await redis.flush();
      await dataSource.query('delete from platform_tokens');
    });

    it('what it forgot is still known', async () => {
      await keyv.set('k', { turn: 1, value: 'old' }, hour);
      await redis.flush();
      expect(await keyv.get('k')).toEqual({ turn: 1, value: 'old' });
      expect(await redis.dump()).toMatch(/^lingpai:platform-token:k 1\|/m);
    });

    it('what it gets back takes the place of nothing that was written meanwhile', async () => {
      const store = open(clock);
      await keyv.set('k', { turn: 1, value: 'dropped' }, hour);
      await redis.flush();
      const find = store.record.find.bind(store.record);
      store.record.find = async (key) => {
        const entry = await find(key);
        await keyv.set('k', { turn: 1, value: '' }, hour);
        return entry;
      };
      await keyvOf(store).get('k');
      expect(await keyv.get('k')).toEqual({ turn: 1, value: '' });
    });

    it('what was written before is known, what is written now it gets when it is back', async () => {
      await keyv.set('k', { turn: 1, value: 'old' }, hour);
      await redis.stop();
      expect(await keyv.get('k')).toEqual({ turn: 1, value: 'old' });
      expect(await keyv.set('k', { turn: 2, value: 'new' }, hour)).toBe(true);
      expect(await keyv.get('k')).toEqual({ turn: 2, value: 'new' });
      expect(link.state).toBe('unreachable');

      await redis.startAgain();
      await eventually(() => expect(link.state).toBe('ok'));
      expect(await redis.dump()).toMatch(/^lingpai:platform-token:k 2\|/m);
      expect(await keyv.get('k')).toEqual({ turn: 2, value: 'new' });
    });

    it('who does not hear of a later turn through it is still refused', async () => {
      const other = new RedisLink(new Secret(redis.url), new Logger('silent'));
      const theirs = keyvOf(new RedisTokenStore(other, dataSource, encryption, clock));
      await keyv.set('k', { turn: 3, value: 'new' }, hour);
      expect(other.state).toBe('unreachable');
      expect(await theirs.set('k', { turn: 2, value: 'late' }, hour)).toBe(false);
      expect(await theirs.get('k')).toEqual({ turn: 3, value: 'new' });
      other.stop();
    });

    it('one that freezes is not waited for again and again', async () => {
      await keyv.set('k', { turn: 1, value: 'old' }, hour);
      redis.freeze();
      expect(await keyv.get('k')).toEqual({ turn: 1, value: 'old' });
      const startedAt = performance.now();
      for (let index = 0; index < 20; index += 1) await keyv.get('k');
      // Twenty times the limit of one command would be ten seconds.
      expect(performance.now() - startedAt).toBeLessThan(2000);
      redis.thaw();
      await eventually(() => expect(link.state).toBe('ok'));
      expect(await keyv.get('k')).toEqual({ turn: 1, value: 'old' });
    });
  });
});

function keyvOf(store: RedisTokenStore): Keyv {
  return new Keyv({
    store: store.adapter,
    useKeyPrefix: false,
    serialize: undefined,
    deserialize: undefined,
    throwOnErrors: true,
  });
}
