import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../../audit/audit.service.js';
import type { Provider } from '../../auth/providers/provider.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { checkIfMatch, entityTag } from '../../common/entity-tag.js';
import { notFound } from '../../common/identifiers.js';
import { type PageOf, pageOf, type PageQuery, readCursor } from '../../common/page-of.js';
import { InstallableConnections } from './installable-connections.js';
import { TenantPeople } from './tenant-people.js';
import { type Tenant, TenantsRepository } from './tenants.repository.js';
import type { OurStatus, TenantView } from './tenants.dto.js';

/** What a corp's id in a cursor looks like. */
const corpIdShape = /^[\x21-\x7e]{1,128}$/;

/** The corps that installed a service provider's app, as administrators see, suspend and delete them. */
@Injectable()
export class TenantAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: InstallableConnections,
    private readonly tenants: TenantsRepository,
    private readonly people: TenantPeople,
    private readonly audit: AuditService,
  ) {}

  /** @throws AppError `connection_not_found`, `value_not_allowed` */
  async page(slug: string, { cursor, limit }: PageQuery): Promise<PageOf<TenantView>> {
    await this.connections.find(slug, 'even if disabled');
    const [after] = cursor === undefined ? [] : readCursor(cursor, [corpIdShape]);
    const rows = await this.tenants.list(slug, after, limit + 1);
    return pageOf(rows, limit, viewOf, ({ corpId }) => [corpId]);
  }

  /** @throws AppError `connection_not_found`, `value_not_allowed`, `tenant_not_found` */
  async read(slug: string, corpId: string): Promise<Tenant> {
    await this.connections.find(slug, 'even if disabled');
    const found = await this.tenants.find(slug, corpId);
    if (!found) throw notFound('tenant');
    return found;
  }

  /**
   * Suspends a corp, or lets it in again. Whoever is suspended stays it, whatever the corp itself does.
   * @throws AppError `connection_not_found`, `tenant_not_found`, `precondition_failed`, `value_not_allowed`
   */
  async setStatus(
    slug: string,
    corpId: string,
    status: OurStatus,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<Tenant> {
    const { provider } = await this.connections.find(slug, 'even if disabled');
    const tenant = await this.#write(slug, corpId, status, ifMatch);
    // Said twice, it is done twice: whoever got no answer says it again.
    if (status === 'suspended') await this.#signOut(provider, slug, corpId);
    this.#note('tenant.update', slug, { tenant: corpId, status }, actor);
    return tenant;
  }

  /**
   * Forgets the corp and its secrets; identities stay. It is a tenant again once it installs the app again.
   * @throws AppError `connection_not_found`, `tenant_not_found`, `precondition_failed`, `value_not_allowed`
   */
  async delete(
    slug: string,
    corpId: string,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<void> {
    const { provider } = await this.connections.find(slug, 'even if disabled');
    // The row goes last: after a crash in between it can be seen, lets nobody in, and is deleted again.
    const { revision } = await this.#write(slug, corpId, 'suspended', ifMatch);
    await this.#signOut(provider, slug, corpId);
    await this.tenants.delete(slug, corpId, revision);
    // A corp that installed the app anew meanwhile would be lost: its code is given once.
    const changed = await this.tenants.find(slug, corpId);
    if (changed) checkIfMatch(entityTag(revision), changed.revision);
    this.#note('tenant.delete', slug, { tenant: corpId }, actor);
  }

  #write(
    slug: string,
    corpId: string,
    status: OurStatus,
    ifMatch: string | undefined,
  ): Promise<Tenant> {
    return this.dataSource.transaction(async (manager) => {
      const before = await this.tenants.lock(manager, slug, corpId);
      if (!before) throw notFound('tenant');
      checkIfMatch(ifMatch, before.revision);
      if (status === 'active' && before.cancelledAt) throw cancelled();
      if (before.status === status) return before;
      return this.tenants.setStatus(manager, slug, corpId, status);
    });
  }

  /** After the corp is shut out for all to see: nobody comes in behind it. */
  async #signOut(provider: Provider, connection: string, corpId: string): Promise<void> {
    // Whoever the subject: the provider alone knows how the issuer of a corp's people is spelled.
    const { issuer } = provider.nameIdentity({ subject: 'anyone', tenant: corpId });
    await this.people.signOut({ connection, corpId, issuer });
  }

  #note(
    action: string,
    connection: string,
    details: Readonly<Record<string, unknown>>,
    actor: Actor,
  ): void {
    this.audit.record({ action, outcome: 'ok', connection, details, ...actor });
  }
}

export function viewOf({ revision: _revision, ...view }: Tenant): TenantView {
  return view;
}

function cancelled(): AppError {
  return new AppError('value_not_allowed', 'The corp took the app away.', {
    errors: [
      { field: 'status', message: 'becomes active again when the corp installs the app again' },
    ],
  });
}
