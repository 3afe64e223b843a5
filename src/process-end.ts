import type { Logger } from './common/logger.js';

/** Wrappers hand on a Ctrl-C that the terminal has sent us already: what comes so soon is the same signal. */
const sameSignalMs = 500;
const numberOf = { SIGINT: 2, SIGTERM: 15 };

/** What there is to end. */
export interface Ending {
  /** Ends everything in good order. */
  end(): Promise<void>;
  /** How long that may take. */
  limitMs(): number;
  /** What it is waiting for. */
  waitingFor(): string;
}

/**
 * How the process ends: at SIGTERM or SIGINT in good order with exit code 0, also when the limit cuts something off; at a second signal
 * at once; at a fault that nobody caught with code 1 and a line in the log.
 */
export class ProcessEnd {
  #since: number | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly ending: Ending,
  ) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => this.#onSignal(signal));
    process.on('uncaughtException', (error, origin) => {
      const code = origin === 'unhandledRejection' ? 'unhandled_rejection' : 'uncaught_exception';
      logger.error({ err: error, code }, 'a fault that nobody caught ends the process');
      process.exit(1);
    });
    // Whoever read our output went away: no reason to stop serving.
    for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  }

  /** Ends everything once. */
  async begin(code: number): Promise<void> {
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    const limitMs = this.ending.limitMs();
    setTimeout(() => {
      const waitingFor = this.ending.waitingFor();
      this.logger.warn({ waitingFor, limitMs }, 'the limit of the shutdown cuts off what is left');
      process.exit(code);
    }, limitMs).unref();
    await this.ending.end();
    const tookMs = Math.round(performance.now() - this.#since);
    this.logger.info({ tookMs }, 'shut down');
    process.exit(code);
  }

  #onSignal(signal: 'SIGTERM' | 'SIGINT'): void {
    if (this.#since === undefined) {
      this.logger.info({ signal }, 'shutting down');
      void this.begin(0);
    } else if (performance.now() - this.#since > sameSignalMs) {
      this.logger.warn({ signal }, 'a second signal ends the process at once');
      process.exit(128 + numberOf[signal]);
    }
  }
}
