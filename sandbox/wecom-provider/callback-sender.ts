import { setTimeout as sleep } from 'node:timers/promises';

import type { SandboxClock } from '../clock.js';
import { seal, withQuery, type Addressed, type Envelope } from './callback-envelope.js';
import type { WecomProviderSettings } from './settings.js';
import type { CallbackPair } from './world.js';

/** How one request to a callback URL went. */
export interface CallbackAttempt {
  /** Sandbox time, ISO 8601. */
  readonly at: string;
  readonly suiteId: string;
  /** `suite_ticket`, `create_auth`, `change_contact`, …; `verification` for a URL check. */
  readonly event: string;
  readonly url: string;
  /** 1, and up to 3 when there was no answer. */
  readonly attempt: number;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly body: string;
  readonly outcome: 'ok' | 'wrong-answer' | 'wrong-status' | 'timeout' | 'unreachable';
}

export interface Delivery extends Addressed {
  readonly suiteId: string;
  readonly event: string;
  readonly url: string;
  readonly pair: CallbackPair;
  readonly message: string;
  readonly timeoutMs: number;
  /** What a good answer is: the word `success`, or anything with status 200. */
  readonly answer: 'success' | 'any';
}

export interface RawRequest {
  readonly suiteId: string;
  readonly event: string;
  readonly url: string;
  readonly envelope?: Envelope;
  readonly timeoutMs: number;
  /** Whether an answer is the right one. */
  readonly isRight: (body: string) => boolean;
}

const ATTEMPTS = 3;
const KEPT = 5000;
const BODY_KEPT = 2000;

/** Sends callbacks as reference 7.3 says, and remembers how each request went. */
export class CallbackSender {
  #log: CallbackAttempt[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();

  constructor(
    private readonly clock: SandboxClock,
    private readonly settings: WecomProviderSettings,
  ) {}

  /** Delivers a message, three times at most, and its duplicates if wanted. Gives the last attempt of the first. */
  deliver(delivery: Delivery): Promise<CallbackAttempt> {
    return this.#track(this.#deliver(delivery));
  }

  /** One request as it is, without a second try. */
  send(request: RawRequest): Promise<CallbackAttempt> {
    return this.#track(this.#request(request, 1));
  }

  /** The latest requests, oldest first. */
  log(): readonly CallbackAttempt[] {
    return this.#log.slice(-KEPT);
  }

  clearLog(): void {
    this.#log = [];
  }

  /** When nothing is under way any more, what was pushed in the background included. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }

  /** Counts work as under way, for `settled`. */
  track(work: Promise<unknown>): void {
    void this.#track(work).catch(() => undefined);
  }

  async #deliver(delivery: Delivery): Promise<CallbackAttempt> {
    const last = await this.#withRetries(delivery);
    for (let more = 0; more < this.settings.duplicates; more++) {
      await this.#request(this.#sealed(delivery), 1);
    }
    return last;
  }

  async #withRetries(delivery: Delivery): Promise<CallbackAttempt> {
    for (let attempt = 1; ; attempt++) {
      const done = await this.#request(this.#sealed(delivery), attempt);
      if (attempt === ATTEMPTS || !this.#isWorthAnother(done)) return done;
      await sleep(this.settings.retryDelayMs, undefined, { signal: this.#stop.signal }).catch(
        () => undefined,
      );
    }
  }

  /** No answer; or, as another page says, a status that is not 200 (reference 7.3). */
  #isWorthAnother({ outcome }: CallbackAttempt): boolean {
    if (this.#stop.signal.aborted) return false;
    if (outcome === 'timeout' || outcome === 'unreachable') return true;
    return outcome === 'wrong-status' && this.settings.retryOn === 'non-200';
  }

  #sealed(delivery: Delivery): RawRequest {
    const seconds = Math.floor(this.clock.now() / 1000);
    return {
      ...delivery,
      envelope: seal(delivery.pair, delivery.message, delivery, seconds),
      isRight: (body) => delivery.answer === 'any' || body === 'success',
    };
  }

  async #request(request: RawRequest, attempt: number): Promise<CallbackAttempt> {
    const { suiteId, event, url } = request;
    const at = new Date(this.clock.now()).toISOString();
    const answer = await this.#exchange(request);
    const done = { at, suiteId, event, url, attempt, ...answer };
    this.#log.push(done);
    if (this.#log.length > 2 * KEPT) this.#log = this.#log.slice(-KEPT);
    return done;
  }

  async #exchange({
    url,
    envelope,
    timeoutMs,
    isRight,
  }: RawRequest): Promise<Pick<CallbackAttempt, 'status' | 'body' | 'outcome'>> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(envelope ? withQuery(url, envelope.query) : url, {
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#stop.signal]),
        ...(envelope
          ? { method: 'POST', body: envelope.body, headers: { 'content-type': 'text/xml' } }
          : {}),
      });
      const body = await response.text();
      const isGood = response.status === 200 && isRight(body);
      const outcome = isGood ? 'ok' : response.status === 200 ? 'wrong-answer' : 'wrong-status';
      return { status: response.status, body: body.slice(0, BODY_KEPT), outcome };
    } catch {
      return { status: 0, body: '', outcome: timeout.aborted ? 'timeout' : 'unreachable' };
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    return tracked;
  }
}
