import { randomBytes } from 'node:crypto';

import { createClient, type RedisClientType } from '@keyv/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { eventually } from '../../test/fixtures/eventually.js';
import { redisHere, TestRedis } from '../../test/fixtures/redis.js';
import { SystemClock } from '../common/clock.js';
import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import type { SealedValue } from '../database/sealed-places.js';
import { RedisLink } from '../redis/redis-link.js';
import { RedisKeyvAdapter } from './redis-keyv-adapter.js';
import { SealedRedisTokens } from './sealed-tokens.js';

const older = new Encryption([randomBytes(32)]);
const newer = new Encryption([randomBytes(32)]);
const clock = new SystemClock();

(redisHere ? describe : describe.skip)('platform tokens in Redis', () => {
  let redis: TestRedis;
  let link: RedisLink;
  let client: RedisClientType;
  let place: SealedRedisTokens;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = createClient({ url: redis.url });
    await client.connect();
    link = new RedisLink(new Secret(redis.url), new Logger('silent'));
    await link.start();
    await eventually(() => expect(link.state).toBe('ok'));
    place = new SealedRedisTokens(link);
  }, 30_000);
  beforeEach(() => client.flushAll());
  afterAll(async () => {
    link.stop();
    client.destroy();
    await redis.remove();
  });

  const adapter = (encryption: Encryption) => new RedisKeyvAdapter(client, encryption, clock);
  const put = (encryption: Encryption, key: string, words: string) =>
    adapter(encryption).set(key, { value: { turn: 3, words } } as never, 60_000);

  async function sealedByOthers(): Promise<SealedValue[]> {
    const found: SealedValue[] = [];
    for await (const batch of place.sealedByOthers(newer.keyIds[0])) found.push(...batch);
    return found;
  }

  it('are counted, handed out and replaced like any others; their end and their turn stay', async () => {
    await client.set('somebody:else', 'v1.x.y');
    for (let number = 0; number < 450; number += 1) await put(older, `a:${number}`, `of ${number}`);
    await put(newer, 'b', 'new');
    expect(await place.countByKey()).toEqual(
      new Map([
        [older.keyIds[0], 450],
        [newer.keyIds[0], 1],
      ]),
    );
    for (const { sealed, context, replace } of await sealedByOthers())
      expect(await replace(newer.encrypt(older.decrypt(sealed, context), context))).toBe(true);
    expect(await sealedByOthers()).toEqual([]);
    expect(await adapter(newer).get('a:449')).toEqual({ value: { turn: 3, words: 'of 449' } });
    expect(await adapter(older).get('a:449')).toBeUndefined();
    const name = 'lingpai:platform-token:a:449';
    expect(await client.get(name)).toMatch(/^3\|\d+\|v1\./);
    const ttlMs = await client.pTTL(name);
    expect(ttlMs).toBeGreaterThan(30_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    expect(await client.get('somebody:else')).toBe('v1.x.y');
  }, 20_000);

  it('are left where they were changed, or are gone, meanwhile', async () => {
    await put(older, 'changed', 'before');
    await put(older, 'gone', 'before');
    const values = await sealedByOthers();
    await put(older, 'changed', 'after');
    await client.del('lingpai:platform-token:gone');
    for (const { replace } of values) expect(await replace('v1.x.y')).toBe(false);
    expect(await adapter(older).get('changed')).toEqual({ value: { turn: 3, words: 'after' } });
    expect(await client.exists('lingpai:platform-token:gone')).toBe(0);
  });

  it('are none while Redis is away', async () => {
    await put(older, 'a', 'words');
    await redis.stop();
    expect(await place.countByKey()).toEqual(new Map());
    expect(await sealedByOthers()).toEqual([]);
  });
});
