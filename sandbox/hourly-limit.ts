import type { SandboxClock } from './clock.js';

const HOUR_MS = 3_600_000;

/** Counts per key and clock hour, as a platform's frequency limit does. */
export class HourlyLimit {
  #hour = 0;
  readonly #counts = new Map<string, number>();

  constructor(private readonly clock: SandboxClock) {}

  /** Counts one call; false when it is more than the limit. */
  allow(key: string, limit: number): boolean {
    const hour = Math.floor(this.clock.now() / HOUR_MS);
    if (hour !== this.#hour) this.clear();
    this.#hour = hour;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= limit;
  }

  clear(): void {
    this.#counts.clear();
  }
}
