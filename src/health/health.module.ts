import { Module } from '@nestjs/common';

import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';
import { StartGate } from './start-gate.middleware.js';

/** Is it alive, is it ready, and what it says until it is. */
@Module({
  controllers: [HealthController],
  providers: [Lifecycle, StartGate],
  exports: [Lifecycle, StartGate],
})
export class HealthModule {}
