import { Global, Module } from '@nestjs/common';

import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { Metrics } from './metrics.js';
import { SignInMetrics } from './sign-in-metrics.js';
import { StateMetrics } from './state-metrics.js';
import { WebhookMetrics } from './webhook-metrics.js';

const counters = [Metrics, HttpMetrics, SignInMetrics, StateMetrics, WebhookMetrics];

/** What the service counts, and where it is read. Any room may count. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [MetricsRegistry, ...counters],
  exports: counters,
})
export class MetricsModule {}
