import { isDeepStrictEqual } from 'node:util';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { ClientFields } from '../../auth/issuer/clients/client.fields.js';
import { Encryption } from '../../common/encryption.js';
import { type Fault, readAs } from '../../common/faults.js';
import { Logger } from '../../common/logger.js';
import { readConnection } from '../connection.definition.js';
import {
  ProvisioningError,
  type ProvisioningFile,
  readProvisioningFile,
} from './provisioning-file.js';

const advisoryLock = 7_265_002;

/** A row as the file wants it. */
interface Wanted {
  readonly key: string;
  readonly platform?: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}

interface Stored {
  readonly key: string;
  readonly platform?: string;
  readonly enabled: boolean;
  readonly managed_by_file: boolean;
  readonly settings: Record<string, unknown>;
  readonly secrets: string;
}

/** The two tables that the file fills, and how their rows are told apart. */
const tables = {
  connections: { key: 'slug', context: 'connection' },
  clients: { key: 'client_id', context: 'client' },
} as const;
type Table = keyof typeof tables;

/**
 * Applies the provisioning file: at every start, all of it or nothing. Applying it twice changes no row; what left the file is
 * disabled, not deleted, since accounts hang on it.
 */
@Injectable()
export class Provisioning {
  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly logger: Logger,
  ) {}

  /** @throws ProvisioningError naming every fault by its place */
  async apply(file: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { connections, clients, faults } = check(readProvisioningFile(file, env));
    if (faults.length > 0) throw new ProvisioningError(file, faults);
    await this.dataSource.transaction(async (manager) => {
      await manager.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
      const conflicts = [
        ...(await this.#applyTable(manager, 'connections', connections)),
        ...(await this.#applyTable(manager, 'clients', clients)),
      ];
      if (conflicts.length > 0) throw new ProvisioningError(file, conflicts);
    });
    this.logger.info(
      { connections: connections.length, clients: clients.length },
      'the provisioning file is applied',
    );
  }

  async #applyTable(
    manager: EntityManager,
    table: Table,
    wanted: readonly Wanted[],
  ): Promise<Fault[]> {
    const { key } = tables[table];
    const stored = await manager.query<Stored[]>(
      `select *, ${key} as key from ${table} where managed_by_file or ${key} = any($1)`,
      [wanted.map((entry) => entry.key)],
    );
    const faults: Fault[] = [];
    for (const [index, entry] of wanted.entries()) {
      const row = stored.find((candidate) => candidate.key === entry.key);
      const place = `${table}[${index}]`;
      if (!row) await this.#insert(manager, table, entry);
      else if (!row.managed_by_file)
        faults.push(`${place}: was made by the API; remove it there first`);
      else if (row.platform !== entry.platform)
        faults.push(`${place}.platform: is fixed once made`);
      else if (!this.#equals(table, row, entry)) await this.#update(manager, table, entry);
    }
    const left = stored.filter(
      (row) => row.enabled && !wanted.some((entry) => entry.key === row.key),
    );
    for (const row of left) {
      await manager.query(
        `update ${table} set enabled = false, updated_at = clock_timestamp() where ${key} = $1`,
        [row.key],
      );
    }
    return faults;
  }

  #equals(table: Table, row: Stored, entry: Wanted): boolean {
    const secrets: unknown = JSON.parse(
      this.encryption.decrypt(row.secrets, `${tables[table].context}:${row.key}`),
    );
    return (
      row.enabled === entry.enabled &&
      isDeepStrictEqual(row.settings, toJson(entry.settings)) &&
      isDeepStrictEqual(secrets, toJson(entry.secrets))
    );
  }

  async #insert(manager: EntityManager, table: Table, entry: Wanted): Promise<void> {
    const platform = entry.platform === undefined ? [] : [entry.platform];
    await manager.query(
      `insert into ${table} (${tables[table].key}, enabled, managed_by_file, settings, secrets, created_at, updated_at
         ${platform.length > 0 ? ', platform' : ''})
       values ($1, $2, true, $3, $4, clock_timestamp(), clock_timestamp() ${platform.length > 0 ? ', $5' : ''})`,
      [...this.#values(table, entry), ...platform],
    );
  }

  async #update(manager: EntityManager, table: Table, entry: Wanted): Promise<void> {
    await manager.query(
      `update ${table} set enabled = $2, settings = $3, secrets = $4, updated_at = clock_timestamp() where ${tables[table].key} = $1`,
      this.#values(table, entry),
    );
  }

  #values(table: Table, entry: Wanted): unknown[] {
    const sealed = this.encryption.encrypt(
      JSON.stringify(entry.secrets),
      `${tables[table].context}:${entry.key}`,
    );
    return [entry.key, entry.enabled, entry.settings, sealed];
  }
}

/** Checks every entry of the file. */
function check(file: ProvisioningFile): {
  connections: Wanted[];
  clients: Wanted[];
  faults: Fault[];
} {
  const faults: Fault[] = [];
  const connections = file.connections.flatMap((plain, index) => {
    const read = readConnection(plain);
    faults.push(...read.faults.map((fault) => `connections[${index}].${fault}`));
    if (!read.definition) return [];
    const { fields, settings, secrets } = read.definition;
    return [
      { key: fields.slug, platform: fields.platform, enabled: fields.enabled, settings, secrets },
    ];
  });
  const slugs = new Set(file.connections.map((plain) => plain['slug']));
  const clients = file.clients.flatMap((plain, index) => {
    const { value, faults: own } = readAs(ClientFields, plain);
    faults.push(...own.map((fault) => `clients[${index}].${fault}`));
    const unknown =
      own.length > 0 ? undefined : value.connections?.find((slug) => !slugs.has(slug));
    if (unknown !== undefined)
      faults.push(`clients[${index}].connections: no connection has the slug ${unknown}`);
    const { clientId, enabled, clientSecret, ...settings } = value;
    const secrets = clientSecret
      ? { clientSecret: own.length > 0 ? '' : clientSecret.reveal() }
      : {};
    return [{ key: clientId, enabled, settings: { ...settings }, secrets }];
  });
  faults.push(
    ...duplicates(file.connections, 'connections', 'slug'),
    ...duplicates(file.clients, 'clients', 'clientId'),
  );
  return { connections, clients, faults };
}

function duplicates(
  entries: readonly Readonly<Record<string, unknown>>[],
  section: string,
  key: string,
): Fault[] {
  return entries.flatMap((entry, index) =>
    entry[key] !== undefined && entries.findIndex((other) => other[key] === entry[key]) < index
      ? [`${section}[${index}].${key}: stands twice`]
      : [],
  );
}

/** As it comes back from a JSON column: without what is undefined. */
function toJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
