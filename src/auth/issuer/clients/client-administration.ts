import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../../../audit/audit.service.js';
import type { Actor } from '../../../common/access.js';
import { AppError } from '../../../common/app-error.js';
import { readAs } from '../../../common/faults.js';
import { type PageOf, pageOf, type PageQuery, readCursor } from '../../../common/page-of.js';
import { Config } from '../../../config/config.js';
import { ConnectionRegistry } from '../../../connections/connection.registry.js';
import {
  asPlainBody,
  checkChangeable,
  type PlainBody,
  refuseChangeOf,
  refuseFaults,
  withChanges,
} from '../../../connections/definition-changes.js';
import {
  type StoredDefinition,
  StoredDefinitions,
} from '../../../connections/stored-definitions.js';
import { clientDefinition, ClientFields } from './client.fields.js';
import { ClientRegistry } from './client.registry.js';
import type { ClientView, CreatedClientView } from './clients.dto.js';
import { ownClientId } from './own-client.js';

/**
 * OAuth clients, as administrators make and change them. Who may write clients may give one any scope, administrative ones too:
 * `clients:write` is as good as all of them.
 */
@Injectable()
export class ClientAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly definitions: StoredDefinitions,
    private readonly registry: ClientRegistry,
    private readonly connections: ConnectionRegistry,
    private readonly config: Config,
    private readonly audit: AuditService,
  ) {}

  async page({ cursor, limit }: PageQuery): Promise<PageOf<ClientView>> {
    const [after] = cursor === undefined ? [] : readCursor(cursor, [/^[\x21-\x7e]{1,100}$/]);
    const rows = await this.definitions.list(this.dataSource.manager, 'clients', after, limit + 1);
    return pageOf(rows, limit, viewOf, ({ key }) => [key]);
  }

  /** @throws AppError `client_not_found` */
  async read(clientId: string): Promise<StoredDefinition> {
    const found = await this.definitions.find(this.dataSource.manager, 'clients', clientId, false);
    if (!found) throw notFound();
    return found;
  }

  /**
   * @returns the client; with its secret where `generateSecret` asked for one
   * @throws AppError `request_invalid`, `value_not_allowed`, `already_exists`
   */
  async create(
    body: unknown,
    actor: Actor,
  ): Promise<{ stored: StoredDefinition; view: CreatedClientView }> {
    const { generateSecret, ...plain } = asPlainBody(body);
    if (generateSecret !== undefined && typeof generateSecret !== 'boolean')
      refuseFaults(['generateSecret: must be true or false']);
    const secret = generateSecret === true ? newSecret() : undefined;
    const given = { ...withChanges({}, plain), ...(secret && { clientSecret: secret }) };
    const fields = readFields(given);
    await this.#requireConnections(fields.connections, []);
    const definition = clientDefinition(fields);
    const reserved = [ownClientId, this.config.adminClient?.clientId].includes(definition.key);
    const { manager } = this.dataSource;
    if (reserved || !(await this.definitions.insert(manager, 'clients', definition, false))) {
      throw new AppError('already_exists', 'There is a client with this id already.', {
        errors: [{ field: 'clientId', message: 'is taken' }],
      });
    }
    const stored = await this.#done('client.create', definition.key, actor);
    return { stored, view: Object.assign(viewOf(stored), secret && { clientSecret: secret }) };
  }

  /**
   * Changes the fields that are given; `null` takes an optional one away. A client that is disabled loses what was issued to it.
   * @throws AppError `client_not_found`, `managed_by_file`, `precondition_failed`, `value_not_allowed`, `request_invalid`
   */
  async change(
    clientId: string,
    body: unknown,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<StoredDefinition> {
    const changes = asPlainBody(body);
    await this.#write(clientId, ifMatch, async (manager, before) => {
      refuseChangeOf(['clientId'], before, changes);
      const fields = readFields(withChanges(before, changes));
      await this.#requireConnections(fields.connections, before['connections']);
      await this.definitions.update(manager, 'clients', clientDefinition(fields));
      if (!fields.enabled) await endGrants(manager, clientId);
    });
    return this.#done('client.update', clientId, actor, { changed: Object.keys(changes) });
  }

  /** Makes a new secret; the old one ends at once. @throws AppError `client_not_found`, `managed_by_file` */
  async renewSecret(clientId: string, actor: Actor): Promise<string> {
    const clientSecret = newSecret();
    await this.#write(clientId, undefined, async (manager, before) => {
      const fields = readFields({ ...before, clientSecret });
      await this.definitions.update(manager, 'clients', clientDefinition(fields));
    });
    await this.#done('client.secret', clientId, actor);
    return clientSecret;
  }

  /** @throws AppError `client_not_found`, `managed_by_file`, `precondition_failed` */
  async delete(clientId: string, ifMatch: string | undefined, actor: Actor): Promise<void> {
    await this.#write(clientId, ifMatch, async (manager) => {
      await this.definitions.delete(manager, 'clients', clientId);
      await endGrants(manager, clientId);
    });
    this.audit.record({
      action: 'client.delete',
      outcome: 'ok',
      details: { clientId },
      ...actor,
    });
    await this.registry.refresh();
  }

  #write(
    clientId: string,
    ifMatch: string | undefined,
    work: (manager: EntityManager, before: PlainBody) => Promise<void>,
  ): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      const stored = await this.definitions.find(manager, 'clients', clientId, true);
      if (!stored) throw notFound();
      checkChangeable(stored, ifMatch);
      await work(manager, plainOf(stored));
    });
  }

  /**
   * A connection may be deleted while clients name it, which must not stand in the way of other changes.
   * @throws AppError `value_not_allowed`
   */
  async #requireConnections(wanted: readonly string[] = [], before: unknown): Promise<void> {
    const known = new Set((await this.connections.list()).map(({ slug }) => slug));
    const kept: readonly unknown[] = Array.isArray(before) ? before : [];
    const unknown = wanted.filter((slug) => !known.has(slug) && !kept.includes(slug));
    if (unknown.length === 0) return;
    throw new AppError('value_not_allowed', 'There is no such connection.', {
      errors: [
        { field: 'connections', message: `no connection has the slug ${unknown.join(', ')}` },
      ],
    });
  }

  async #done(
    action: string,
    clientId: string,
    actor: Actor,
    details: Readonly<Record<string, unknown>> = {},
  ): Promise<StoredDefinition> {
    this.audit.record({ action, outcome: 'ok', details: { clientId, ...details }, ...actor });
    await this.registry.refresh();
    return this.read(clientId);
  }
}

export function viewOf(stored: StoredDefinition): ClientView {
  const { key, enabled, settings, secrets, managedByFile, createdAt, updatedAt } = stored;
  return {
    ...(settings as Pick<ClientFields, 'displayName'>),
    clientId: key,
    enabled,
    hasSecret: secrets['clientSecret'] !== undefined,
    managedByFile,
    createdAt,
    updatedAt,
  };
}

function plainOf({ key, enabled, settings, secrets }: StoredDefinition): PlainBody {
  return { clientId: key, enabled, ...settings, ...secrets };
}

/** @throws AppError `request_invalid` */
function readFields(plain: PlainBody): ClientFields {
  const { value, faults } = readAs(ClientFields, plain);
  refuseFaults(faults);
  return value;
}

/** What was issued to a client ends with it. */
async function endGrants(manager: EntityManager, clientId: string): Promise<void> {
  await manager.query(`delete from oidc_entries where payload->>'clientId' = $1`, [clientId]);
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function notFound(): AppError {
  return new AppError('client_not_found', 'There is no such client.');
}
