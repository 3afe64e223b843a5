import type { DataSource, EntityManager } from 'typeorm';

import type {
  GrantedInstallation,
  Installation,
  Installations,
  InstallationStatus,
} from '../../auth/providers/installations.js';
import type { Clock } from '../../common/clock.js';
import type { Encryption } from '../../common/encryption.js';
import { Secret } from '../../common/secret.js';
import type { SealedColumnShape } from '../../database/sealed-column.js';

interface Row {
  readonly corp_id: string;
  readonly name: string | null;
  readonly status: InstallationStatus;
  readonly agent_id: string | null;
  readonly permanent_code: string | null;
}

const columnsInPlain = 'corp_id, name, status, agent_id';
const columns = `${columnsInPlain}, permanent_code`;

/** The corps of one connection in Postgres; permanent codes are sealed. */
export class PostgresInstallations implements Installations {
  constructor(
    private readonly connection: string,
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  async find(corpId: string): Promise<Installation | undefined> {
    return this.#find(this.dataSource.manager, corpId);
  }

  async list(): Promise<readonly Omit<Installation, 'permanentCode'>[]> {
    const rows = await this.dataSource.query<Omit<Row, 'permanent_code'>[]>(
      `select ${columnsInPlain} from tenants where connection = $1 order by installed_at, corp_id`,
      [this.connection],
    );
    return rows.map(inPlain);
  }

  async save({
    corpId,
    name,
    agentId,
    permanentCode,
    grantedAt,
  }: GrantedInstallation): Promise<void> {
    const now = this.clock.now();
    await this.dataSource.query(
      `insert into tenants as t (connection, corp_id, name, status, agent_id, permanent_code, installed_at, updated_at, granted_at)
       values ($1, $2, $3, 'active', $4, $5, $6, $6, $7)
       on conflict (connection, corp_id) do update
          set name = coalesce(excluded.name, t.name), agent_id = coalesce(excluded.agent_id, t.agent_id),
              permanent_code = excluded.permanent_code, cancelled_at = null, updated_at = excluded.updated_at,
              granted_at = excluded.granted_at,
              status = case t.status when 'suspended' then t.status else 'active' end,
              installed_at = case when t.cancelled_at is null then t.installed_at else excluded.installed_at end,
              revision = t.revision + 1`,
      [
        this.connection,
        corpId,
        name ?? null,
        agentId ?? null,
        this.encryption.encrypt(permanentCode.reveal(), sealContext(this.connection, corpId)),
        now,
        grantedAt ?? now,
      ],
    );
  }

  async describe(
    corpId: string,
    { name, agentId }: { readonly name?: string; readonly agentId?: string },
  ): Promise<void> {
    await this.dataSource.query(
      `update tenants set name = coalesce($3, name), agent_id = coalesce($4, agent_id), updated_at = $5, revision = revision + 1
        where connection = $1 and corp_id = $2`,
      [this.connection, corpId, name ?? null, agentId ?? null, this.clock.now()],
    );
  }

  cancel(corpId: string, only?: Secret | Date): Promise<boolean> {
    const [permanentCode, grantedBy] = only instanceof Date ? [undefined, only] : [only, undefined];
    return this.dataSource.transaction(async (manager) => {
      const found = await this.#find(manager, corpId, 'for update');
      if (!found) return false;
      if (permanentCode && found.permanentCode?.reveal() !== permanentCode.reveal()) return false;
      // While its ids change, WeCom refuses the corp under the old one: that ends nothing.
      if (permanentCode && (await isMigrating(manager, corpId))) return false;
      // Suspended by us: a corp that cancels and installs anew must not come in again by that.
      const [, count] = await manager.query<[unknown[], number]>(
        `update tenants set status = case status when 'suspended' then status else 'cancelled' end,
                permanent_code = null, cancelled_at = $3, updated_at = $3, revision = revision + 1
          where connection = $1 and corp_id = $2 and cancelled_at is null
            and ($4::timestamptz is null or granted_at is null or granted_at <= $4)`,
        [this.connection, corpId, this.clock.now(), grantedBy ?? null],
      );
      return count === 1;
    });
  }

  async #find(
    manager: EntityManager,
    corpId: string,
    lock: 'for update' | '' = '',
  ): Promise<Installation | undefined> {
    const [row] = await manager.query<Row[]>(
      `select ${columns} from tenants where connection = $1 and corp_id = $2 ${lock}`,
      [this.connection, corpId],
    );
    return row && this.#open(row);
  }

  #open(row: Row): Installation {
    const { corp_id: corpId, permanent_code: sealed } = row;
    return {
      ...inPlain(row),
      ...(sealed !== null && {
        permanentCode: new Secret(
          this.encryption.decrypt(sealed, sealContext(this.connection, corpId)),
        ),
      }),
    };
  }
}

function inPlain({
  corp_id: corpId,
  name,
  status,
  agent_id: agentId,
}: Omit<Row, 'permanent_code'>): Omit<Installation, 'permanentCode'> {
  return {
    corpId,
    status,
    ...(name !== null && { name }),
    ...(agentId !== null && { agentId }),
  };
}

/** A corp's permanent code opens in its own row alone. */
export function sealContext(connection: string, corpId: string): string {
  return `tenant:${connection}:${corpId}`;
}

export const sealedPermanentCodes: SealedColumnShape = {
  name: 'permanent codes of tenants',
  table: 'tenants',
  column: 'permanent_code',
  key: { connection: 'text', corp_id: 'text' },
  context: ({ connection = '', corp_id: corpId = '' }) => sealContext(connection, corpId),
};

async function isMigrating(manager: EntityManager, corpId: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `select 1 from tenant_migrations where corp_id = $1 and done_at is null`,
    [corpId],
  );
  return rows.length > 0;
}
