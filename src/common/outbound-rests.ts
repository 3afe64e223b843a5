import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from './clock.js';
import type { OutboundRequest, Trouble } from './http-client.js';
import { NoAnswer } from './no-answer.js';
import type { Answer } from './outbound-answer.js';
import { type HeldBack, resting } from './outbound-errors.js';
import { Kept } from './outbound-kept.js';
import type { OutboundLimits } from './outbound-limits.js';

interface Rest {
  readonly code: 'platform_rate_limited' | 'platform_unavailable';
  readonly platformCode: string;
  /** How many in a row. */
  readonly times: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Calls that a platform limits rest for a short, growing time, each for itself: the same call to the same host with another
 * credential goes on.
 */
export class OutboundRests {
  readonly #rests: Kept<Rest>;

  constructor(
    private readonly limits: OutboundLimits,
    private readonly clock: Clock,
  ) {
    this.#rests = new Kept(limits.kept);
  }

  /**
   * Whether the call has to rest. The exchange of a code is not refused for a first rest, it waits until that is over: the code dies
   * within minutes, the person would have to sign in again, and all for what somebody else's call met.
   */
  async of(request: OutboundRequest): Promise<HeldBack | undefined> {
    const rest = this.#rests.get(keyOf(request));
    const nowMs = this.clock.now().getTime();
    const leftMs = rest ? rest.untilMs - nowMs : 0;
    // A clock that was set back would make it a long one.
    if (!rest || leftMs <= 0 || nowMs < rest.sinceMs) return undefined;
    if (request.repeatable || leftMs > this.limits.restMs)
      return resting(request, rest.code, rest.platformCode, leftMs);
    // Not all who waited at the same instant.
    await sleep(leftMs * (1 + Math.random() / 4));
    return undefined;
  }

  /**
   * Notes how a call ended.
   * @param startedAt when it began: what began before the last rest was known says nothing about what comes after it
   */
  note(request: OutboundRequest, startedAt: Date, ended: Answer | NoAnswer): void {
    const key = keyOf(request);
    const last = this.#rests.get(key);
    if (last && startedAt.getTime() <= last.sinceMs) return;
    const { trouble, code } = meaningOf(ended);
    if (trouble === undefined && !(ended instanceof NoAnswer)) this.#rests.delete(key);
    const wantsRest = trouble && (trouble !== 'busy' || ended.retryAfterMs !== undefined);
    if (!wantsRest) return;
    const nowMs = this.clock.now().getTime();
    const isInRow = last && nowMs - last.untilMs < this.limits.restMemoryMs;
    const times = isInRow ? last.times + 1 : 1;
    this.#rests.set(key, {
      code: trouble === 'busy' ? 'platform_unavailable' : 'platform_rate_limited',
      platformCode: code,
      times,
      sinceMs: nowMs,
      untilMs: nowMs + this.#restMs(request, times, ended.retryAfterMs ?? 0),
    });
  }

  /** The exchange of a code has nothing but the first rest, unless the platform itself names another. */
  #restMs({ repeatable }: OutboundRequest, times: number, askedMs: number): number {
    const { restMs, longestRestMs, longestExchangeRestMs } = this.limits;
    if (!repeatable) return Math.min(Math.max(restMs, askedMs), longestExchangeRestMs);
    return Math.min(Math.max(restMs * 2 ** (times - 1), askedMs), longestRestMs);
  }
}

function meaningOf(ended: Answer | NoAnswer): { trouble?: Trouble; code: string } {
  if (!(ended instanceof NoAnswer)) return ended.judgement;
  const code = `HTTP ${ended.status ?? 0}`;
  if (ended.status === 429) return { trouble: 'too-fast', code };
  return { code, ...(ended.status !== undefined && ended.status >= 500 && { trouble: 'busy' }) };
}

function keyOf({ url, call, credential = '' }: OutboundRequest): string {
  return `${url.host} ${call} ${credential}`;
}
