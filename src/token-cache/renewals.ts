import type { Clock } from '../common/clock.js';
import type { HeldToken } from './token-tiers.js';

/** A token that nobody asked for in this time is not renewed: the next one who asks waits for a fetch. */
const idleAfterMs = 30 * 60_000;
const longestDelayMs = 2 ** 31 - 1;

/** Wakes up when a token that is in use is due for renewal, one timer for each key. */
export class Renewals {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #stopped = false;

  constructor(private readonly clock: Clock) {}

  /**
   * @param due called when the token is due and was used lately
   * @param idle called instead when it was not, or when its life is over
   */
  schedule(key: string, held: HeldToken, due: () => void, idle: () => void): void {
    if (this.#stopped) return;
    clearTimeout(this.#timers.get(key));
    const wake = (): void => {
      this.#timers.delete(key);
      const nowMs = this.clock.now().getTime();
      const isUsed = nowMs - held.usedAtMs < idleAfterMs && nowMs < held.usableUntilMs;
      (isUsed ? due : idle)();
    };
    const delayMs = Math.max(held.renewAtMs - this.clock.now().getTime(), 0);
    this.#timers.set(key, setTimeout(wake, Math.min(delayMs, longestDelayMs)).unref());
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
