import { isDeepStrictEqual } from 'node:util';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { Fault } from '../../common/faults.js';
import { Logger } from '../../common/logger.js';
import { fixedFieldsOf } from '../connection.definition.js';
import { type Definition, type DefinitionTable, StoredDefinitions } from '../stored-definitions.js';
import { readProvisioning } from './provisioning-entries.js';
import { ProvisioningError } from './provisioning-file.js';

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
    const { connections, clients } = readProvisioning(file, env);
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

/** As it comes back from a JSON column: without what is undefined. */
function toJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
