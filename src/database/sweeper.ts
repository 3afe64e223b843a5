import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { Logger } from '../common/logger.js';

const everyMs = 5 * 60_000;

/** Sweeps out what expired, so that the tables stay as small as what is live. Each room adds what is its own. */
@Injectable()
export class Sweeper implements OnApplicationShutdown {
  readonly #sweeps: { readonly what: string; readonly sweep: () => Promise<void> }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly logger: Logger) {}

  /** To be called while the application is being built. */
  add(what: string, sweep: () => Promise<void>): void {
    this.#sweeps.push({ what, sweep });
  }

  /** To be called once there is a schema to sweep in. */
  start(): void {
    clearInterval(this.#timer);
    // Replicas that started together do not sweep together.
    this.#timer = setInterval(() => void this.run(), everyMs * (0.8 + Math.random() * 0.4)).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Runs every sweep once; one that fails does not keep the others from running. */
  async run(): Promise<void> {
    for (const { what, sweep } of this.#sweeps) {
      try {
        await sweep();
      } catch (error) {
        this.logger.warn({ err: error, what }, 'a sweep failed; the next one will make up for it');
      }
    }
  }
}
