import { EventEmitter } from 'node:events';

import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { DataSource } from 'typeorm';

import type { Clock } from '../common/clock.js';
import type { Encryption } from '../common/encryption.js';
import { openEntry, sealEntry } from './sealed-entry.js';
import type { StoredValue } from './token-store.js';

/** How long an expired row may lie before the next write sweeps it out. */
const sweepAfterMs = 3_600_000;

/** An entry that is to be written elsewhere, too. */
export interface LiveEntry extends StoredValue {
  readonly key: string;
  readonly ttlMs: number;
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly expires_at: Date;
}

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

  /** Whether the way to Postgres was opened. */
  get isOpen(): boolean {
    return this.dataSource.isInitialized;
  }

  /** Gives no expiry along: Keyv would delete what looks expired to it, without asking whether it is still the same. */
  async get<Value>(key: string): Promise<StoredData<Value>> {
    const entry = await this.find(key);
    return entry && { value: entry.value as Value };
  }

  /** An entry that is not over, with the time that it still has. */
  async find(key: string): Promise<LiveEntry | undefined> {
    const [entry] = await this.#live(`key = $2`, key);
    return entry;
  }

  /** All that is stored and not over yet. */
  all(): Promise<readonly LiveEntry[]> {
    return this.#live('true');
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
        sealEntry(this.encryption, key, value),
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

  async #live(condition: string, ...parameters: string[]): Promise<readonly LiveEntry[]> {
    const now = this.clock.now();
    const rows = await this.dataSource.query<Row[]>(
      `select key, value, expires_at from platform_tokens where expires_at > $1 and ${condition}`,
      [now, ...parameters],
    );
    return rows.flatMap(({ key, value: sealed, expires_at: expiresAt }) => {
      const value = openEntry(this.encryption, key, sealed) as StoredValue['value'] | undefined;
      if (value === undefined) return [];
      return [{ key, value, ttlMs: expiresAt.getTime() - now.getTime() }];
    });
  }
}
