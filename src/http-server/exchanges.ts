import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { problemBody } from './connection-problem.js';
import { mayTakeLong } from './long-bodies.js';

/** One request with its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAtMs: number;
  isAnswered: boolean;
}

/** The requests that are under way: which of them take too long to arrive, and which is the last on its connection. */
export class Exchanges {
  readonly #open = new Set<Exchange>();
  #isDraining = false;

  /** @param bodyMs how long a body may take */
  constructor(private readonly bodyMs: number) {}

  /** How many are not answered yet. */
  get unanswered(): number {
    return [...this.#open].filter(({ isAnswered }) => !isAnswered).length;
  }

  /** Whether a part of an answer is on its way there: anything else that is written would be taken for more of it. */
  isMidAnswer(connection: Duplex): boolean {
    return [...this.#open].some(
      ({ request, response, isAnswered }) =>
        !isAnswered && request.socket === connection && response.headersSent,
    );
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    const startedAtMs = performance.now();
    const exchange: Exchange = { request, response, startedAtMs, isAnswered: false };
    this.#open.add(exchange);
    // Node writes `Connection: close`, and closes after the answer.
    if (this.#isDraining) response.shouldKeepAlive = false;
    response.once('close', () => {
      exchange.isAnswered = true;
      // An answer may come before its request has arrived whole: the rest of it is still waited for.
      if (hasArrived(request)) this.#open.delete(exchange);
    });
  }

  /** From now on every answer is the last on its connection. */
  drain(): void {
    this.#isDraining = true;
    for (const { response } of this.#open)
      if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /** Ends what takes too long to arrive. */
  check(): void {
    const latestMs = performance.now() - this.bodyMs;
    for (const exchange of this.#open) {
      const { request, startedAtMs, isAnswered } = exchange;
      if (hasArrived(request)) {
        if (isAnswered) this.#open.delete(exchange);
      } else if (startedAtMs <= latestMs && (isAnswered || !mayTakeLong(request))) {
        this.#end(exchange);
      }
    }
  }

  #end(exchange: Exchange): void {
    const { request, response } = exchange;
    this.#open.delete(exchange);
    if (response.headersSent) {
      request.socket.destroy();
      return;
    }
    const headers = { Connection: 'close', 'Cache-Control': 'no-store' };
    response.writeHead(408, { ...headers, 'Content-Type': 'application/problem+json' });
    // The rest is not waited for; whoever reads it learns that it ended here.
    response.end(problemBody(408), () => request.destroy());
  }
}

function hasArrived(request: IncomingMessage): boolean {
  return request.complete || request.socket.destroyed;
}
