import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { OutboundRequest } from '../http-client.js';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** JSON, whatever the content type says. */
export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response
      .writeHead(status, { 'content-type': 'text/plain', ...headers })
      .end(JSON.stringify(body));

/** The connection ends without an answer. */
export const dropped: Answer = (response) => void response.destroy();

/** A real server on this machine, in a platform's place. */
export class Loopback {
  readonly received: string[] = [];
  #answers: Answer[] = [];

  private constructor(readonly server: Server) {}

  static async start(): Promise<Loopback> {
    const server = createServer((request, response) => {
      loopback.received.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const answers = loopback.#answers;
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response, request);
    });
    const loopback = new Loopback(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return loopback;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get host(): string {
    return new URL(this.origin).host;
  }

  /** Gives the answers in turn, and the last one from then on. */
  answering(...answers: Answer[]): void {
    this.#answers = answers;
  }

  request(over: Partial<OutboundRequest> = {}): OutboundRequest {
    return {
      platform: 'wecom-self-built',
      call: 'gettoken',
      method: 'GET',
      url: new URL('/cgi-bin/gettoken?corpsecret=hunter2', this.origin),
      repeatable: true,
      ...over,
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
