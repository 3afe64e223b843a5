import type { SandboxClock } from './clock.js';

/** One thing that was handed out: a code, a token, a ticket. */
export interface Entry<T> {
  readonly id: string;
  readonly value: T;
  readonly issuedAtMs: number;
  expiresAtMs: number;
}

const DAY_MS = 86_400_000;

/**
 * What was handed out and until when it is good. Expired entries stay findable for a day, because the platforms
 * word "expired" and "unknown" differently.
 */
export class ExpiringStore<T> {
  readonly #entries = new Map<string, Entry<T>>();

  constructor(
    private readonly clock: SandboxClock,
    private readonly mint: () => string,
  ) {}

  put(value: T, lifetimeSeconds: number): Entry<T> {
    if (this.#entries.size % 1000 === 999) this.#forgetOld();
    const now = this.clock.now();
    const entry = {
      id: this.mint(),
      value,
      issuedAtMs: now,
      expiresAtMs: now + lifetimeSeconds * 1000,
    };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  /** The entry, expired or not. */
  find(id: string): Entry<T> | undefined {
    return this.#entries.get(id);
  }

  /** The entry if it is still good. */
  live(id: string): Entry<T> | undefined {
    const entry = this.#entries.get(id);
    return entry && this.isLive(entry) ? entry : undefined;
  }

  /** The newest good entry that fits. */
  newestLive(fits: (value: T) => boolean): Entry<T> | undefined {
    let newest: Entry<T> | undefined;
    for (const entry of this.#entries.values()) {
      if (this.isLive(entry) && fits(entry.value)) newest = entry;
    }
    return newest;
  }

  /** Everything that was handed out and is not forgotten, expired or not. */
  all(): Entry<T>[] {
    return [...this.#entries.values()];
  }

  isLive(entry: Entry<T>): boolean {
    return this.clock.now() < entry.expiresAtMs;
  }

  /** Whole seconds that the entry is still good for. */
  secondsLeft(entry: Entry<T>): number {
    // Rounded: a value that was made a millisecond ago has its whole life before it.
    return Math.max(0, Math.round((entry.expiresAtMs - this.clock.now()) / 1000));
  }

  /** Spends an entry. */
  remove(id: string): void {
    this.#entries.delete(id);
  }

  removeWhere(fits: (value: T) => boolean): void {
    for (const entry of this.#entries.values()) {
      if (fits(entry.value)) this.#entries.delete(entry.id);
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  #forgetOld(): void {
    const horizon = this.clock.now() - DAY_MS;
    for (const entry of this.#entries.values()) {
      if (entry.expiresAtMs < horizon) this.#entries.delete(entry.id);
    }
  }
}
