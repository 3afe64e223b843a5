import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';

import { StateMetrics } from '../metrics/state-metrics.js';

/** How the pool of connections to Postgres stands. */
@Injectable()
export class PoolState implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: StateMetrics,
  ) {}

  onModuleInit(): void {
    this.metrics.watchPool(() => {
      // Not there before the first connection was made.
      const { master } = this.dataSource.driver as { master?: Pool };
      return {
        total: master?.totalCount ?? 0,
        idle: master?.idleCount ?? 0,
        waiting: master?.waitingCount ?? 0,
      };
    });
  }
}
