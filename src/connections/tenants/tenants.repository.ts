import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { InstallationStatus } from '../../auth/providers/installations.js';
import { Clock } from '../../common/clock.js';

/** A corp that installed an app, without its secrets. */
export interface Tenant {
  readonly corpId: string;
  readonly name: string | null;
  readonly status: InstallationStatus;
  readonly agentId: string | null;
  readonly installedAt: Date;
  readonly cancelledAt: Date | null;
  /** Changes with every write. */
  readonly revision: number;
}

const columns = `corp_id as "corpId", name, status, agent_id as "agentId", installed_at as "installedAt",
  cancelled_at as "cancelledAt", revision`;

/** Tenants as administrators see them. What a provider does with them goes through `PostgresInstallations`. */
@Injectable()
export class TenantsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @param after the last corp of the page before: a page costs the same however many come before it */
  list(connection: string, after: string | undefined, limit: number): Promise<Tenant[]> {
    return this.dataSource.query<Tenant[]>(
      `select ${columns} from tenants where connection = $1 and ($2::text is null or corp_id > $2) order by corp_id limit $3`,
      [connection, after ?? null, limit],
    );
  }

  async find(connection: string, corpId: string): Promise<Tenant | undefined> {
    const [found] = await this.dataSource.query<Tenant[]>(
      `select ${columns} from tenants where connection = $1 and corp_id = $2`,
      [connection, corpId],
    );
    return found;
  }

  /** As `find`; nobody else changes it until the transaction ends. */
  async lock(
    manager: EntityManager,
    connection: string,
    corpId: string,
  ): Promise<Tenant | undefined> {
    const [found] = await manager.query<Tenant[]>(
      `select ${columns} from tenants where connection = $1 and corp_id = $2 for update`,
      [connection, corpId],
    );
    return found;
  }

  async setStatus(
    manager: EntityManager,
    connection: string,
    corpId: string,
    status: InstallationStatus,
  ): Promise<Tenant> {
    const [[changed]] = await manager.query<[Tenant[], number]>(
      `update tenants set status = $3, updated_at = $4, revision = revision + 1
        where connection = $1 and corp_id = $2 returning ${columns}`,
      [connection, corpId, status, this.clock.now()],
    );
    if (!changed) throw new Error('a tenant that is locked is gone');
    return changed;
  }

  /** @param revision what has changed since stays */
  async delete(connection: string, corpId: string, revision: number): Promise<void> {
    await this.dataSource.query(
      `delete from tenants where connection = $1 and corp_id = $2 and revision = $3`,
      [connection, corpId, revision],
    );
  }
}
