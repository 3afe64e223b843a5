import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

import type { TestCaddy } from '../fixtures/caddy.js';
import { freePort } from '../fixtures/ports.js';

/** What a Caddy said about requests, a line of JSON each. */
export function accessLog({ output }: TestCaddy): readonly Readonly<Record<string, unknown>>[] {
  return output
    .split('\n')
    .filter((line) => line.includes('"http.log.'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A request as a replica saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
}

/** Stands for a replica: answers its number, and remembers what it was asked beside its readiness. */
export class Replica {
  readonly seen: Seen[] = [];
  isReady = true;
  #server: Server | undefined;

  readonly url: string;

  private constructor(
    readonly name: string,
    private readonly port: number,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(name: string): Promise<Replica> {
    const replica = new Replica(name, await freePort());
    await replica.startAgain();
    return replica;
  }

  async startAgain(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (request.url === '/health/ready') {
        response.writeHead(this.isReady ? 200 : 503).end();
        return;
      }
      const { method = '', url = '', headers } = request;
      let bytes = 0;
      const isImport = url.startsWith('/api/v1/accounts/import');
      // As an import does: the answer begins with the first piece of the request.
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (isImport) response.write(`${chunk.length}\n`);
      });
      request.on('end', () => {
        this.seen.push({ method, url, headers, bytes });
        if (!isImport)
          response.setHeader('Location', 'https://app.example.com/cb?code=SECRET-location');
        response.end(this.name);
      });
      request.on('error', () => undefined);
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** It is gone at once, and its port refuses. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
