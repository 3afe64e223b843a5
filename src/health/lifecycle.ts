import { Injectable } from '@nestjs/common';

/** Where the process stands between its start and its end. */
export type Phase = 'starting' | 'running' | 'stopping';

/** The one place that knows the phase; the gate in front of every route and the readiness check read it. */
@Injectable()
export class Lifecycle {
  #phase: Phase = 'starting';

  get phase(): Phase {
    return this.#phase;
  }

  run(): void {
    if (this.#phase === 'starting') this.#phase = 'running';
  }

  stop(): void {
    this.#phase = 'stopping';
  }
}
