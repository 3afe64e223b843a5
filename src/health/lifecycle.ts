import { Injectable } from '@nestjs/common';

/** Where the process stands between its start and its end. */
export type Phase = 'starting' | 'running' | 'stopping';

/** The one place that knows the phase; the gate in front of every route and the readiness check read it. */
@Injectable()
export class Lifecycle {
  #phase: Phase = 'starting';
  #hasRun = false;

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether there is anything to answer with: from the first readiness to the end, also while no more should come. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  run(): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'running';
    this.#hasRun = true;
  }

  stop(): void {
    this.#phase = 'stopping';
  }
}
