import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { AppError } from './app-error.js';
import { HttpClient, type OutboundReply, type OutboundRequest } from './http-client.js';
import type { Secret } from './secret.js';

/** How one try went: for logs and metrics. Holds nothing of the URL but the call's name. */
export interface OutboundEvent {
  readonly platform: string;
  readonly call: string;
  readonly outcome: 'answered' | 'busy' | 'unreadable' | 'no-answer';
  readonly status?: number;
  readonly durationMs: number;
  readonly attempt: number;
}

const limitMs = 5000;
const repeats = 2;
const firstPauseMs = 100;
const largestBody = 1024 * 1024;
/** Nothing was sent: the call may be made again whatever it is. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A try without an answer that could be read. */
class NoAnswer extends Error {
  constructor(
    readonly outcome: 'unreadable' | 'no-answer',
    readonly wasSent: boolean,
    words: string,
  ) {
    super(words);
  }
}

/** `HttpClient` on undici: keep-alive connections, optionally through a proxy, no redirects. */
export class UndiciHttpClient extends HttpClient {
  readonly #dispatcher: Dispatcher;

  constructor(
    options: { proxy?: Secret | undefined; observe?: (event: OutboundEvent) => void } = {},
  ) {
    super();
    this.observe = options.observe;
    const limits = { connect: { timeout: limitMs }, keepAliveTimeout: 30_000, connections: 128 };
    this.#dispatcher = options.proxy
      ? new ProxyAgent({ uri: options.proxy.reveal(), ...limits })
      : new Agent(limits);
  }

  private readonly observe: ((event: OutboundEvent) => void) | undefined;

  override async requestJson(request: OutboundRequest): Promise<OutboundReply> {
    for (let attempt = 0; ; attempt += 1) {
      if (attempt > 0) await sleep(firstPauseMs * 2 ** attempt * (0.5 + Math.random() / 2));
      const mayRepeat = attempt < repeats;
      try {
        const reply = await this.#try(request, attempt);
        const busy = request.repeatable && (reply.status >= 500 || request.isBusy?.(reply));
        if (!busy || !mayRepeat) return reply;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (!mayRepeat || (error.wasSent && !request.repeatable)) throw unavailable(request, error);
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
      this.observe?.({
        platform: request.platform,
        call: request.call,
        outcome,
        ...(status !== undefined && { status }),
        durationMs: performance.now() - startedAt,
        attempt,
      });
    try {
      const reply = await this.#send(request);
      note(request.isBusy?.(reply) ? 'busy' : 'answered', reply.status);
      return reply;
    } catch (error) {
      const failed = error instanceof NoAnswer ? error : noAnswer(error);
      note(failed.outcome);
      throw failed;
    }
  }

  async #send(request: OutboundRequest): Promise<OutboundReply> {
    // One limit for the whole try: a server that drips its answer is as late as one that says nothing.
    const { statusCode, body } = await this.#dispatcher.request({
      origin: request.url.origin,
      path: request.url.pathname + request.url.search,
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.json !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      body: request.json === undefined ? null : JSON.stringify(request.json),
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await readCapped(body);
    if (statusCode >= 300 && statusCode < 400)
      throw new NoAnswer('unreadable', true, `a redirect (${statusCode})`);
    try {
      return { status: statusCode, body: JSON.parse(text) as unknown };
    } catch {
      throw new NoAnswer('unreadable', true, `an answer that is not JSON (HTTP ${statusCode})`);
    }
  }
}

async function readCapped(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largestBody)
      throw new NoAnswer('unreadable', true, 'an answer larger than a megabyte');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function noAnswer(error: unknown): NoAnswer {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError')
    return new NoAnswer('no-answer', true, 'no answer within five seconds');
  return new NoAnswer(
    'no-answer',
    !unsent.has(code ?? ''),
    `no connection (${code ?? name ?? 'unknown'})`,
  );
}

function unavailable(request: OutboundRequest, error: NoAnswer): AppError {
  return new AppError(
    'platform_unavailable',
    'The platform cannot be reached right now. Please try again.',
    {
      operator: {
        call: request.call,
        platformMessage: error.message,
        fix: 'Check that this host can reach the platform (DNS, firewall, OUTBOUND_PROXY), and the platform\u2019s status page.',
      },
    },
  );
}
