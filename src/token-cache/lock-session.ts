import pg, { type PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

/** The connection broke, and with it went every lock that it held. */
export class LockSessionLost extends Error {
  override readonly name = 'LockSessionLost';
}

/** A holder that says nothing for so long is frozen or gone. Postgres ends its session, and so frees its locks. */
const silenceLimit = '6s';
const sayEveryMs = 2000;

type Release = (destroy?: boolean) => void;

interface Connection {
  readonly client: PoolClient;
  readonly release: Release;
}

/** What TypeORM's Postgres driver offers, typed: its own signature says `any`. */
interface PostgresPool {
  obtainMasterConnection(): Promise<[PoolClient, Release]>;
}

/**
 * One database connection that holds advisory locks: Postgres frees them when the connection ends, however it ends. Statements go
 * one after the other.
 */
export class LockSession {
  /** How many turns are taken or wanted through this session. */
  users = 0;
  #lost = false;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #opening: Promise<Connection>;
  #last: Promise<unknown>;

  constructor(private readonly dataSource: DataSource) {
    this.#opening = this.#open();
    this.#last = this.#opening.then((connection) => this.#watch(connection)).catch(() => undefined);
  }

  get isLost(): boolean {
    return this.#lost;
  }

  /**
   * @returns the number of the turn, or undefined when another session holds the lock
   * @throws LockSessionLost; what the pool throws when it has no connection to give
   */
  async tryLock(key: string): Promise<number | undefined> {
    const row = await this.#query(
      `select case when pg_try_advisory_lock(hashtextextended($1, 0))
                   then nextval('platform_token_turns') end as turn`,
      key,
    );
    return row['turn'] === null ? undefined : Number(row['turn']);
  }

  /** Never throws: a session that broke has given its locks back already. */
  async unlock(key: string): Promise<void> {
    try {
      await this.#query(`select pg_advisory_unlock(hashtextextended($1, 0))`, key);
    } catch {
      this.#lost = true;
    }
  }

  /** Gives the connection back to the pool, or ends it if it may be broken. */
  close(): void {
    const calmed = this.#query('reset idle_session_timeout').catch(() => (this.#lost = true));
    Promise.all([this.#opening, calmed]).then(
      ([{ client, release }]) => {
        clearInterval(this.#heartbeat);
        client.off('error', this.#onError);
        release(this.#lost);
      },
      () => undefined,
    );
  }

  #query(sql: string, ...parameters: string[]): Promise<Record<string, unknown>> {
    const result = this.#last.then(async () => {
      const { client } = await this.#opening;
      if (this.#lost) throw new LockSessionLost();
      try {
        const { rows } = await client.query<Record<string, unknown>>(sql, parameters);
        return rows[0] ?? {};
      } catch (error) {
        // What Postgres merely refuses leaves the connection, and its locks, as they are.
        if (error instanceof pg.DatabaseError && error.severity === 'ERROR') throw error;
        this.#lost = true;
        throw new LockSessionLost('the connection that holds the locks broke', { cause: error });
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #open(): Promise<Connection> {
    try {
      const pool = this.dataSource.driver as unknown as PostgresPool;
      const [client, release] = await pool.obtainMasterConnection();
      client.on('error', this.#onError);
      return { client, release };
    } catch (error) {
      this.#lost = true;
      throw error;
    }
  }

  /**
   * A process that is stopped but not ended, or whose machine vanished, says no goodbye: it is known by its silence, since one
   * that lives speaks up every two seconds however long its fetch takes.
   */
  async #watch({ client }: Connection): Promise<void> {
    await client.query(`set idle_session_timeout = '${silenceLimit}'`);
    this.#heartbeat = setInterval(() => {
      this.#query('select 1').catch(() => (this.#lost = true));
    }, sayEveryMs).unref();
  }

  readonly #onError = (): void => {
    this.#lost = true;
  };
}
