import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { AppError } from './app-error.js';
import { HttpClient, type OutboundReply, type OutboundRequest } from './http-client.js';
import { NoAnswer, readCappedText, noAnswerOf } from './no-answer.js';
import type { Secret } from './secret.js';

/** How one try went: for logs and metrics. Holds nothing of the URL but the call's name. */
export interface OutboundEvent {
  readonly platform: string;
  readonly call: string;
  readonly outcome: 'answered' | 'busy' | 'unreadable' | 'no-answer';
  readonly status?: number;
  readonly durationMs: number;
  /** 0 for the first try. */
  readonly attempt: number;
}

const limitMs = 5000;
/** Less than the limit of a whole try, so that a server which can't be reached is told from one that says nothing. */
const connectLimitMs = 3000;
const repeats = 2;
const firstPauseMs = 100;

/** `HttpClient` on undici: keep-alive connections, optionally through a proxy, no redirects. */
export class UndiciHttpClient extends HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #observe: ((event: OutboundEvent) => void) | undefined;

  constructor(
    options: { proxy?: Secret | undefined; observe?: (event: OutboundEvent) => void } = {},
  ) {
    super();
    this.#observe = options.observe;
    const limits = { keepAliveTimeout: 30_000, connections: 128 };
    const connect = { timeout: connectLimitMs };
    this.#dispatcher = options.proxy
      ? new ProxyAgent({
          uri: options.proxy.reveal(),
          proxyTls: connect,
          requestTls: connect,
          ...limits,
        })
      : new Agent({ connect, ...limits });
  }

  override async requestJson(request: OutboundRequest): Promise<OutboundReply> {
    for (let attempt = 0; ; attempt += 1) {
      if (attempt > 0) await sleep(firstPauseMs * 2 ** attempt * (0.5 + Math.random() / 2));
      const isLast = attempt === repeats;
      try {
        const reply = await this.#try(request, attempt);
        if (isLast || !isBusy(request, reply)) return reply;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        const mayRepeat = !error.wasSent || (request.repeatable && error.mayPass);
        if (isLast || !mayRepeat) throw unavailable(request, error);
      }
    }
  }

  /** Ends the connections that are kept alive. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #try(request: OutboundRequest, attempt: number): Promise<OutboundReply> {
    const startedAt = performance.now();
    const note = (outcome: OutboundEvent['outcome'], status?: number): void =>
      this.#observe?.({
        platform: request.platform,
        call: request.call,
        outcome,
        ...(status !== undefined && { status }),
        durationMs: performance.now() - startedAt,
        attempt,
      });
    try {
      const reply = await this.#send(request);
      note(isBusy(request, reply) ? 'busy' : 'answered', reply.status);
      return reply;
    } catch (error) {
      const failed = error instanceof NoAnswer ? error : noAnswerOf(error);
      note(failed.outcome, failed.status);
      throw failed;
    }
  }

  async #send(request: OutboundRequest): Promise<OutboundReply> {
    const { statusCode: status, body } = await this.#dispatcher.request({
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
    const text = await readCappedText(body, status);
    if (status >= 300 && status < 400)
      throw NoAnswer.unreadable(`a redirect (HTTP ${status})`, status);
    try {
      return { status, body: JSON.parse(text) as unknown };
    } catch {
      throw NoAnswer.unreadable(`an answer that is not JSON (HTTP ${status})`, status);
    }
  }
}

/** Only a call that may be repeated is asked whether it should be. */
function isBusy(request: OutboundRequest, reply: OutboundReply): boolean {
  return request.repeatable && (reply.status >= 500 || request.isBusy?.(reply) === true);
}

function unavailable(request: OutboundRequest, error: NoAnswer): AppError {
  return new AppError(
    'platform_unavailable',
    'The platform cannot be reached right now. Please try again.',
    {
      operator: {
        call: request.call,
        platformMessage: error.message,
        fix:
          error.outcome === 'unreadable'
            ? 'Something else than the platform may have answered: check the connection\u2019s endpoints and OUTBOUND_PROXY, and the platform\u2019s status page.'
            : 'Check that this host can reach the platform (DNS, firewall, OUTBOUND_PROXY), and the platform\u2019s status page.',
      },
    },
  );
}
