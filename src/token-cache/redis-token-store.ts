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
 * Platform tokens in Redis, and in Postgres while Redis is away; what was written there meanwhile is brought over before Redis is
 * used again. Turns are taken in Postgres always, so that their numbers go on rising whatever Redis forgets.
 */
export class RedisTokenStore extends TokenStore {
  override readonly adapter: KeyvStoreAdapter;
  readonly #turns: PostgresTurns;

  constructor(link: RedisLink, dataSource: DataSource, encryption: Encryption, clock: Clock) {
    super();
    this.#turns = new PostgresTurns(dataSource);
    this.adapter = new FailoverKeyvAdapter(
      link,
      (client) => new RedisKeyvAdapter(client, encryption, clock),
      new PostgresKeyvAdapter(dataSource, encryption, clock),
    );
  }

  override exclusively<T>(key: string, work: (turn: number) => Promise<T>): Promise<T> {
    return this.#turns.run(key, work);
  }
}

/** Redis, or Postgres while it is away. */
class FailoverKeyvAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;
  #redis: RedisKeyvAdapter | undefined;

  constructor(
    private readonly link: RedisLink,
    private readonly open: (client: RedisClientType) => RedisKeyvAdapter,
    private readonly postgres: PostgresKeyvAdapter,
  ) {
    super();
    link.onFound((client) => this.#bringOver(this.#at(client)));
  }

  get<Value>(key: string): Promise<StoredData<Value>> {
    return this.link.run(
      (client) => this.#at(client).get<Value>(key),
      () => this.postgres.get<Value>(key),
    );
  }

  set(key: string, value: StoredValue, ttlMs?: number): Promise<boolean> {
    return this.link.run(
      (client) => this.#at(client).set(key, value, ttlMs),
      () => this.postgres.set(key, value, ttlMs),
    );
  }

  delete(key: string): Promise<boolean> {
    return this.link.run(
      (client) => this.#at(client).delete(key),
      () => this.postgres.delete(key),
    );
  }

  clear(): Promise<void> {
    return this.link.run(
      (client) => this.#at(client).clear(),
      () => this.postgres.clear(),
    );
  }

  #at(client: RedisClientType): RedisKeyvAdapter {
    return (this.#redis ??= this.open(client));
  }

  /** What is there already with a later turn stays; an entry that changes under our hands is left for the next time. */
  async #bringOver(redis: RedisKeyvAdapter): Promise<void> {
    for (const { key, value, ttlMs, leave } of await this.postgres.all()) {
      await redis.set(key, { value }, ttlMs);
      await leave();
    }
  }
}
