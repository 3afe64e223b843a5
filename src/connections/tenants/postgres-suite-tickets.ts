import type { DataSource } from 'typeorm';

import type { SuiteTicket, SuiteTickets } from '../../auth/providers/installations.js';
import type { Clock } from '../../common/clock.js';
import type { Encryption } from '../../common/encryption.js';
import { Secret } from '../../common/secret.js';
import type { SealedColumnShape } from '../../database/sealed-column.js';

/** The newest ticket of each suite in Postgres, sealed: pushed to one replica, used by all. */
export class PostgresSuiteTickets implements SuiteTickets {
  constructor(
    private readonly dataSource: DataSource,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  async find(suiteId: string): Promise<SuiteTicket | undefined> {
    const [row] = await this.dataSource.query<{ ticket: string; pushed_at: Date }[]>(
      `select ticket, pushed_at from suite_tickets where suite_id = $1`,
      [suiteId],
    );
    if (!row) return undefined;
    return {
      value: new Secret(this.encryption.decrypt(row.ticket, context(suiteId))),
      pushedAt: row.pushed_at,
    };
  }

  async save(suiteId: string, { value, pushedAt }: SuiteTicket): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `insert into suite_tickets as kept (suite_id, ticket, pushed_at, received_at) values ($1, $2, $3, $4)
       on conflict (suite_id) do update
          set ticket = excluded.ticket, pushed_at = excluded.pushed_at, received_at = excluded.received_at
        where kept.pushed_at < excluded.pushed_at
       returning suite_id`,
      [
        suiteId,
        this.encryption.encrypt(value.reveal(), context(suiteId)),
        pushedAt,
        this.clock.now(),
      ],
    );
    return rows.length > 0;
  }
}

/** Where they are sealed. */
export const sealedSuiteTickets: SealedColumnShape = {
  name: 'suite tickets',
  table: 'suite_tickets',
  column: 'ticket',
  key: { suite_id: 'text' },
  context: ({ suite_id: suiteId = '' }) => context(suiteId),
};

function context(suiteId: string): string {
  return `suite-ticket:${suiteId}`;
}
