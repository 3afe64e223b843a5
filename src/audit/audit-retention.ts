import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { Config } from '../config/config.js';
import { Sweeper } from '../database/sweeper.js';

const batchSize = 10_000;
const advisoryLock = 7_265_004;

/** Takes away what is older than `AUDIT_RETENTION_DAYS`: the only thing that ever takes an event away. */
@Injectable()
export class AuditRetention implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    const { auditRetentionDays: days } = this.config;
    if (days > 0) this.sweeper.add('old audit events', () => this.#sweep(days));
  }

  async #sweep(days: number): Promise<void> {
    const before = new Date(this.clock.now().getTime() - days * 86_400_000);
    while ((await this.#sweepBatch(before)) === batchSize);
  }

  #sweepBatch(before: Date): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ mine: boolean }[]>(
        `select pg_try_advisory_xact_lock($1) as mine`,
        [advisoryLock],
      );
      // Another replica is at it.
      if (!lock?.mine) return 0;
      // The table's trigger lets nobody else delete.
      await manager.query(`set local lingpai.audit_retention = 'on'`);
      const [, count] = await manager.query<[unknown[], number]>(
        `delete from audit_events where id in (select id from audit_events where at < $1 order by at limit $2)`,
        [before, batchSize],
      );
      return count;
    });
  }
}
