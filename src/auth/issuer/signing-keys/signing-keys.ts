import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { JWK } from 'jose';
import { DataSource, type EntityManager } from 'typeorm';

import { Clock } from '../../../common/clock.js';
import { Encryption } from '../../../common/encryption.js';
import { Logger } from '../../../common/logger.js';
import { Config } from '../../../config/config.js';
import { type KeySet, scheduleKeys } from './key-schedule.js';
import { generateSigningKey, type SigningAlg, type SigningKey } from './signing-key.js';

/** How long verifiers may keep our key set; a new key is published for at least this long before it signs. */
export const keySetMaxAgeSeconds = 300;
/** How soon this replica follows a rotation that another one made. */
const refreshEveryMs = 20_000;
const advisoryLock = 7_265_001;

/** Where a published key stands. */
export type KeyState = 'next' | 'signing' | 'retiring';

/** What may be told of a key. */
export interface PublishedKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly state: KeyState;
  readonly createdAt: Date;
  readonly signsFrom: Date;
}

interface Row {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly public_jwk: JWK;
  readonly private_jwk: string;
  readonly created_at: Date;
  readonly signs_from: Date;
}

/** The keys that sign tokens: in Postgres, encrypted, the same for all replicas. */
@Injectable()
export class SigningKeys implements OnApplicationShutdown {
  #keys: readonly SigningKey[] = [];
  #set: KeySet | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** Reads the keys, makes the first one if there is none, and keeps following from then on. */
  async start(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
      this.#keys = await this.#read(manager);
      const newest = this.#keys.at(-1);
      if (!newest) await this.#add(manager, 0);
      else if (newest.alg !== this.config.signingAlg) await this.#add(manager, keySetMaxAgeSeconds);
      this.#keys = await this.#read(manager);
    });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.refresh(), refreshEveryMs).unref();
  }

  /** The keys as they stand now; the same object as long as nothing changed. */
  current(): KeySet {
    const now = this.clock.now();
    if (!this.#set || (this.#set.changesAt && this.#set.changesAt <= now)) {
      this.#set = scheduleKeys(this.#keys, now, this.#keepSeconds());
    }
    return this.#set;
  }

  /** Every key that is published, in the order in which they sign. */
  list(): PublishedKey[] {
    const { signing, published } = this.current();
    const now = this.clock.now();
    return [...published]
      .sort((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime())
      .map(({ kid, alg, createdAt, signsFrom }) => ({
        kid,
        alg,
        state: kid === signing.kid ? 'signing' : signsFrom > now ? 'next' : 'retiring',
        createdAt,
        signsFrom,
      }));
  }

  /** One of them. */
  view(kid: string): PublishedKey {
    const key = this.list().find((each) => each.kid === kid);
    if (!key) throw new Error('a key that was just made is not published');
    return key;
  }

  /**
   * Makes the next key: published at once, signing after `keySetMaxAgeSeconds`.
   * @returns its kid; a key that waits for its turn already is returned instead of making another
   */
  async rotate(): Promise<string> {
    const kid = await this.dataSource.transaction(async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
      const keys = await this.#read(manager);
      const waiting = keys.find((key) => key.signsFrom > this.clock.now());
      return waiting?.kid ?? (await this.#add(manager, keySetMaxAgeSeconds));
    });
    await this.refresh();
    return kid;
  }

  /** Reads what other replicas did, and deletes what is retired. A failure keeps the keys we have. */
  async refresh(): Promise<void> {
    try {
      const keys = await this.#read(this.dataSource.manager);
      if (keys.length === 0) return;
      const { retired } = scheduleKeys(keys, this.clock.now(), this.#keepSeconds());
      for (const key of retired) {
        await this.dataSource.query('delete from signing_keys where kid = $1', [key.kid]);
      }
      if (signature(keys) !== signature(this.#keys)) {
        this.#keys = keys;
        this.#set = undefined;
      }
    } catch (error) {
      this.logger.warn(
        { err: error },
        'the signing keys could not be read again; going on with those we have',
      );
    }
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** An ID token may come back as a logout hint as long as its session lives. */
  #keepSeconds(): number {
    const { accessTokenSeconds, idTokenSeconds, sessionSeconds } = this.config.lifetimes;
    return Math.max(accessTokenSeconds, idTokenSeconds, sessionSeconds) + keySetMaxAgeSeconds;
  }

  async #read(manager: EntityManager): Promise<SigningKey[]> {
    const rows = await manager.query<Row[]>('select * from signing_keys order by signs_from');
    return rows.map((row) => {
      const known = this.#keys.find((key) => key.kid === row.kid);
      return (
        known ?? {
          kid: row.kid,
          alg: row.alg,
          publicJwk: row.public_jwk,
          privateJwk: JSON.parse(
            this.encryption.decrypt(row.private_jwk, `signing-key:${row.kid}`),
          ) as JWK,
          createdAt: row.created_at,
          signsFrom: row.signs_from,
        }
      );
    });
  }

  async #add(manager: EntityManager, publishSeconds: number): Promise<string> {
    const now = this.clock.now();
    const signsFrom = new Date(now.getTime() + publishSeconds * 1000);
    const key = await generateSigningKey(this.config.signingAlg, now, signsFrom);
    await manager.query(
      `insert into signing_keys (kid, alg, public_jwk, private_jwk, created_at, signs_from) values ($1, $2, $3, $4, $5, $6)`,
      [
        key.kid,
        key.alg,
        key.publicJwk,
        this.encryption.encrypt(JSON.stringify(key.privateJwk), `signing-key:${key.kid}`),
        key.createdAt,
        key.signsFrom,
      ],
    );
    return key.kid;
  }
}

function signature(keys: readonly SigningKey[]): string {
  return keys.map((key) => key.kid).join(' ');
}
