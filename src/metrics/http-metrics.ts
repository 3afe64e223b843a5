import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';

import { MetricsRegistry } from './metrics-registry.js';

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The declared pattern, e.g. `/login/:uid`; `other` for what none fits. Never a path as it was asked for. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** How long our own answers take. */
@Injectable()
export class HttpMetrics {
  readonly #duration: Histogram<'method' | 'route' | 'status'>;

  constructor({ registry }: MetricsRegistry) {
    this.#duration = new Histogram({
      name: 'lingpai_http_request_duration_seconds',
      help: 'How long answers took, by method, route and class of status.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  answered({ method, route, status, durationMs }: AnsweredRequest): void {
    const labels = { method, route, status: `${Math.floor(status / 100)}xx` };
    this.#duration.observe(labels, durationMs / 1000);
  }
}
