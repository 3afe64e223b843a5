import type { Cache } from 'cache-manager';

import { AppError, type ErrorCode, type OperatorHint } from '../common/app-error.js';
import type { Clock } from '../common/clock.js';
import type { TokenError } from './token-state.js';

/** A refusal that is remembered, so that a refused credential is not hammered. Times are in milliseconds since 1970. */
interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly operator?: OperatorHint | undefined;
  /** How often in a row. */
  readonly times: number;
  readonly atMs: number;
  readonly untilMs: number;
}

/** Stands where a refusal was forgotten: a store that comes back late must not bring the old one with it. */
const forgotten = { times: 0, atMs: 0, untilMs: 0 };

const firstPauseMs = 5000;
const longestPauseMs: Partial<Record<ErrorCode, number>> = {
  platform_misconfigured: 300_000,
  platform_rate_limited: 60_000,
  // Just long enough that those who waited for the same answer do not ask one after the other.
  platform_unavailable: 1000,
};
/** For how many of its pauses a refusal counts as the one before, so that the next pause is longer. */
const countedFor = 4;
/** How long a refusal is kept for people to see. */
const keptMs = 1_200_000;
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
    const leftMs = refusal ? refusal.untilMs - this.#nowMs() : 0;
    if (refusal && leftMs > 0) throw errorOf(refusal, Math.ceil(leftMs / 1000));
  }

  /** The last refusal since a token was fetched, also when its pause is over. */
  async last(key: string): Promise<TokenError | undefined> {
    const refusal = await this.#read(key);
    return (
      refusal && {
        at: new Date(refusal.atMs),
        error: errorOf(refusal, undefined),
        restsUntil: new Date(refusal.untilMs),
      }
    );
  }

  /** Remembers a refusal; other errors pass by. Each one in a row makes the next pause twice as long. */
  async note(key: string, error: unknown): Promise<void> {
    if (!(error instanceof AppError)) return;
    const longest = longestPauseMs[error.code];
    if (longest === undefined) return;
    const nowMs = this.#nowMs();
    const before = await this.#read(key);
    const isInARow = before?.code === error.code && nowMs < countedUntilMs(before);
    const times = isInARow ? before.times + 1 : 1;
    const pauseMs = firstPauseMs * 2 ** (times - 1);
    const askedMs = (error.retryAfterSeconds ?? 0) * 1000;
    await this.#write(key, {
      code: error.code,
      message: error.message,
      operator: error.operator,
      times,
      atMs: nowMs,
      untilMs: nowMs + Math.min(Math.max(pauseMs, askedMs), longest),
    });
  }

  async forget(key: string): Promise<void> {
    if (await this.#read(key)) await this.#write(key, forgotten);
  }

  async #write(key: string, refusal: Refusal | typeof forgotten): Promise<void> {
    const [memory, shared] = this.cache.stores;
    await memory?.set(refusalKey(key), refusal, memoryMs);
    await shared?.set(refusalKey(key), refusal, keptMs);
  }

  async #read(key: string): Promise<Refusal | undefined> {
    const [memory] = this.cache.stores;
    const known = await memory?.get<Refusal>(refusalKey(key));
    if (known && this.#nowMs() < known.untilMs) return known;
    // Since that one ended, another replica may have met the next.
    await memory?.delete(refusalKey(key));
    const found = await this.cache.get<Refusal>(refusalKey(key));
    if (!found || found.times === 0) return undefined;
    await memory?.set(refusalKey(key), found, memoryMs);
    return found;
  }

  #nowMs(): number {
    return this.clock.now().getTime();
  }
}

function countedUntilMs({ atMs, untilMs }: Refusal): number {
  return atMs + (untilMs - atMs) * countedFor;
}

function errorOf(
  { code, message, operator }: Refusal,
  retryAfterSeconds: number | undefined,
): AppError {
  return new AppError(code, message, {
    ...(operator && { operator }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function refusalKey(key: string): string {
  return `${key}|refused`;
}
