import type { KeyvStoreAdapter } from 'keyv';
import type { DataSource } from 'typeorm';

import type { Clock } from '../common/clock.js';
import type { Encryption } from '../common/encryption.js';
import { PostgresKeyvAdapter } from './postgres-keyv-adapter.js';
import { PostgresTurns } from './postgres-turns.js';
import { TokenStore } from './token-store.js';

/** Platform tokens in Postgres, encrypted; replicas take turns by advisory locks. */
export class PostgresTokenStore extends TokenStore {
  override readonly adapter: KeyvStoreAdapter;
  override readonly record: KeyvStoreAdapter;
  readonly #turns: PostgresTurns;

  /** @param turnLimitMs how long a turn is waited for; ten seconds if it is left out */
  constructor(dataSource: DataSource, encryption: Encryption, clock: Clock, turnLimitMs?: number) {
    super();
    this.adapter = new PostgresKeyvAdapter(dataSource, encryption, clock);
    this.record = this.adapter;
    this.#turns = new PostgresTurns(dataSource, turnLimitMs);
  }

  override exclusively<T>(key: string, work: (turn: number) => Promise<T>): Promise<T> {
    return this.#turns.run(key, work);
  }
}
