import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from './clock.js';

/** A database that hangs holds a reader up no longer than this. */
const patienceMs = 1000;

/**
 * Something small that is kept in memory and follows the database: reads cost nothing, and a change made by another replica
 * is seen within twice `maxAgeMs`, also after a time in which nobody read. While the database is away, what is known stays.
 */
export class RefreshedSnapshot<T> {
  #value: T | undefined;
  #version: string | undefined;
  #checkedAtMs = -Infinity;
  #confirmedAtMs = -Infinity;
  #refreshing: Promise<void> | undefined;
  #lookAgain: Promise<void> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly maxAgeMs: number,
    private readonly source: {
      /** One cheap query whose answer changes when the content does. */
      version(): Promise<string>;
      /** @param previous what was there before, so that unchanged parts can be kept */
      load(previous: T | undefined): Promise<T>;
      /** Told of a refresh that failed while an older state is at hand. */
      onStale(error: unknown): void;
    },
  ) {}

  /**
   * The content. Refreshed in the background while it is read often; waits the very first time, and, for a moment,
   * when nobody has read for so long that what is known may be far behind.
   */
  async get(): Promise<T> {
    const nowMs = this.clock.now().getTime();
    if (this.#value === undefined) await this.#look();
    else {
      if (nowMs - this.#checkedAtMs >= this.maxAgeMs) this.#lookAgain = this.#tryRefresh();
      if (nowMs - this.#confirmedAtMs >= 2 * this.maxAgeMs) await this.#lookAgain;
    }
    if (this.#value === undefined) throw new Error('the snapshot could not be loaded');
    return this.#value;
  }

  /** Sees every change that was committed before the call: a look that is under way may have begun earlier. */
  async refresh(): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
    await this.#look();
  }

  /** Callers at the same time share one look. */
  #look(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #tryRefresh(): Promise<void> {
    const look = this.#look().catch((error: unknown) => this.source.onStale(error));
    await Promise.race([look, sleep(patienceMs, undefined, { ref: false })]);
  }

  async #refresh(): Promise<void> {
    const nowMs = this.clock.now().getTime();
    // Noted before the query: a failing database is not asked again on every read.
    this.#checkedAtMs = nowMs;
    const version = await this.source.version();
    if (version !== this.#version) {
      this.#value = await this.source.load(this.#value);
      this.#version = version;
    }
    this.#confirmedAtMs = nowMs;
  }
}
