import { isDeepStrictEqual } from 'node:util';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { ClientFields, clientDefinition } from '../../auth/issuer/clients/client.fields.js';
import { type Fault, readAs } from '../../common/faults.js';
import { Logger } from '../../common/logger.js';
import { fixedFieldsOf, readConnection } from '../connection.definition.js';
import { type Definition, type DefinitionTable, StoredDefinitions } from '../stored-definitions.js';
import {
  ProvisioningError,
  type ProvisioningFile,
  readProvisioningFile,
} from './provisioning-file.js';

const advisoryLock = 7_265_002;

/**
 * Applies the provisioning file: at every start, all of it or nothing. Applying it twice changes no row; what left the file is
 * disabled, not deleted, since accounts hang on it.
 */
@Injectable()
export class Provisioning {
  constructor(
    private readonly dataSource: DataSource,
    private readonly definitions: StoredDefinitions,
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
    table: DefinitionTable,
    wanted: readonly Definition[],
  ): Promise<Fault[]> {
    const stored = await this.definitions.listManagedOr(
      manager,
      table,
      wanted.map((entry) => entry.key),
    );
    const faults: Fault[] = [];
    for (const [index, entry] of wanted.entries()) {
      const row = stored.find((candidate) => candidate.key === entry.key);
      const place = `${table}[${index}]`;
      if (!row) await this.definitions.insert(manager, table, entry, true);
      else if (!row.managedByFile)
        faults.push(`${place}: was made by the API; remove it there first`);
      else if (row.platform !== entry.platform)
        faults.push(`${place}.platform: is fixed once made`);
      else {
        faults.push(
          ...changesOfFixed(row, entry).map((name) => `${place}.${name}: is fixed once made`),
        );
        if (!equals(row, entry)) await this.definitions.update(manager, table, entry);
      }
    }
    const left = stored.filter(
      (row) => row.enabled && !wanted.some((entry) => entry.key === row.key),
    );
    for (const { key } of left) await this.definitions.disable(manager, table, key);
    return faults;
  }
}

/** All of the file is applied, or nothing: what is found here ends the transaction. */
function changesOfFixed(row: Definition, entry: Definition): string[] {
  return fixedFieldsOf(entry.platform).filter(
    (name) => row.settings[name] !== entry.settings[name],
  );
}

function equals(row: Definition, entry: Definition): boolean {
  return (
    row.enabled === entry.enabled &&
    isDeepStrictEqual(row.settings, toJson(entry.settings)) &&
    isDeepStrictEqual(row.secrets, toJson(entry.secrets))
  );
}

/** Checks every entry of the file. */
function check(file: ProvisioningFile): {
  connections: Definition[];
  clients: Definition[];
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
    return own.length > 0 ? [] : [clientDefinition(value)];
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
