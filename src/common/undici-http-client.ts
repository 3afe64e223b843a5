import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { type Clock, SystemClock } from './clock.js';
import { HttpClient, type OutboundReply, type OutboundRequest } from './http-client.js';
import { NoAnswer, noAnswerOf, readCappedText } from './no-answer.js';
import { type Answer, judgementOf, retryAfterMsIn } from './outbound-answer.js';
import { OutboundBreakers } from './outbound-breakers.js';
import { OutboundCodes } from './outbound-codes.js';
import { HeldBack, unavailable } from './outbound-errors.js';
import type { BreakerChange, OutboundEvent } from './outbound-event.js';
import { type OutboundLimits, outboundLimits } from './outbound-limits.js';
import { pauseMsBefore } from './outbound-repeats.js';
import { OutboundRests } from './outbound-rests.js';
import type { Secret } from './secret.js';

const limitMs = 5000;
/** Less than the limit of a whole try, so that a server which can't be reached is told from one that says nothing. */
const connectLimitMs = 3000;

/** What the client is made with; all of it may be left out. */
export interface UndiciHttpClientOptions {
  readonly proxy?: Secret | undefined;
  readonly clock?: Clock;
  /** Told of each try. */
  readonly observe?: (event: OutboundEvent) => void;
  /** Told of each change of a breaker. */
  readonly breakerChanged?: (change: BreakerChange) => void;
  readonly limits?: Partial<OutboundLimits>;
}

/** `HttpClient` on undici: keep-alive connections, optionally through a proxy, no redirects. */
export class UndiciHttpClient extends HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  readonly #observe: (event: OutboundEvent) => void;
  readonly #limits: OutboundLimits;
  readonly #rests: OutboundRests;
  readonly #breakers: OutboundBreakers;
  readonly #codes = new OutboundCodes();
  #closed: Promise<void> | undefined;

  constructor(options: UndiciHttpClientOptions = {}) {
    super();
    const { clock = new SystemClock(), observe, breakerChanged } = options;
    this.#clock = clock;
    this.#observe = observe ?? (() => undefined);
    this.#limits = { ...outboundLimits, ...options.limits };
    this.#rests = new OutboundRests(this.#limits, clock);
    this.#breakers = new OutboundBreakers(this.#limits, clock, breakerChanged ?? (() => undefined));
    this.#dispatcher = dispatcherFor(options.proxy);
  }

  override async requestJson(request: OutboundRequest): Promise<OutboundReply> {
    const resting = request.anew ? undefined : await this.#rests.of(request);
    if (resting) {
      this.#tell(request, resting, 0, 0);
      throw resting.error;
    }
    const startedAt = this.#clock.now();
    let tried = await this.#try(request, 0);
    for (let repeat = 1; repeat <= this.#limits.repeats; repeat += 1) {
      if (tried instanceof HeldBack) break;
      const pauseMs = pauseMsBefore(repeat, request, tried, this.#limits);
      if (pauseMs === undefined) break;
      await sleep(pauseMs);
      const next = await this.#try(request, repeat);
      // What the call met itself says more than that the breaker opened meanwhile.
      if (next instanceof HeldBack) break;
      tried = next;
    }
    if (tried instanceof HeldBack) throw tried.error;
    this.#rests.note(request, startedAt, tried);
    if (tried instanceof NoAnswer) throw unavailable(request, tried);
    return tried.reply;
  }

  /** Lets the calls that are under way end, and does not wait for connections that are merely kept alive. */
  close(): Promise<void> {
    this.#closed ??= this.#dispatcher.close();
    return this.#closed;
  }

  async #try(request: OutboundRequest, attempt: number): Promise<Answer | NoAnswer | HeldBack> {
    const startedAt = performance.now();
    const tried = await this.#breakers
      .run(request, () => this.#send(request))
      .catch((error: unknown) => {
        if (error instanceof NoAnswer) return error;
        throw error;
      });
    this.#tell(request, tried, attempt, performance.now() - startedAt);
    return tried;
  }

  #tell(
    { platform, call, url }: OutboundRequest,
    tried: Answer | NoAnswer | HeldBack,
    attempt: number,
    durationMs: number,
  ): void {
    const { outcome, code, status, isAboutPerson } = wordsFor(tried);
    this.#observe({
      platform,
      call,
      host: url.host,
      outcome,
      code: this.#codes.label(platform, code),
      ...(isAboutPerson && { isAboutPerson }),
      ...(status !== undefined && { status }),
      durationMs,
      attempt,
    });
  }

  /** @throws NoAnswer */
  async #send(request: OutboundRequest): Promise<Answer> {
    let reply: OutboundReply;
    let retryAfterMs: number | undefined;
    try {
      const { statusCode: status, headers, body } = await this.#dispatch(request);
      retryAfterMs = retryAfterMsIn(headers['retry-after'], this.#clock.now());
      reply = { status, body: parsed(await readCappedText(body, status), status, retryAfterMs) };
    } catch (error) {
      throw error instanceof NoAnswer ? error : noAnswerOf(error);
    }
    return { reply, judgement: judgementOf(request, reply), retryAfterMs };
  }

  #dispatch(request: OutboundRequest): Promise<Dispatcher.ResponseData> {
    return this.#dispatcher.request({
      origin: request.url.origin,
      path: request.url.pathname + request.url.search,
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.json !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      body: request.json === undefined ? null : JSON.stringify(request.json),
      // One limit for the whole try: a server that drips its answer is as late as one that says nothing.
      signal: AbortSignal.timeout(limitMs),
    });
  }
}

function dispatcherFor(proxy: Secret | undefined): Dispatcher {
  const limits = { keepAliveTimeout: 30_000, connections: 128 };
  const connect = { timeout: connectLimitMs };
  return proxy
    ? new ProxyAgent({ uri: proxy.reveal(), proxyTls: connect, requestTls: connect, ...limits })
    : new Agent({ connect, ...limits });
}

function parsed(text: string, status: number, retryAfterMs: number | undefined): unknown {
  if (status >= 300 && status < 400)
    throw NoAnswer.unreadable(`a redirect (HTTP ${status})`, status);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const words = `an answer that is not JSON (HTTP ${status})`;
    throw NoAnswer.unreadable(words, status, retryAfterMs);
  }
}

function wordsFor(
  tried: Answer | NoAnswer | HeldBack,
): Pick<OutboundEvent, 'outcome' | 'code' | 'isAboutPerson'> & { status?: number | undefined } {
  if (tried instanceof HeldBack) return { outcome: 'held-back', code: tried.code };
  if (tried instanceof NoAnswer)
    return { outcome: tried.outcome, code: tried.outcome, status: tried.status };
  const { judgement, reply } = tried;
  const { trouble, code, isAboutPerson } = judgement;
  const outcome = trouble === undefined ? 'answered' : trouble === 'busy' ? 'busy' : 'throttled';
  return { outcome, code, status: reply.status, ...(isAboutPerson && { isAboutPerson }) };
}
