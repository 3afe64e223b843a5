import { EventEmitter } from 'node:events';

import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { DataSource } from 'typeorm';

import { AppError } from '../common/app-error.js';
import type { Encryption } from '../common/encryption.js';
import { TokenStore } from './token-store.js';

const turnLimitMs = 10_000;
/** A fetch holds a connection for its lock; the rest of the pool stays with the requests. */
const mostHeldConnections = 3;

/** Platform tokens in Postgres, encrypted; replicas take turns by an advisory lock, which ends with its holder. */
export class PostgresTokenStore extends TokenStore {
  override readonly adapter: KeyvStoreAdapter;
  readonly #slots = new Slots(mostHeldConnections);

  constructor(
    private readonly dataSource: DataSource,
    encryption: Encryption,
  ) {
    super();
    this.adapter = new PostgresAdapter(dataSource, encryption);
  }

  override exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#slots.run(async () => {
      const runner = this.dataSource.createQueryRunner();
      try {
        await runner.connect();
        await this.#takeTurn(runner.query.bind(runner), key);
        try {
          return await work();
        } finally {
          // A connection that broke has given its lock back already.
          await runner
            .query(`select pg_advisory_unlock(hashtextextended($1, 0))`, [key])
            .catch(() => undefined);
        }
      } finally {
        await runner.release();
      }
    });
  }

  async #takeTurn(
    query: (sql: string, parameters?: unknown[]) => Promise<unknown>,
    key: string,
  ): Promise<void> {
    await query(`select set_config('lock_timeout', $1, false)`, [String(turnLimitMs)]);
    try {
      await query(`select pg_advisory_lock(hashtextextended($1, 0))`, [key]);
    } catch (error) {
      if ((error as { driverError?: { code?: string } }).driverError?.code !== '55P03') throw error;
      throw new AppError(
        'platform_unavailable',
        'The platform takes too long to answer. Please try again.',
        {
          operator: {
            call: 'token',
            platformMessage: 'another replica has been fetching this token for ten seconds',
          },
        },
      );
    }
  }
}

/** Lets a few through at a time, in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Keyv's view of the table. */
class PostgresAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
  ) {
    super();
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const [row] = await this.dataSource.query<{ value: string }[]>(
      `select value from platform_tokens where key = $1`,
      [key],
    );
    return (
      row && (this.encryption.decrypt(row.value, `platform-token:${key}`) as StoredData<Value>)
    );
  }

  async set(key: string, value: string, ttlMs?: number): Promise<void> {
    const sealed = this.encryption.encrypt(value, `platform-token:${key}`);
    await this.dataSource.query(
      `insert into platform_tokens (key, value, expires_at, updated_at)
       values ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond', clock_timestamp())
       on conflict (key) do update
          set value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
      [key, sealed, ttlMs ?? null],
    );
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
}
