import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { JWK } from 'jose';

/** What the way to the key set does: answers, breaks off, answers with an error, or with a page of something else. */
export type GateState = 'open' | 'broken' | 'error' | 'page';

/** A way to a service's key set that counts who comes, adds keys, and can be closed. */
export class KeyGate {
  state: GateState = 'open';
  asked = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(issuer: string, moreKeys: readonly JWK[] = []): Promise<KeyGate> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const gate = new KeyGate(server, `http://127.0.0.1:${port}/jwks.json`);
    server.on('request', (_request, response) => {
      gate.asked += 1;
      if (gate.state === 'broken') return void response.destroy();
      if (gate.state === 'error') return void response.writeHead(502).end('{"error":"bad"}');
      if (gate.state === 'page') return void response.end('<!doctype html><p>Sign in first');
      void keySetOf(issuer).then((keys) => {
        response
          .setHeader('Content-Type', 'application/jwk-set+json')
          .setHeader('Cache-Control', 'public, max-age=300')
          .end(JSON.stringify({ keys: [...keys, ...moreKeys] }));
      });
    });
    return gate;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function keySetOf(issuer: string): Promise<JWK[]> {
  const answer = await fetch(`${issuer}/.well-known/jwks.json`);
  return ((await answer.json()) as { keys: JWK[] }).keys;
}
