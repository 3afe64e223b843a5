import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { AppError } from './app-error.js';
import type { OutboundRequest } from './http-client.js';
import { Secret } from './secret.js';
import { type OutboundEvent, UndiciHttpClient } from './undici-http-client.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (body: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/plain' }).end(JSON.stringify(body));

let server: Server;
let http: UndiciHttpClient;
let origin: string;
let answers: Answer[];
let received: string[];
let events: OutboundEvent[];

/** The server gives the answers in turn, and the last one from then on. */
function answering(...list: Answer[]): void {
  answers = list;
}

function request(over: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    platform: 'wecom-self-built',
    call: 'gettoken',
    method: 'GET',
    url: new URL('/cgi-bin/gettoken?corpsecret=hunter2', origin),
    repeatable: true,
    ...over,
  };
}

async function failure(over: Partial<OutboundRequest> = {}): Promise<AppError> {
  const error: unknown = await http.requestJson(request(over)).catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error('expected an AppError', { cause: error });
  expect(error.code).toBe('platform_unavailable');
  expect(error.operator?.call).toBe('gettoken');
  expect(JSON.stringify([error.message, error.operator, error.stack, events])).not.toContain(
    'hunter2',
  );
  return error;
}

beforeEach(async () => {
  received = [];
  events = [];
  server = createServer((incoming, response) => {
    received.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response, incoming);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = new UndiciHttpClient({ observe: (event) => events.push(event) });
});

afterEach(async () => {
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('an answer', () => {
  it('is read as JSON whatever its content type and status', async () => {
    answering(json({ errcode: 40029 }), json({ code: 'invalidCode' }, 400));

    expect(await http.requestJson(request())).toEqual({ status: 200, body: { errcode: 40029 } });
    expect(await http.requestJson(request())).toEqual({
      status: 400,
      body: { code: 'invalidCode' },
    });
    expect(events.map(({ outcome, status, attempt }) => ({ outcome, status, attempt }))).toEqual([
      { outcome: 'answered', status: 200, attempt: 0 },
      { outcome: 'answered', status: 400, attempt: 0 },
    ]);
  });

  it('is read with a byte order mark in front', async () => {
    answering((response) => response.end('\uFEFF{"errcode":0}'));
    expect((await http.requestJson(request())).body).toEqual({ errcode: 0 });
  });

  it.each([
    ['a page', '<html>welcome to the hotel wifi</html>'],
    ['half a JSON', '{"errcode":0,"access_'],
    ['nothing', ''],
  ])('that is %s means that the platform is unavailable', async (_name, body) => {
    answering((response) => response.setHeader('content-type', 'application/json').end(body));
    const error = await failure();
    expect(error.operator?.platformMessage).toBe('an answer that is not JSON (HTTP 200)');
    expect(received).toHaveLength(1);
  });

  it('that redirects is not followed', async () => {
    answering((response) => response.writeHead(302, { location: '/elsewhere' }).end('{}'));
    expect((await failure()).operator?.platformMessage).toBe('a redirect (HTTP 302)');
    expect(received).toEqual(['GET /cgi-bin/gettoken?corpsecret=hunter2']);
  });

  it('of more than a megabyte is not read to its end', async () => {
    let written = 0;
    answering((response) => {
      const more = (): void => {
        while (!response.destroyed && written < 64 * 1024 * 1024) {
          written += 65_536;
          if (!response.write('x'.repeat(65_536))) return void response.once('drain', more);
        }
      };
      more();
    });
    expect((await failure()).operator?.platformMessage).toBe('an answer larger than a megabyte');
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('of just a megabyte is read', async () => {
    answering(json('x'.repeat(1024 * 1024 - 2)));
    expect((await http.requestJson(request())).body).toHaveLength(1024 * 1024 - 2);
  });
});

describe('a request', () => {
  it('carries its headers and its JSON', async () => {
    let body = '';
    let headers: IncomingMessage['headers'] = {};
    answering((response, incoming) => {
      headers = incoming.headers;
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
      incoming.on('end', () => response.end('{}'));
    });
    await http.requestJson(
      request({ method: 'POST', json: { appKey: '令' }, headers: { 'x-acs-token': 't' } }),
    );
    expect(body).toBe('{"appKey":"令"}');
    expect(headers['content-type']).toBe('application/json');
    expect(headers['x-acs-token']).toBe('t');
  });

  it('uses its connections again', async () => {
    let connections = 0;
    server.on('connection', () => (connections += 1));
    answering(json({}));
    for (let call = 0; call < 20; call += 1) await http.requestJson(request());
    expect(connections).toBeLessThanOrEqual(2);
  });

  it('goes through the proxy, where there is one', async () => {
    const targets: string[] = [];
    const proxy = createServer().on('connect', (incoming: IncomingMessage, socket, head) => {
      targets.push(`${incoming.url ?? ''} ${incoming.headers['proxy-authorization'] ?? ''}`);
      const upstream = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const { port } = proxy.address() as AddressInfo;
    const proxied = new UndiciHttpClient({ proxy: new Secret(`http://ops:pw@127.0.0.1:${port}`) });
    answering(json({ errcode: 0 }));

    expect((await proxied.requestJson(request())).body).toEqual({ errcode: 0 });
    expect(targets).toEqual([`${new URL(origin).host} Basic b3BzOnB3`]);
    await proxied.close();
    proxy.close();
  });
});

describe('repeats', () => {
  const busy = json({ errcode: -1 });
  const isBusy: OutboundRequest['isBusy'] = ({ body }) =>
    (body as { errcode: number }).errcode === -1;

  it('a busy answer until there is another one', async () => {
    answering(busy, busy, json({ errcode: 0 }));
    expect((await http.requestJson(request({ isBusy }))).body).toEqual({ errcode: 0 });
    expect(events.map((event) => event.outcome)).toEqual(['busy', 'busy', 'answered']);
    expect(events.map((event) => event.attempt)).toEqual([0, 1, 2]);
  });

  it('no more than twice, and gives the last busy answer as it is', async () => {
    answering(busy);
    expect((await http.requestJson(request({ isBusy }))).body).toEqual({ errcode: -1 });
    expect(received).toHaveLength(3);
  });

  it('a server error, readable or not', async () => {
    answering(json({}, 503), (response) => response.writeHead(502).end('<html>'), json({ ok: 1 }));
    expect((await http.requestJson(request())).body).toEqual({ ok: 1 });
  });

  it('a connection that was dropped before the answer', async () => {
    answering((response) => response.destroy(), json({ ok: 1 }));
    expect((await http.requestJson(request())).body).toEqual({ ok: 1 });
    expect(events[0]).toMatchObject({ outcome: 'no-answer', attempt: 0 });
  });

  it.each<[string, Answer]>([
    ['dropped', (response) => response.destroy()],
    ['cut off', (response) => response.writeHead(200, { 'content-length': 99 }).write('{"a":')],
    ['answered with a server error', (response) => response.writeHead(502).end('<html>')],
  ])('never a call that may not be repeated: %s', async (name, answer) => {
    answering(
      name === 'cut off'
        ? (response, incoming) => {
            answer(response, incoming);
            setTimeout(() => response.destroy(), 50);
          }
        : answer,
    );
    await failure({ repeatable: false, isBusy });
    expect(received).toHaveLength(1);
  });

  it('never asks whether a call that may not be repeated is busy', async () => {
    answering(json({ errcode: -1 }));
    const reply = await http.requestJson(request({ repeatable: false, isBusy }));
    expect(reply.body).toEqual({ errcode: -1 });
    expect(received).toHaveLength(1);
    expect(events[0]?.outcome).toBe('answered');
  });

  it('any call that never reached the server', async () => {
    const free = createTcpServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));

    const url = new URL(`http://127.0.0.1:${port}/?code=hunter2`);
    expect((await failure({ url, repeatable: false })).operator?.platformMessage).toContain(
      'ECONNREFUSED',
    );
    expect(events).toHaveLength(3);
  });

  it('any call to a host that has no address', async () => {
    const url = new URL('http://platform.invalid/?code=hunter2');
    await failure({ url, repeatable: false });
    expect(events).toHaveLength(3);
  });
});

describe('a server that is too slow', () => {
  const silent: Answer = () => undefined;
  const dripping: Answer = (response) => {
    const timer = setInterval(() => response.write(' '), 200);
    response.on('close', () => clearInterval(timer));
  };

  it('is left after five seconds, and asked again only where that is allowed', async () => {
    const asked: Record<string, number> = {};
    answering((response, incoming) => {
      const path = incoming.url ?? '';
      asked[path] = (asked[path] ?? 0) + 1;
      if (path === '/recovers' && asked[path] > 1) json({ ok: 1 })(response, incoming);
      else (path === '/drips' ? dripping : silent)(response, incoming);
    });
    const startedAt = performance.now();
    const left = async (path: string): Promise<number> => {
      const error = await failure({ url: new URL(path, origin), repeatable: false });
      expect(error.operator?.platformMessage).toBe('no answer within five seconds');
      return (performance.now() - startedAt) / 1000;
    };
    const [silence, drip, recovered] = await Promise.all([
      left('/says-nothing'),
      left('/drips'),
      http.requestJson(request({ url: new URL('/recovers', origin) })),
    ]);

    for (const seconds of [silence, drip]) {
      expect(seconds).toBeGreaterThan(4.5);
      expect(seconds).toBeLessThan(7);
    }
    expect(recovered.body).toEqual({ ok: 1 });
    expect(asked).toEqual({ '/says-nothing': 1, '/drips': 1, '/recovers': 2 });
  });
});
