import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { root } from './files.js';

const file = join(root, 'deploy/caddy/Caddyfile');

/** What Caddy makes of our configuration, as JSON; nothing is started. */
export function adapt(env: Readonly<Record<string, string>>): string {
  const words = ['adapt', '--adapter', 'caddyfile', '--config', file];
  return execFileSync('caddy', words, { env, encoding: 'utf8', stdio: 'pipe' });
}

/** A real Caddy with our configuration, and everything that it wrote. */
export class Proxy {
  output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  static async start(env: Readonly<Record<string, string>>): Promise<Proxy> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-proxy-'));
    const child = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        HTTP_PORT: String(await freePort()),
        ...env,
      },
    });
    const proxy = new Proxy(child, folder);
    await eventually(() => {
      if (!proxy.output.includes('serving initial configuration'))
        throw new Error(`Caddy does not serve: ${proxy.output.slice(-2000)}`);
    });
    return proxy;
  }

  /** What was said about requests. */
  get accessLog(): readonly Readonly<Record<string, unknown>>[] {
    return this.output
      .split('\n')
      .filter((line) => line.includes('"http.log.'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
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

  private constructor(
    readonly name: string,
    readonly port: number,
  ) {}

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
