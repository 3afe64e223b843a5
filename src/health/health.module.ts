import { Module, type OnModuleInit } from '@nestjs/common';

import { packageVersion } from '../common/package-version.js';
import { StateMetrics } from '../metrics/state-metrics.js';
import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';
import { PoolState } from './pool-state.js';
import { Readiness } from './readiness.js';
import { StartGate } from './start-gate.middleware.js';

/** Is it alive, is it ready, and what it says until it is. */
@Module({
  controllers: [HealthController],
  providers: [Lifecycle, PoolState, Readiness, StartGate],
  exports: [Lifecycle, Readiness, StartGate],
})
export class HealthModule implements OnModuleInit {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: StateMetrics,
  ) {}

  onModuleInit(): void {
    this.metrics.build(packageVersion());
    this.metrics.watchReadiness(
      async () => (await this.readiness.report()).status !== 'unavailable',
    );
  }
}
