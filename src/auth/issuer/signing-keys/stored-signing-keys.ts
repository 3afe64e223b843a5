import { Injectable } from '@nestjs/common';
import type { JWK } from 'jose';
import { DataSource, type EntityManager } from 'typeorm';

import { Encryption } from '../../../common/encryption.js';
import type { SealedColumnShape } from '../../../database/sealed-column.js';
import type { SigningAlg, SigningKey } from './signing-key.js';

const advisoryLock = 7_265_001;
/** A replica that asks for an algorithm is taken to be gone after this long without a word. */
const wantedForSeconds = 600;

interface Row {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly public_jwk: JWK;
  readonly private_jwk: string;
  readonly created_at: Date;
  readonly signs_from: Date;
  readonly keep_seconds: number;
}

/** The signing keys in Postgres, their private parts sealed, and which algorithms the replicas ask for. */
@Injectable()
export class StoredSigningKeys {
  /** Private parts that were opened, by kid. */
  #opened: ReadonlyMap<string, JWK> = new Map();

  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
  ) {}

  /** In the order in which they sign. */
  async read(manager: EntityManager = this.dataSource.manager): Promise<SigningKey[]> {
    const rows = await manager.query<Row[]>('select * from signing_keys order by signs_from, kid');
    const keys = rows.map((row) => this.#open(row));
    this.#opened = new Map(keys.map(({ kid, privateJwk }) => [kid, privateJwk]));
    return keys;
  }

  /** Nobody else in the whole deployment changes the keys meanwhile. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
      return work(manager);
    });
  }

  async add(manager: EntityManager, key: SigningKey): Promise<void> {
    await manager.query(
      `insert into signing_keys (kid, alg, public_jwk, private_jwk, created_at, signs_from, keep_seconds)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        key.kid,
        key.alg,
        key.publicJwk,
        this.encryption.encrypt(JSON.stringify(key.privateJwk), contextOf(key.kid)),
        key.createdAt,
        key.signsFrom,
        key.keepSeconds ?? 0,
      ],
    );
  }

  async beginAt(manager: EntityManager, kid: string, signsFrom: Date): Promise<void> {
    await manager.query('update signing_keys set signs_from = $2 where kid = $1', [kid, signsFrom]);
  }

  /** What another replica asked for stays, where it is more. */
  async keepFor(manager: EntityManager, kids: readonly string[], seconds: number): Promise<void> {
    await manager.query(
      'update signing_keys set keep_seconds = greatest(keep_seconds, $2) where kid = any($1)',
      [kids, seconds],
    );
  }

  async delete(manager: EntityManager, kids: readonly string[]): Promise<void> {
    await manager.query('delete from signing_keys where kid = any($1)', [kids]);
  }

  /** Says that a replica asks for this algorithm. */
  async want(alg: SigningAlg): Promise<void> {
    await this.dataSource.query(
      `insert into signing_algs (alg, wanted_at) values ($1, clock_timestamp())
       on conflict (alg) do update set wanted_at = excluded.wanted_at`,
      [alg],
    );
  }

  /** What any replica has asked for lately. */
  async wantedAlgs(manager: EntityManager = this.dataSource.manager): Promise<SigningAlg[]> {
    const rows = await manager.query<{ alg: SigningAlg }[]>(
      `select alg from signing_algs where wanted_at > clock_timestamp() - make_interval(secs => $1)`,
      [wantedForSeconds],
    );
    return rows.map(({ alg }) => alg);
  }

  #open(row: Row): SigningKey {
    const { kid } = row;
    return {
      kid,
      alg: row.alg,
      publicJwk: row.public_jwk,
      privateJwk:
        this.#opened.get(kid) ??
        (JSON.parse(this.encryption.decrypt(row.private_jwk, contextOf(kid))) as JWK),
      createdAt: row.created_at,
      signsFrom: row.signs_from,
      keepSeconds: row.keep_seconds,
    };
  }
}

/** Where the private parts are sealed. */
export const sealedSigningKeys: SealedColumnShape = {
  name: 'signing keys',
  table: 'signing_keys',
  column: 'private_jwk',
  key: { kid: 'text' },
  context: ({ kid = '' }) => contextOf(kid),
};

function contextOf(kid: string): string {
  return `signing-key:${kid}`;
}
