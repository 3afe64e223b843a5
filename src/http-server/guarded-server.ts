import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { problemAnswer, problemOf } from './connection-problem.js';
import { Exchanges } from './exchanges.js';
import type { HttpLimits } from './http-limits.js';

/** How long the sender of what was refused may take to read so. */
const lingerMs = 500;

/**
 * The HTTP server that everything arrives at. It owns how long a caller may take and how much they may send before anybody reads it, and
 * how the server comes to its end: it lets go of connections one answer at a time, stops listening, and cuts off what is left.
 */
export class GuardedServer {
  readonly server: Server;
  readonly #exchanges: Exchanges;
  /** Those on which nothing was asked yet: a browser's or a proxy's stock. */
  readonly #unused = new Set<Socket>();
  #closed: Promise<void> | undefined;

  constructor(
    private readonly limits: HttpLimits,
    answer: RequestListener,
  ) {
    this.#exchanges = new Exchanges(limits.bodyMs);
    this.server = createServer(
      {
        headersTimeout: limits.headersMs,
        // Node's own limit knows no exceptions; `Exchanges` measures bodies one by one.
        requestTimeout: 0,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: limits.checkEveryMs,
        maxHeaderSize: limits.headerBytes,
        // A caller whose machine vanished says no goodbye.
        keepAlive: true,
      },
      (request, response) => {
        this.#unused.delete(request.socket);
        this.#exchanges.begin(request, response);
        answer(request, response);
      },
    );
    this.server.timeout = limits.silenceMs;
    // Their size is the limit: beyond a number Node drops the last ones, and those are what the proxy wrote.
    this.server.maxHeadersCount = 0;
    this.server.maxConnections = limits.connections;
    this.#guard();
  }

  /** How many requests are not answered yet. */
  get unanswered(): number {
    return this.#exchanges.unanswered;
  }

  /** Every answer from now on ends its connection, so that whoever keeps one turns to another replica in good order. */
  drain(): void {
    this.#exchanges.drain();
  }

  /** Takes no more connections. @returns when what is under way has ended */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.drain();
      for (const socket of this.#unused) if (socket.bytesRead === 0) socket.destroy();
      this.server.close(() => resolve());
    });
    return this.#closed;
  }

  /** Cuts off whoever is still there. */
  cutOff(): void {
    this.server.closeAllConnections();
  }

  #guard(): void {
    const { server } = this;
    server.on('connection', (socket: Socket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    server.on('clientError', (error, socket) => this.#refuse(error, socket));
    const checks = setInterval(() => {
      this.#exchanges.check();
      // An answer that was begun before the end leaves its connection open.
      if (this.#closed) server.closeIdleConnections();
    }, this.limits.checkEveryMs).unref();
    server.once('close', () => clearInterval(checks));
  }

  /** Answers what is no request, and ends the connection. */
  #refuse(error: NodeJS.ErrnoException, connection: Duplex): void {
    if (error.code === 'ECONNRESET' || this.#exchanges.isMidAnswer(connection)) {
      connection.destroy();
      return;
    }
    // What still comes meanwhile is no better, and is not answered again.
    if (!connection.writable) return;
    connection.end(problemAnswer(problemOf(error.code)));
    // To close at once while more arrives would take the answer away again.
    const linger = setTimeout(() => connection.destroy(), lingerMs).unref();
    connection.once('close', () => clearTimeout(linger));
  }
}
