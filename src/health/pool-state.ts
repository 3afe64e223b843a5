import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';

import { type PoolReading, StateMetrics } from '../metrics/state-metrics.js';

/** How the pool of connections to Postgres stands. */
@Injectable()
export class PoolState {
  constructor(
    private readonly dataSource: DataSource,
    metrics: StateMetrics,
  ) {
    // Before any other room says what it reads: otherwise the scrape would see itself waiting.
    metrics.watchPool(() => this.#read());
  }

  #read(): PoolReading {
    // Not there before the first connection was made.
    const { master } = this.dataSource.driver as { master?: Pool };
    return {
      total: master?.totalCount ?? 0,
      idle: master?.idleCount ?? 0,
      waiting: master?.waitingCount ?? 0,
    };
  }
}
