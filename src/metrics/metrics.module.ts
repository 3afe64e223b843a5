import { Global, Module } from '@nestjs/common';

import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';

/** What the service counts, and where it is read. Any room may count. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [Metrics],
  exports: [Metrics],
})
export class MetricsModule {}
