import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { SandboxClock } from '../clock.js';
import type { Faults, Strike } from '../faults.js';
import type { RequestLog } from '../request-log.js';
import { matchCall, type PlatformHost } from './platform-host.js';
import { emptyReply, type Reply } from './reply.js';
import type { SandboxRequest } from './request.js';

const MAX_BODY_BYTES = 1_000_000;

const HTML_ERROR: Reply = {
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
};

export interface ServerParts {
  readonly hosts: readonly PlatformHost[];
  /** One host that has the whole port, where its client takes no path. */
  readonly root?: PlatformHost;
  /** Answers what is under no platform's host: the control pages. */
  control(request: SandboxRequest): Promise<Reply>;
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly log: RequestLog;
}

/** One port for every host: the first segment of the path says which platform host is meant. */
export function createSandboxServer(parts: ServerParts): Server {
  const hosts = new Map(parts.hosts.map((host) => [host.name, host]));
  return createServer((incoming, outgoing) => {
    serve(parts, hosts, incoming, outgoing).catch((error: unknown) => {
      console.error('sandbox: a call failed', error);
      if (!outgoing.headersSent) send(outgoing, emptyReply(500));
    });
  });
}

async function serve(
  parts: ServerParts,
  hosts: ReadonlyMap<string, PlatformHost>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await readBody(incoming);
  if (body === undefined) {
    incoming.destroy();
    return;
  }
  const url = new URL(incoming.url ?? '/', 'http://sandbox');
  const [, first = ''] = url.pathname.split('/');
  const host = parts.root ?? hosts.get(first);
  const request: SandboxRequest = {
    method: incoming.method ?? 'GET',
    path: host && !parts.root ? url.pathname.slice(first.length + 1) || '/' : url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    ip: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    body,
    params: {},
  };
  if (host) await serveHost(parts, host, request, outgoing);
  else send(outgoing, await parts.control(request));
}

async function serveHost(
  parts: ServerParts,
  host: PlatformHost,
  request: SandboxRequest,
  outgoing: ServerResponse,
): Promise<void> {
  const match = matchCall(host, request.method, request.path);
  parts.log.count(match.name);
  const strike = parts.faults.strike({
    host: host.name,
    name: match.name,
    takesToken: match.call?.takesToken ?? false,
    isPage: host.speaks === 'html',
  });
  if (strike.delayMs > 0) await sleep(strike.delayMs, undefined, { ref: false });

  const reply =
    struck(host, request, strike) ??
    (strike.kind === 'down'
      ? undefined
      : match.call
        ? await match.call.answer({ ...request, params: match.params })
        : host.unmatched(request, match.reason === 'method' ? 'method' : 'path'));
  const isCut = strike.kind === 'down' || strike.kind === 'lost';
  parts.log.add({
    at: new Date(parts.clock.now()).toISOString(),
    method: request.method,
    call: match.name,
    status: isCut ? 0 : (reply?.status ?? 0),
    outcome: isCut ? strike.kind : (reply?.outcome ?? 'ok'),
  });
  if (isCut || !reply) outgoing.destroy();
  else send(outgoing, strike.kind === 'half-json' ? halfOf(reply) : reply);
}

/** The answer that stands in place of the call, if the fault is of that sort. */
function struck(host: PlatformHost, request: SandboxRequest, { kind }: Strike): Reply | undefined {
  switch (kind) {
    case 'html':
      return { ...HTML_ERROR, outcome: 'html' };
    case 'busy':
    case 'rate-limit':
    case 'token-invalid':
    case 'ip-not-allowed':
      return host.refuse(kind, request);
    default:
      return undefined;
  }
}

function halfOf(reply: Reply): Reply {
  return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) };
}

function send(outgoing: ServerResponse, reply: Reply): void {
  outgoing.writeHead(reply.status, {
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body).toString(),
  });
  outgoing.end(reply.body);
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
