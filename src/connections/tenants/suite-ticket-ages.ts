import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { StateMetrics, type TicketReading } from '../../metrics/state-metrics.js';

/** How old the tickets are that WeCom pushes: one that grows old says that its pushes do not arrive here. */
@Injectable()
export class SuiteTicketAges implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly metrics: StateMetrics,
  ) {}

  onModuleInit(): void {
    this.metrics.watchSuiteTickets(() => this.read());
  }

  /** The oldest of each connection that is in use; one that has waited for its first ticket since it was made counts from then on. */
  async read(): Promise<TicketReading[]> {
    const rows = await this.dataSource.query<{ connection: string; since: Date }[]>(
      `select c.slug as connection, min(coalesce(t.pushed_at, c.created_at)) as since
         from connections c
        cross join lateral (values (c.settings->>'suiteId'), (c.settings->'loginSuite'->>'suiteId')) as suite (id)
         left join suite_tickets t on t.suite_id = suite.id
        where c.platform = 'wecom-service-provider' and c.enabled and suite.id is not null
        group by c.slug`,
    );
    const nowMs = this.clock.now().getTime();
    return rows.map(({ connection, since }) => ({
      connection,
      ageSeconds: Math.max(0, (nowMs - since.getTime()) / 1000),
    }));
  }
}
