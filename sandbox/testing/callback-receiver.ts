import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { decrypt, getSignature } from '@wecom/crypto';

import type { CallbackPair } from '../wecom-provider/world.js';

/** A callback as a receiver understands it, by an implementation that is not ours. */
export interface Received {
  readonly path: string;
  readonly isSigned: boolean;
  readonly message: string;
  readonly receiveId: string;
  readonly toUserName: string;
  readonly agentId: string | undefined;
  readonly query: Readonly<Record<string, string>>;
}

/** What the receiver answers a POST with; `never` lets the sender wait. */
export type Answer = { readonly status?: number; readonly body: string } | 'never';

/** A small receiver of callbacks: answers URL checks rightly, and everything else as it is told. */
export class CallbackReceiver {
  readonly received: Received[] = [];
  answer: (received: Received) => Answer = () => ({ body: 'success' });
  /** What is answered to a URL check. */
  echo: (plain: string) => string = (plain) => plain;
  url = '';
  readonly #server: Server;

  constructor(private readonly pair: CallbackPair) {
    this.#server = createServer((request, response) => {
      void this.#take(request).then((answer) => {
        if (answer === 'never') return;
        response.writeHead(answer.status ?? 200).end(answer.body);
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** The latest message. */
  get last(): Received | undefined {
    return this.received.at(-1);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url ?? '/', 'http://receiver');
    const query = Object.fromEntries(url.searchParams);
    const encrypted = request.method === 'GET' ? (query['echostr'] ?? '') : cdata(body, 'Encrypt');
    const { msg_signature = '', timestamp = '', nonce = '' } = query;
    const opened = open(this.pair, encrypted);
    const received: Received = {
      path: url.pathname,
      isSigned: msg_signature === getSignature(this.pair.token, timestamp, nonce, encrypted),
      message: opened.message,
      receiveId: opened.id,
      toUserName: cdata(body, 'ToUserName'),
      agentId: /<AgentID>/.test(body) ? cdata(body, 'AgentID') : undefined,
      query,
    };
    this.received.push(received);
    return request.method === 'GET' ? { body: this.echo(received.message) } : this.answer(received);
  }
}

/** The text of an element, trimmed. */
export function cdata(xml: string, name: string): string {
  const content = new RegExp(`<${name}>([^]*?)</${name}>`).exec(xml)?.[1] ?? '';
  return content
    .trim()
    .replace(/^<!\[CDATA\[/, '')
    .replace(/\]\]>$/, '');
}

function open(pair: CallbackPair, encrypted: string): { message: string; id: string } {
  try {
    return decrypt(pair.aesKey, encrypted);
  } catch {
    return { message: '', id: '' };
  }
}
