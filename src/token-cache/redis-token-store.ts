import { EventEmitter } from 'node:events';

import type { RedisClientType } from '@keyv/redis';
import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { DataSource } from 'typeorm';

import type { Clock } from '../common/clock.js';
import type { Encryption } from '../common/encryption.js';
import type { RedisLink } from '../redis/redis-link.js';
import { PostgresKeyvAdapter } from './postgres-keyv-adapter.js';
import { PostgresTurns } from './postgres-turns.js';
import { RedisKeyvAdapter } from './redis-keyv-adapter.js';
import { TokenStore, type StoredValue } from './token-store.js';

/**
 * Platform tokens where they are read fast, in Redis, and where they last, in Postgres: whatever Redis forgets, or does not hear of
 * while it is away, is there. Turns are taken in Postgres always.
 */
export class RedisTokenStore extends TokenStore {
  override readonly adapter: KeyvStoreAdapter;
  override readonly record: PostgresKeyvAdapter;
  readonly #turns: PostgresTurns;

  constructor(link: RedisLink, dataSource: DataSource, encryption: Encryption, clock: Clock) {
    super();
    this.#turns = new PostgresTurns(dataSource);
    this.record = new PostgresKeyvAdapter(dataSource, encryption, clock);
    this.adapter = new MirroredKeyvAdapter(
      link,
      (client) => new RedisKeyvAdapter(client, encryption, clock),
      this.record,
    );
  }

  override exclusively<T>(key: string, work: (turn: number) => Promise<T>): Promise<T> {
    return this.#turns.run(key, work);
  }
}

/**
 * Every entry is written to both. Postgres comes first, and says no to what is late, however long Redis was away; Redis is read
 * first, and has what it missed brought over before it is used again.
 */
class MirroredKeyvAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;
  #redis: RedisKeyvAdapter | undefined;

  constructor(
    private readonly link: RedisLink,
    private readonly open: (client: RedisClientType) => RedisKeyvAdapter,
    private readonly postgres: PostgresKeyvAdapter,
  ) {
    super();
    link.onFound(async (client) => {
      // A service that starts looks for Redis before it has asked Postgres for the first time.
      if (!postgres.isOpen) return false;
      await this.#bringOver(this.#at(client));
      return true;
    });
  }

  async get<Value>(key: string): Promise<StoredData<Value>> {
    const found = await this.#inRedis((redis) => redis.get<Value>(key));
    if (found !== undefined) return found;
    const entry = await this.postgres.find(key);
    if (entry) await this.#inRedis((redis) => redis.add(key, entry, entry.ttlMs));
    return entry && { value: entry.value as Value };
  }

  async set(key: string, value: StoredValue, ttlMs?: number): Promise<boolean> {
    if (!(await this.postgres.set(key, value, ttlMs))) return false;
    await this.#inRedis((redis) => redis.set(key, value, ttlMs));
    return true;
  }

  async delete(key: string): Promise<boolean> {
    const wasThere = await this.postgres.delete(key);
    await this.#inRedis((redis) => redis.delete(key));
    return wasThere;
  }

  async clear(): Promise<void> {
    await this.postgres.clear();
    await this.#inRedis((redis) => redis.clear());
  }

  #inRedis<T>(work: (redis: RedisKeyvAdapter) => Promise<T>): Promise<T | undefined> {
    return this.link.run<T | undefined>(
      (client) => work(this.#at(client)),
      () => Promise.resolve(undefined),
    );
  }

  #at(client: RedisClientType): RedisKeyvAdapter {
    return (this.#redis ??= this.open(client));
  }

  /** What is there already with a later turn stays. */
  async #bringOver(redis: RedisKeyvAdapter): Promise<void> {
    for (const { key, value, ttlMs } of await this.postgres.all()) {
      await redis.set(key, { value }, ttlMs);
    }
  }
}
