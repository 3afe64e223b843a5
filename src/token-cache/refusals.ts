import type { Cache } from 'cache-manager';

import { AppError, type ErrorCode, type OperatorHint } from '../common/app-error.js';
import type { Clock } from '../common/clock.js';

/** A refusal that is remembered, so that a refused credential is not hammered. */
interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly operator?: OperatorHint | undefined;
  /** How often in a row. */
  readonly times: number;
  readonly untilMs: number;
}

const firstPauseMs = 5000;
const longestPauseMs: Partial<Record<ErrorCode, number>> = {
  platform_misconfigured: 300_000,
  platform_rate_limited: 60_000,
  // Just long enough that those who waited for the same answer do not ask one after the other.
  platform_unavailable: 1000,
};
/** How long a replica believes its own memory: another one may have been told to forget. */
const memoryMs = 1000;

/** What the platform refused lately, and until when it is not asked again. Shared by all replicas. */
export class Refusals {
  constructor(
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError the remembered one, while its pause lasts */
  async check(key: string): Promise<void> {
    const refusal = await this.#read(key);
    if (!refusal || refusal.untilMs <= this.clock.now().getTime()) return;
    throw new AppError(
      refusal.code,
      refusal.message,
      refusal.operator && { operator: refusal.operator },
    );
  }

  /** Remembers a refusal; other errors pass by. Each one in a row makes the next pause twice as long. */
  async note(key: string, error: unknown): Promise<void> {
    if (!(error instanceof AppError)) return;
    const longest = longestPauseMs[error.code];
    if (longest === undefined) return;
    const before = await this.#read(key);
    const times = before?.code === error.code ? before.times + 1 : 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** (times - 1), longest);
    const refusal: Refusal = {
      code: error.code,
      message: error.message,
      operator: error.operator,
      times,
      untilMs: this.clock.now().getTime() + pauseMs,
    };
    const [memory, shared] = this.cache.stores;
    await memory?.set(refusalKey(key), refusal, memoryMs);
    // Kept beyond its pause, so that the next pause is longer.
    await shared?.set(refusalKey(key), refusal, pauseMs * 4);
  }

  async forget(key: string): Promise<void> {
    await this.cache.del(refusalKey(key));
  }

  /** The last refusal, also when its pause is over. */
  async #read(key: string): Promise<Refusal | undefined> {
    const [memory] = this.cache.stores;
    const known = await memory?.get<Refusal>(refusalKey(key));
    if (known && known.untilMs > this.clock.now().getTime()) return known;
    // Since that one ended, another replica may have met the next.
    await memory?.delete(refusalKey(key));
    const found = await this.cache.get<Refusal>(refusalKey(key));
    if (found) await memory?.set(refusalKey(key), found, memoryMs);
    return found;
  }
}

function refusalKey(key: string): string {
  return `${key}|refused`;
}
