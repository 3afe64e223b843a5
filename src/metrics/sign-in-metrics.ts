import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';

import type { ErrorCode } from '../common/app-error.js';
import { MetricsRegistry } from './metrics-registry.js';

/** How sign-ins end, and how long they take on our side. */
@Injectable()
export class SignInMetrics {
  readonly #ended: Counter<'connection' | 'outcome'>;
  readonly #took: Histogram<'connection'>;

  constructor({ registry }: MetricsRegistry) {
    const registers = [registry];
    this.#ended = new Counter({
      name: 'lingpai_sign_ins_total',
      help: 'Sign-ins that ended, by connection and our code; `ok` when somebody was signed in.',
      labelNames: ['connection', 'outcome'],
      registers,
    });
    this.#took = new Histogram({
      name: 'lingpai_sign_in_duration_seconds',
      help: 'From the platform’s code, at the callback or at /token, until the answer: platform calls, directory, account.',
      labelNames: ['connection'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers,
    });
  }

  /** @param connection the slug of one that there is; `undefined`: it came from outside and names none */
  ended(connection: string | undefined, outcome: ErrorCode | 'ok'): void {
    this.#ended.inc({ connection: connection ?? 'unknown', outcome });
  }

  /** @param connection the slug of one that there is */
  took(connection: string, durationMs: number): void {
    this.#took.observe({ connection }, durationMs / 1000);
  }
}
