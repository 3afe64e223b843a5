import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Encryption } from '../common/encryption.js';
import { rowVersion } from '../database/row-version.js';
import type { SealedColumnShape } from '../database/sealed-column.js';

/** The two tables of definitions, and how their rows are told apart. */
const tables = {
  connections: { key: 'slug', context: 'connection', hasPlatform: true },
  clients: { key: 'client_id', context: 'client', hasPlatform: false },
} as const;

const version = rowVersion(['enabled', 'managed_by_file', 'settings']);

export type DefinitionTable = keyof typeof tables;

/** A connection or a client as it is kept: what is secret apart from what is not. */
export interface Definition {
  /** The slug, or the client id. */
  readonly key: string;
  /** Of a connection. */
  readonly platform?: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A definition as it stands in the database. */
export interface StoredDefinition extends Definition {
  /** Whether the provisioning file owns it: the API may read it only. */
  readonly managedByFile: boolean;
  /** Changes with every write. */
  readonly version: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

interface Row {
  readonly key: string;
  readonly platform?: string;
  readonly enabled: boolean;
  readonly managed_by_file: boolean;
  readonly settings: Record<string, unknown>;
  readonly secrets: string;
  readonly version: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Where the secrets of both are sealed. */
export const sealedDefinitions: readonly SealedColumnShape[] = Object.entries(tables).map(
  ([table, { key, context }]) => ({
    name: table,
    table,
    column: 'secrets',
    key: { [key]: 'text' },
    context: (row) => `${context}:${row[key] ?? ''}`,
  }),
);

/** Connections and clients in Postgres, secrets sealed: the provisioning file and the API write through here alike. */
@Injectable()
export class StoredDefinitions {
  constructor(private readonly encryption: Encryption) {}

  /** @param after the last key of the page before */
  async list(
    manager: EntityManager,
    table: DefinitionTable,
    after: string | undefined,
    limit: number,
  ): Promise<StoredDefinition[]> {
    const { key } = tables[table];
    const rows = await manager.query<Row[]>(
      `select *, ${key} as key, ${version} as version from ${table}
        where $1::text is null or ${key} collate "C" > $1 order by ${key} collate "C" limit $2`,
      [after ?? null, limit],
    );
    return rows.map((row) => this.#open(table, row));
  }

  /** Those that the file owns, and those with one of these keys. */
  async listManagedOr(
    manager: EntityManager,
    table: DefinitionTable,
    keys: readonly string[],
  ): Promise<StoredDefinition[]> {
    const { key } = tables[table];
    const rows = await manager.query<Row[]>(
      `select *, ${key} as key, ${version} as version from ${table} where managed_by_file or ${key} = any($1)`,
      [keys],
    );
    return rows.map((row) => this.#open(table, row));
  }

  /** @param lock whether others shall wait until the transaction ends */
  async find(
    manager: EntityManager,
    table: DefinitionTable,
    key: string,
    lock: boolean,
  ): Promise<StoredDefinition | undefined> {
    const { key: column } = tables[table];
    const [row] = await manager.query<Row[]>(
      `select *, ${column} as key, ${version} as version from ${table} where ${column} = $1 ${lock ? 'for update' : ''}`,
      [key],
    );
    return row && this.#open(table, row);
  }

  /** @returns whether the key was free */
  async insert(
    manager: EntityManager,
    table: DefinitionTable,
    definition: Definition,
    managedByFile: boolean,
  ): Promise<boolean> {
    const { key, hasPlatform } = tables[table];
    const rows = await manager.query<unknown[]>(
      `insert into ${table} (${key}, enabled, settings, secrets, managed_by_file, created_at, updated_at ${hasPlatform ? ', platform' : ''})
       values ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() ${hasPlatform ? ', $6' : ''})
       on conflict (${key}) do nothing returning 1`,
      [
        ...this.#values(table, definition),
        managedByFile,
        ...(hasPlatform ? [definition.platform] : []),
      ],
    );
    return rows.length > 0;
  }

  async update(
    manager: EntityManager,
    table: DefinitionTable,
    definition: Definition,
  ): Promise<void> {
    await manager.query(
      `update ${table} set enabled = $2, settings = $3, secrets = $4, updated_at = clock_timestamp()
        where ${tables[table].key} = $1`,
      this.#values(table, definition),
    );
  }

  async disable(manager: EntityManager, table: DefinitionTable, key: string): Promise<void> {
    await manager.query(
      `update ${table} set enabled = false, updated_at = clock_timestamp() where ${tables[table].key} = $1`,
      [key],
    );
  }

  async delete(manager: EntityManager, table: DefinitionTable, key: string): Promise<void> {
    await manager.query(`delete from ${table} where ${tables[table].key} = $1`, [key]);
  }

  #values(table: DefinitionTable, { key, enabled, settings, secrets }: Definition): unknown[] {
    const sealed = this.encryption.encrypt(
      JSON.stringify(secrets),
      `${tables[table].context}:${key}`,
    );
    return [key, enabled, settings, sealed];
  }

  #open(table: DefinitionTable, row: Row): StoredDefinition {
    const secrets = this.encryption.decrypt(row.secrets, `${tables[table].context}:${row.key}`);
    return {
      key: row.key,
      ...(row.platform !== undefined && { platform: row.platform }),
      enabled: row.enabled,
      settings: row.settings,
      secrets: JSON.parse(secrets) as Record<string, string>,
      managedByFile: row.managed_by_file,
      version: row.version,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }
}
