import { outsideWork } from '../common/work-context.js';

/** How a poller works. */
export interface Polling {
  readonly everyMs: number;
  /** Before the schema is there, and while the service stops, nobody asks. */
  readonly mayAsk: () => boolean;
  /** One look for work, and its beginning. */
  readonly work: () => Promise<void>;
  /** Told once of a look that failed, until one succeeds. */
  readonly onTrouble: (error: unknown) => void;
}

/** Looks for work in Postgres in the background: one look at a time, every so often, and at once when it is woken. */
export class Poller {
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #again = false;
  #troubled = false;
  #stopped = false;

  constructor(private readonly polling: Polling) {}

  get isStopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    this.#wait(this.polling.everyMs);
  }

  /** There is something new, or may be: no need to sleep on it. */
  wake(): void {
    if (this.#turn) this.#again = true;
    else this.#wait(0);
  }

  /** @returns when the look that is under way has ended; what it began may go on */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  #wait(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    // Replicas that started together do not ask together.
    const withJitterMs = ms * (0.8 + Math.random() * 0.4);
    // Whoever wakes it leaves work behind, and is not the one who does it.
    this.#timer = setTimeout(() => outsideWork(() => this.#begin()), withJitterMs).unref();
  }

  #begin(): void {
    const { everyMs, mayAsk } = this.polling;
    if (!mayAsk()) return this.#wait(everyMs);
    this.#again = false;
    this.#turn = this.#look().finally(() => {
      this.#turn = undefined;
      this.#wait(this.#again ? 0 : everyMs);
    });
  }

  async #look(): Promise<void> {
    try {
      await this.polling.work();
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) this.polling.onTrouble(error);
      this.#troubled = true;
    }
  }
}
