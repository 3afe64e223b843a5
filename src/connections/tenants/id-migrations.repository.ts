import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { Encryption } from '../../common/encryption.js';
import type { SealedColumnShape } from '../../database/sealed-column.js';

/** A corp whose ids change, or have changed. */
export interface PlannedMigration {
  readonly fromIssuer: string;
  readonly toIssuer: string;
  readonly fromCorpId: string;
  readonly toCorpId: string;
  /** People's ids after the change, by those before it. Forgotten when all is done. */
  readonly ids: ReadonlyMap<string, string>;
  /** The platform has changed the ids: there is no way back. */
  readonly isFinished: boolean;
  /** How many identities were renamed; absent while the migration is under way. */
  readonly people?: number;
}

interface Row {
  readonly issuer: string;
  readonly to_issuer: string;
  readonly corp_id: string;
  readonly to_corp_id: string;
  readonly plan: string | null;
  readonly people: number | null;
  readonly finished_at: Date | null;
}

/**
 * Migrations of corps' ids. The plan is kept from before the platform is told until identities and tenants are rewritten, as it cannot be
 * made in between: a call that comes after a crash goes on with it.
 */
@Injectable()
export class IdMigrationsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  /** @param issuer before the change, or after it */
  async find(issuer: string): Promise<PlannedMigration | undefined> {
    const [row] = await this.dataSource.query<Row[]>(
      `select issuer, to_issuer, corp_id, to_corp_id, plan, people, finished_at from tenant_migrations
        where issuer = $1 or to_issuer = $1`,
      [issuer],
    );
    return row && this.#open(row);
  }

  /** Of two that begin at once, the first one's plan is kept. */
  async begin(plan: Omit<PlannedMigration, 'isFinished'>): Promise<void> {
    const { fromIssuer, toIssuer, fromCorpId, toCorpId, ids } = plan;
    await this.dataSource.query(
      `insert into tenant_migrations (issuer, to_issuer, corp_id, to_corp_id, plan, planned_at)
       values ($1, $2, $3, $4, $5, $6) on conflict (issuer) do nothing`,
      [
        fromIssuer,
        toIssuer,
        fromCorpId,
        toCorpId,
        this.encryption.encrypt(JSON.stringify([...ids]), contextOf(fromIssuer)),
        this.clock.now(),
      ],
    );
  }

  /** The platform is about to be told. @returns false where the plan was forgotten meanwhile */
  async attempt(issuer: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update tenant_migrations set attempts = attempts + 1 where issuer = $1`,
      [issuer],
    );
    return count === 1;
  }

  /** The platform refused. Where it was told only this once, nothing has changed, and the next call plans anew. */
  async forget(issuer: string): Promise<void> {
    await this.dataSource.query(
      `delete from tenant_migrations where issuer = $1 and attempts = 1 and finished_at is null and done_at is null`,
      [issuer],
    );
  }

  async finished(issuer: string): Promise<void> {
    await this.dataSource.query(
      `update tenant_migrations set finished_at = coalesce(finished_at, $2) where issuer = $1`,
      [issuer, this.clock.now()],
    );
  }

  /** @returns whether this was the call that did it */
  async complete(manager: EntityManager, issuer: string, people: number): Promise<boolean> {
    const [, count] = await manager.query<[unknown[], number]>(
      `update tenant_migrations set plan = null, people = $2, done_at = $3
        where issuer = $1 and done_at is null`,
      [issuer, people, this.clock.now()],
    );
    return count === 1;
  }

  #open(row: Row): PlannedMigration {
    const { issuer, plan, people } = row;
    const sealed = plan && this.encryption.decrypt(plan, contextOf(issuer));
    return {
      fromIssuer: issuer,
      toIssuer: row.to_issuer,
      fromCorpId: row.corp_id,
      toCorpId: row.to_corp_id,
      ids: new Map(sealed ? (JSON.parse(sealed) as [string, string][]) : []),
      isFinished: row.finished_at !== null,
      ...(people !== null && { people }),
    };
  }
}

/** Where the plans are sealed. */
export const sealedPlans: SealedColumnShape = {
  name: 'plans of id migrations',
  table: 'tenant_migrations',
  column: 'plan',
  key: { issuer: 'text' },
  context: ({ issuer = '' }) => contextOf(issuer),
};

function contextOf(issuer: string): string {
  return `tenant-migration:${issuer}`;
}
