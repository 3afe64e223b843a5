import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import type { IdMigration, Provider } from '../../auth/providers/provider.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { notFound } from '../../common/identifiers.js';
import { IdMigrationsRepository, type PlannedMigration } from './id-migrations.repository.js';
import { InstallableConnections } from './installable-connections.js';
import { type App, MigratingApps } from './migrating-apps.js';
import { viewOf } from './tenant-administration.js';
import { TenantMoving } from './tenant-moving.js';
import { TenantPeople } from './tenant-people.js';
import type { MigratedTenantView } from './tenants.dto.js';
import { TenantsRepository } from './tenants.repository.js';

/**
 * Has a platform change a corp's ids, once and for good, and follows it, so that nobody becomes a new person by it. Everything is looked up and
 * written down first; then the platform is told; then tenants and identities are rewritten together. A call that was cut off is made again.
 */
@Injectable()
export class IdMigrations {
  constructor(
    private readonly connections: InstallableConnections,
    private readonly apps: MigratingApps,
    private readonly tenants: TenantsRepository,
    private readonly migrations: IdMigrationsRepository,
    private readonly people: TenantPeople,
    private readonly moving: TenantMoving,
    private readonly audit: AuditService,
  ) {}

  /**
   * @param corpId the corp's id before the change; once that is done, the new one will do, too
   * @throws AppError `connection_not_found`, `tenant_not_found`, `tenant_not_allowed`, `value_not_allowed`, the platform's failures
   */
  async migrate(slug: string, corpId: string, actor: Actor): Promise<MigratedTenantView> {
    const { provider } = await this.connections.find(slug);
    if (!provider.idMigration) throw noChange('slug', 'must name a connection where ids change');
    const { issuer } = provider.nameIdentity({ subject: 'anyone', tenant: corpId });
    const begun = await this.migrations.find(issuer);
    if (begun?.people !== undefined) return this.#answer(slug, begun);
    if (!begun && !(await this.tenants.find(slug, corpId))) throw notFound('tenant');

    const apps = await this.apps.of(begun?.fromCorpId ?? corpId, begun?.fromIssuer ?? issuer);
    const plan = begun ?? (await this.#plan(slug, corpId, provider.idMigration, apps));
    // Another call was refused meanwhile, and its plan is gone: begin anew.
    if (!(await this.#finish(plan, apps))) return this.migrate(slug, corpId, actor);
    await this.#rewrite(plan, apps, slug, provider, actor);
    return this.#answer(slug, await this.migrations.find(issuer));
  }

  /** Nothing has changed yet, here or there. */
  async #plan(
    slug: string,
    corpId: string,
    change: IdMigration,
    apps: readonly App[],
  ): Promise<PlannedMigration> {
    const { tenant, fromIssuer, toIssuer } = await change.tenant(corpId);
    if (toIssuer === fromIssuer) throw noChange('corpId', 'must be an id that changes');
    const ids = await this.apps.idsAfter(corpId, slug, apps, await this.people.members(fromIssuer));
    const plan = { fromIssuer, toIssuer, fromCorpId: corpId, toCorpId: tenant, ids };
    await this.migrations.begin(plan);
    return (await this.migrations.find(fromIssuer)) ?? { ...plan, isFinished: false };
  }

  /** @returns false where the plan does not hold any more */
  async #finish(
    { fromIssuer, fromCorpId, toCorpId, isFinished }: PlannedMigration,
    apps: readonly App[],
  ): Promise<boolean> {
    if (isFinished || (await this.apps.haveCorp(toCorpId, apps))) return true;
    const asked = apps.filter(({ isActive }) => isActive);
    if (asked.length === 0) throw notActive();
    if (!(await this.migrations.attempt(fromIssuer))) return false;
    for (const [index, { change }] of asked.entries()) {
      try {
        await change.finish(fromCorpId);
      } catch (error) {
        if (index === 0 && isRefusal(error)) await this.migrations.forget(fromIssuer);
        throw error;
      }
    }
    await this.migrations.finished(fromIssuer);
    return true;
  }

  async #rewrite(
    { fromIssuer, toIssuer, fromCorpId, toCorpId, ids }: PlannedMigration,
    apps: readonly App[],
    connection: string,
    provider: Provider,
    actor: Actor,
  ): Promise<void> {
    const keepsSubject = (subject: string): boolean => !provider.reusesSubject(subject);
    const move = { connection, fromIssuer, toIssuer, tenant: toCorpId, ids, keepsSubject };
    let renamed: number | undefined;
    await this.people.rename(move, async (manager, people) => {
      renamed = undefined;
      if (!(await this.migrations.complete(manager, fromIssuer, people))) return false;
      for (const { slug } of apps) await this.moving.move(manager, slug, fromCorpId, toCorpId);
      renamed = people;
      return true;
    });
    if (renamed === undefined) return;
    const details = { from: fromCorpId, tenant: toCorpId, people: renamed };
    this.audit.record({
      action: 'tenant.migrate_ids',
      outcome: 'ok',
      connection,
      details,
      ...actor,
    });
  }

  async #answer(
    slug: string,
    migration: PlannedMigration | undefined,
  ): Promise<MigratedTenantView> {
    const tenant = migration && (await this.tenants.find(slug, migration.toCorpId));
    if (!tenant) throw notFound('tenant');
    return { tenant: viewOf(tenant), people: migration.people ?? 0 };
  }
}

/** A platform that could not be reached may have done it all the same. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code !== 'platform_unavailable';
}

function notActive(): AppError {
  return new AppError('tenant_not_allowed', 'The corp is suspended, or took the app away.');
}

function noChange(field: string, message: string): AppError {
  return new AppError('value_not_allowed', 'No ids change here.', { errors: [{ field, message }] });
}
