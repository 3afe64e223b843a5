import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/access.js';
import { AppError } from '../common/app-error.js';
import { type PageOf, pageOf, type PageQuery, readCursor } from '../common/page-of.js';
import { fixedFieldsOf, readConnection } from './connection.definition.js';
import { slugPattern } from './connection.fields.js';
import { ConnectionRegistry } from './connection.registry.js';
import type { CheckView, ConnectionView } from './connections.dto.js';
import {
  asPlainBody,
  checkChangeable,
  refuseChangeOf,
  refuseFaults,
  withChanges,
} from './definition-changes.js';
import { type Definition, type StoredDefinition, StoredDefinitions } from './stored-definitions.js';

/** Connections, as administrators make and change them; secrets go in and never come out. */
@Injectable()
export class ConnectionAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly definitions: StoredDefinitions,
    private readonly registry: ConnectionRegistry,
    private readonly audit: AuditService,
  ) {}

  async page({ cursor, limit }: PageQuery): Promise<PageOf<ConnectionView>> {
    const [after] = cursor === undefined ? [] : readCursor(cursor, [slugPattern]);
    const rows = await this.definitions.list(
      this.dataSource.manager,
      'connections',
      after,
      limit + 1,
    );
    return pageOf(rows, limit, viewOf, ({ key }) => [key]);
  }

  /** @throws AppError `connection_not_found` */
  async read(slug: string): Promise<StoredDefinition> {
    const found = await this.definitions.find(this.dataSource.manager, 'connections', slug, false);
    if (!found) throw notFound();
    return found;
  }

  /** @throws AppError `request_invalid`, `already_exists` */
  async create(body: unknown, actor: Actor): Promise<StoredDefinition> {
    const definition = definitionOf(withChanges({}, asPlainBody(body)));
    const { manager } = this.dataSource;
    if (!(await this.definitions.insert(manager, 'connections', definition, false))) {
      throw new AppError('already_exists', 'There is a connection with this slug already.', {
        errors: [{ field: 'slug', message: 'is taken' }],
      });
    }
    return this.#done('connection.create', definition.key, actor);
  }

  /**
   * Changes the fields that are given; `null` takes an optional one away.
   * @throws AppError `connection_not_found`, `managed_by_file`, `precondition_failed`, `value_not_allowed`, `request_invalid`
   */
  async change(
    slug: string,
    body: unknown,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<StoredDefinition> {
    const changes = asPlainBody(body);
    await this.dataSource.transaction(async (manager) => {
      const stored = await this.definitions.find(manager, 'connections', slug, true);
      if (!stored) throw notFound();
      checkChangeable(stored, ifMatch);
      const before = plainOf(stored);
      refuseChangeOf(['slug', 'platform', ...fixedFieldsOf(stored.platform)], before, changes);
      const definition = definitionOf(withChanges(before, changes));
      await this.definitions.update(manager, 'connections', definition);
    });
    return this.#done('connection.update', slug, actor, { changed: Object.keys(changes) });
  }

  /**
   * Identities that came through it stay, and name its slug: whoever makes a connection to the same corp again meets them again. Corps that
   * installed its app, their codes and the links to install it go: the next connection of this slug may be another app.
   * @throws AppError `connection_not_found`, `managed_by_file`
   */
  async delete(slug: string, ifMatch: string | undefined, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const stored = await this.definitions.find(manager, 'connections', slug, true);
      if (!stored) throw notFound();
      checkChangeable(stored, ifMatch);
      await this.definitions.delete(manager, 'connections', slug);
      await manager.query(`delete from tenants where connection = $1`, [slug]);
      await manager.query(`delete from install_links where connection = $1`, [slug]);
    });
    this.audit.record({ action: 'connection.delete', outcome: 'ok', connection: slug, ...actor });
    await this.registry.refresh();
  }

  /** Tries the credentials against the platform. @throws AppError `connection_not_found` */
  async check(slug: string, actor: Actor): Promise<CheckView> {
    await this.registry.refresh();
    const connection = await this.registry.find(slug);
    if (!connection) throw notFound();
    const { provider } = connection;
    const checks = provider.platform === 'local' ? [] : await provider.check();
    const ok = checks.every((each) => each.ok);
    this.audit.record({
      action: 'connection.check',
      outcome: ok ? 'ok' : 'failed',
      connection: slug,
      ...actor,
    });
    return { ok, checks };
  }

  async #done(
    action: string,
    slug: string,
    actor: Actor,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<StoredDefinition> {
    this.audit.record({
      action,
      outcome: 'ok',
      connection: slug,
      ...(details && { details }),
      ...actor,
    });
    await this.registry.refresh();
    return this.read(slug);
  }
}

export function viewOf(stored: StoredDefinition): ConnectionView {
  const { key, platform = '', enabled, settings, secrets } = stored;
  const { managedByFile, createdAt, updatedAt } = stored;
  return {
    ...settings,
    slug: key,
    platform,
    enabled,
    secretsSet: Object.keys(secrets).sort(),
    managedByFile,
    createdAt,
    updatedAt,
  };
}

function plainOf({ key, platform, enabled, settings, secrets }: StoredDefinition) {
  return { slug: key, platform, enabled, ...settings, ...secrets };
}

/** @throws AppError `request_invalid` */
function definitionOf(plain: Readonly<Record<string, unknown>>): Definition {
  const { definition, faults } = readConnection(plain);
  refuseFaults(faults);
  if (!definition) throw new Error('a definition without faults is missing');
  const { fields, settings, secrets } = definition;
  return {
    key: fields.slug,
    platform: fields.platform,
    enabled: fields.enabled,
    settings,
    secrets,
  };
}

function notFound(): AppError {
  return new AppError('connection_not_found', 'There is no such connection.');
}
