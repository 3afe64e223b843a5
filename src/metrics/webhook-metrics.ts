import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';

import { MetricsRegistry } from './metrics-registry.js';

/** How the deliveries of webhooks go. */
@Injectable()
export class WebhookMetrics {
  readonly #deliveries: Counter<'outcome'>;
  readonly #lag: Gauge;

  constructor(private readonly own: MetricsRegistry) {
    this.#deliveries = new Counter({
      name: 'lingpai_webhook_deliveries_total',
      help: 'Deliveries that were tried, each attempt counted: delivered, failed, given-up.',
      labelNames: ['outcome'],
      registers: [own.registry],
    });
    this.#lag = new Gauge({
      name: 'lingpai_webhook_lag_seconds',
      help: 'How long the event or delivery that is longest overdue has been waiting; 0 when none is.',
      registers: [own.registry],
    });
  }

  attempted(outcome: 'delivered' | 'failed' | 'given-up'): void {
    this.#deliveries.inc({ outcome });
  }

  /** @param read in seconds */
  watchLag(read: () => Promise<number>): void {
    this.own.readAtScrape([this.#lag], async () => [[{ value: await read() }]]);
  }
}
