import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleType,
  type IHalfOpenAfterBackoffContext,
  isBrokenCircuitError,
} from 'cockatiel';

import type { Clock } from './clock.js';
import type { OutboundRequest } from './http-client.js';
import { NoAnswer } from './no-answer.js';
import type { Answer } from './outbound-answer.js';
import { breakerOpen, type HeldBack } from './outbound-errors.js';
import type { BreakerChange } from './outbound-event.js';
import { Kept } from './outbound-kept.js';
import type { OutboundLimits } from './outbound-limits.js';

interface Breaker {
  readonly host: string;
  readonly call: string;
  readonly policy: CircuitBreakerPolicy;
  /** When it opened after it was last closed. */
  openSince: Date | undefined;
  /** What the last try met, where it opened. */
  reason: string;
  isForgotten: boolean;
}

/**
 * One breaker for each call of each host: a dead call does not shut the others of its host. It opens after so many tries in a row
 * without a usable answer; a refusal is usable. After a pause one call goes out as a probe, and all others go on failing at once.
 */
export class OutboundBreakers {
  readonly #breakers: Kept<Breaker>;

  constructor(
    private readonly limits: OutboundLimits,
    private readonly clock: Clock,
    private readonly changed: (change: BreakerChange) => void,
  ) {
    // Hosts come from operators' settings, which may change for ever.
    this.#breakers = new Kept(limits.kept, (unused) => this.#forget(unused));
  }

  /** @throws what `send` throws */
  async run(request: OutboundRequest, send: () => Promise<Answer>): Promise<Answer | HeldBack> {
    const breaker = this.#of(request);
    const { policy } = breaker;
    if (request.anew && policy.state !== CircuitState.Closed) {
      const answer = await send();
      if (answer.reply.status < 500) this.#replace(request, breaker);
      return answer;
    }
    // The library lets callers wait for the probe, and then all of them out at once.
    if (policy.state === CircuitState.HalfOpen) return this.#heldBack(request, breaker);
    let tried: Answer | NoAnswer;
    try {
      tried = await policy.execute(() => orWhatItsCodeMet(request, send));
    } catch (error) {
      if (isBrokenCircuitError(error)) return this.#heldBack(request, breaker);
      throw error;
    }
    if (tried instanceof NoAnswer) throw tried;
    return tried;
  }

  #of(request: OutboundRequest): Breaker {
    const { call } = request;
    const { host } = request.url;
    const key = keyOf(request);
    const known = this.#breakers.get(key);
    if (known) return known;
    let pauseMs = 0;
    const policy = circuitBreaker(
      handleType(NoAnswer).orWhenResult(
        (tried) => !(tried instanceof NoAnswer) && (tried as Answer).reply.status >= 500,
      ),
      {
        breaker: new ConsecutiveBreaker(this.limits.breakAfter),
        halfOpenAfter: new DelegateBackoff(({ attempt }: IHalfOpenAfterBackoffContext) => {
          pauseMs = this.#pauseMs(attempt);
          return pauseMs;
        }),
      },
    );
    const breaker: Breaker = {
      host,
      call,
      policy,
      openSince: undefined,
      reason: '',
      isForgotten: false,
    };
    policy.onBreak((failure) => {
      breaker.openSince ??= this.clock.now();
      breaker.reason = wordsOf(failure);
      this.#tell(breaker, { state: 'open', reason: breaker.reason, pauseMs });
    });
    policy.onHalfOpen(() => this.#tell(breaker, { state: 'probing' }));
    policy.onReset(() => {
      breaker.openSince = undefined;
      this.#tell(breaker, { state: 'closed' });
    });
    this.#breakers.set(key, breaker);
    this.#tell(breaker, { state: 'made' });
    return breaker;
  }

  /** Longer by chance, never shorter. */
  #pauseMs(attempt: number): number {
    const { breakMs, longestBreakMs } = this.limits;
    return Math.min(breakMs * 2 ** (attempt - 1), longestBreakMs) * (1 + Math.random() / 2);
  }

  #heldBack(request: OutboundRequest, { openSince, reason }: Breaker): HeldBack {
    return breakerOpen(request, openSince ?? this.clock.now(), reason);
  }

  #tell(breaker: Breaker, change: Omit<BreakerChange, 'host' | 'call'>): void {
    const { host, call, isForgotten } = breaker;
    if (!isForgotten) this.changed({ host, call, ...change });
  }

  /** What stays in its place begins closed. */
  #replace(request: OutboundRequest, breaker: Breaker): void {
    this.#tell(breaker, { state: 'closed' });
    breaker.isForgotten = true;
    this.#breakers.delete(keyOf(request));
  }

  #forget(breaker: Breaker): void {
    this.#tell(breaker, { state: 'forgotten' });
    breaker.isForgotten = true;
  }
}

/**
 * A firewall in front of the platform may answer one person's made-up code with a page of its own. That says nothing about the
 * platform, and must not shut it for all: it counts as an answer.
 */
async function orWhatItsCodeMet(
  { repeatable }: OutboundRequest,
  send: () => Promise<Answer>,
): Promise<Answer | NoAnswer> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof NoAnswer) || repeatable) throw error;
    const { status = 0 } = error;
    if (status < 400 || status >= 500) throw error;
    return error;
  }
}

function keyOf({ url, call }: OutboundRequest): string {
  return `${url.host} ${call}`;
}

function wordsOf(failure: { error: Error } | { value: unknown } | { isolated: true }): string {
  if ('error' in failure) return failure.error.message;
  return 'value' in failure ? `HTTP ${(failure.value as Answer).reply.status}` : 'isolated';
}
