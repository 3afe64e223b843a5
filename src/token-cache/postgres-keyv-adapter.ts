import { EventEmitter } from 'node:events';

import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { DataSource } from 'typeorm';

import type { Clock } from '../common/clock.js';
import { type Encryption, UnreadableSecretError } from '../common/encryption.js';
import type { StoredValue } from './token-store.js';

/** How long an expired row may lie before the next write sweeps it out. */
const sweepAfterMs = 3_600_000;

/** Keyv's view of the table; every method is one statement. */
export class PostgresKeyvAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Gives no expiry along: Keyv would delete what looks expired to it, without asking whether it is still the same. */
  async get<Value>(key: string): Promise<StoredData<Value>> {
    const [row] = await this.dataSource.query<{ value: string }[]>(
      `select value from platform_tokens where key = $1 and expires_at > $2`,
      [key, this.clock.now()],
    );
    const value = row && this.#open(key, row.value);
    return value === undefined ? undefined : { value: value as Value };
  }

  async set(key: string, { value }: StoredValue, ttlMs?: number): Promise<boolean> {
    if (ttlMs === undefined) throw new Error('a shared entry needs a time to live');
    const nowMs = this.clock.now().getTime();
    const rows = await this.dataSource.query<unknown[]>(
      `with swept as (
         delete from platform_tokens where key in
           (select key from platform_tokens where expires_at < $5 and key <> $1 for update skip locked))
       insert into platform_tokens (key, value, turn, expires_at) values ($1, $2, $3, $4)
       on conflict (key) do update
          set value = excluded.value, turn = excluded.turn, expires_at = excluded.expires_at
        where platform_tokens.turn <= excluded.turn
       returning key`,
      [
        key,
        this.encryption.encrypt(JSON.stringify(value), context(key)),
        value.turn ?? 0,
        new Date(nowMs + ttlMs),
        new Date(nowMs - sweepAfterMs),
      ],
    );
    return rows.length > 0;
  }

  async delete(key: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `delete from platform_tokens where key = $1`,
      [key],
    );
    return count > 0;
  }

  async clear(): Promise<void> {
    await this.dataSource.query(`delete from platform_tokens`);
  }

  #open(key: string, sealed: string): unknown {
    try {
      return JSON.parse(this.encryption.decrypt(sealed, context(key)));
    } catch (error) {
      // Sealed with a key that is gone: a platform token is simply fetched again.
      if (error instanceof UnreadableSecretError) return undefined;
      throw error;
    }
  }
}

function context(key: string): string {
  return `platform-token:${key}`;
}
