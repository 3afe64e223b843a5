import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../common/clock.js';
import { type CountExchange, mostPerExchange } from './count-exchange.js';
import { CountedWindows, type Moved, type Standing } from './counted-windows.js';

/** How shared counts work. */
export interface Sharing {
  readonly exchange: CountExchange;
  readonly clock: Clock;
  /** What stands for a key in the shared store. */
  readonly hash: (key: string) => string;
  /** Told once of an exchange that failed, until one succeeds. */
  readonly onTrouble: (error: unknown) => void;
  /** Told once in a window of the first request that was too many. */
  readonly onUsedUp: (key: string) => void;
  /** How many windows are kept in memory. */
  readonly most?: number;
  /** How often replicas exchange what they counted, at most. */
  readonly everyMs?: number;
}

/** Long enough for what comes at the same moment to go together. */
const gatherMs = 10;
/** How long the end of a process may wait for the last exchange. */
const patienceMs = 2000;

/**
 * Counts requests over all replicas without asking anybody while one waits: what was counted here, and what was last heard of the
 * others, decides; what was counted is exchanged in the background, a few times a second at most and all at once. So the replicas
 * together let through at most what comes in between. When nobody can be told, each goes on with what it knows.
 */
export class SharedCounts {
  readonly #windows: CountedWindows;
  readonly #everyMs: number;
  #turn: Promise<void> | undefined;
  #lastMs = -Infinity;
  #isTroubled = false;
  readonly #stopping = new AbortController();

  constructor(private readonly sharing: Sharing) {
    this.#windows = new CountedWindows(sharing.most ?? 20_000);
    this.#everyMs = sharing.everyMs ?? 250;
  }

  /** Counts one more request. */
  count(key: string, limit: number, windowMs: number): Standing {
    const standing = this.#windows.count(key, limit, windowMs, this.#nowMs());
    if (this.#windows.hasMoved) this.#turn ??= this.#begin();
    if (standing.isFirstOver) this.sharing.onUsedUp(key);
    return standing;
  }

  /** How one more would stand where the limit is used up, without counting it. */
  whereUsedUp(key: string, limit: number): Standing | undefined {
    const standing = this.#windows.whereUsedUp(key, limit, this.#nowMs());
    if (standing?.isFirstOver) this.sharing.onUsedUp(key);
    return standing;
  }

  /** Tells the others what they do not know yet, and stops telling. It waits for a store that is away, but not for long. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const late = new AbortController();
    await Promise.race([
      this.#tellAll().finally(() => late.abort()),
      sleep(patienceMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
  }

  async #tellAll(): Promise<void> {
    await this.#turn;
    while (this.#windows.hasMoved && (await this.#exchange()));
  }

  #begin(): Promise<void> {
    return this.#exchangeSoon().finally(() => {
      this.#turn = undefined;
      if (this.#windows.hasMoved && !this.#stopping.signal.aborted) this.#turn = this.#begin();
    });
  }

  async #exchangeSoon(): Promise<void> {
    const { signal } = this.#stopping;
    const waitMs = Math.max(gatherMs, this.#lastMs + this.#everyMs - performance.now());
    try {
      await sleep(waitMs, undefined, { ref: false, signal });
    } catch {
      return; // The last exchange is `stop`'s.
    }
    this.#lastMs = performance.now();
    await this.#exchange();
  }

  /** @returns whether it was told */
  async #exchange(): Promise<boolean> {
    const { exchange, clock, hash, onTrouble } = this.sharing;
    const taken = this.#windows.takeMoved(mostPerExchange, this.#nowMs());
    if (taken.length === 0) return true;
    try {
      const hashed = taken.map((moved): Moved => ({ ...moved, key: hash(moved.key) }));
      this.#windows.settle(taken, await exchange.add(hashed, clock.now()));
      this.#isTroubled = false;
      return true;
    } catch (error) {
      this.#windows.putBack(taken);
      if (!this.#isTroubled) onTrouble(error);
      this.#isTroubled = true;
      return false;
    }
  }

  #nowMs(): number {
    return this.sharing.clock.now().getTime();
  }
}
