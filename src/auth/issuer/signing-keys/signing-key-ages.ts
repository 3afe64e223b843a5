import { Injectable, type OnModuleInit } from '@nestjs/common';

import { Clock } from '../../../common/clock.js';
import { StateMetrics } from '../../../metrics/state-metrics.js';
import { SigningKeys } from './signing-keys.js';

/** How old the published keys are: for metrics. */
@Injectable()
export class SigningKeyAges implements OnModuleInit {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly metrics: StateMetrics,
  ) {}

  onModuleInit(): void {
    this.metrics.watchSigningKeys(() => {
      const nowMs = this.clock.now().getTime();
      return this.keys.list().map(({ state, createdAt }) => ({
        state,
        ageSeconds: Math.max(0, (nowMs - createdAt.getTime()) / 1000),
      }));
    });
  }
}
