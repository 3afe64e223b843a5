import type { Clock } from './clock.js';

/**
 * Something small that is kept in memory and follows the database: reads cost nothing, and a change made by another replica
 * is seen within `maxAgeMs`. While the database is away, what is known stays.
 */
export class RefreshedSnapshot<T> {
  #value: T | undefined;
  #version: string | undefined;
  #checkedAtMs = -Infinity;
  #refreshing: Promise<void> | undefined;

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

  /** The content. Waits only the very first time; later refreshes run in the background. */
  async get(): Promise<T> {
    if (this.#value === undefined) await this.refresh();
    else if (this.clock.now().getTime() - this.#checkedAtMs >= this.maxAgeMs) {
      this.refresh().catch((error: unknown) => this.source.onStale(error));
    }
    if (this.#value === undefined) throw new Error('the snapshot could not be loaded');
    return this.#value;
  }

  /** Looks for changes now; callers at the same time share one look. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    // Noted before the query: a failing database is not asked again on every read.
    this.#checkedAtMs = this.clock.now().getTime();
    const version = await this.source.version();
    if (version === this.#version) return;
    this.#value = await this.source.load(this.#value);
    this.#version = version;
  }
}
