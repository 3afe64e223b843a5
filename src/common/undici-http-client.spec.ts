import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { AppError } from './app-error.js';
import type { OutboundRequest } from './http-client.js';
import type { OutboundEvent } from './outbound-event.js';
import { Secret } from './secret.js';
import { type Answer, json, Loopback } from './testing/loopback.js';
import { UndiciHttpClient } from './undici-http-client.js';

let platform: Loopback;
let http: UndiciHttpClient;
let events: OutboundEvent[];

async function failure(over: Partial<OutboundRequest> = {}): Promise<AppError> {
  const error: unknown = await http
    .requestJson(platform.request(over))
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error('expected an AppError', { cause: error });
  expect(error.code).toBe('platform_unavailable');
  expect(error.operator?.call).toBe('gettoken');
  expect(JSON.stringify([error.message, error.operator, error.stack, events])).not.toContain(
    'hunter2',
  );
  return error;
}

beforeEach(async () => {
  events = [];
  platform = await Loopback.start();
  http = new UndiciHttpClient({ observe: (event) => events.push(event) });
});

afterEach(async () => {
  await http.close();
  await platform.stop();
});

describe('an answer', () => {
  it('is read as JSON whatever its content type and status', async () => {
    platform.answering(json({ errcode: 40029 }), json({ code: 'invalidCode' }, 400));

    expect(await http.requestJson(platform.request())).toEqual({
      status: 200,
      body: { errcode: 40029 },
    });
    expect(await http.requestJson(platform.request())).toEqual({
      status: 400,
      body: { code: 'invalidCode' },
    });
    expect(events.map(({ outcome, code, status }) => ({ outcome, code, status }))).toEqual([
      { outcome: 'answered', code: 'ok', status: 200 },
      { outcome: 'answered', code: 'HTTP 400', status: 400 },
    ]);
  });

  it('is read with a byte order mark in front', async () => {
    platform.answering((response) => response.end('\uFEFF{"errcode":0}'));
    expect((await http.requestJson(platform.request())).body).toEqual({ errcode: 0 });
  });

  it.each([
    ['a page', '<html>welcome to the hotel wifi</html>'],
    ['half a JSON', '{"errcode":0,"access_'],
    ['nothing', ''],
  ])('that is %s means that the platform is unavailable', async (_name, body) => {
    platform.answering((response) =>
      response.setHeader('content-type', 'application/json').end(body),
    );
    const error = await failure();
    expect(error.operator?.platformMessage).toBe('an answer that is not JSON (HTTP 200)');
    expect(platform.received).toHaveLength(1);
  });

  it('that redirects is not followed', async () => {
    platform.answering((response) => response.writeHead(302, { location: '/elsewhere' }).end('{}'));
    expect((await failure()).operator?.platformMessage).toBe('a redirect (HTTP 302)');
    expect(platform.received).toEqual(['GET /cgi-bin/gettoken?corpsecret=hunter2']);
  });

  it('of more than a megabyte is not read to its end', async () => {
    let written = 0;
    platform.answering((response) => {
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
    platform.answering(json('x'.repeat(1024 * 1024 - 2)));
    expect((await http.requestJson(platform.request())).body).toHaveLength(1024 * 1024 - 2);
  });
});

describe('a request', () => {
  it('carries its headers and its JSON', async () => {
    let body = '';
    let headers: IncomingMessage['headers'] = {};
    platform.answering((response, incoming) => {
      headers = incoming.headers;
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
      incoming.on('end', () => response.end('{}'));
    });
    await http.requestJson(
      platform.request({ method: 'POST', json: { appKey: '令' }, headers: { 'x-acs-token': 't' } }),
    );
    expect(body).toBe('{"appKey":"令"}');
    expect(headers['content-type']).toBe('application/json');
    expect(headers['x-acs-token']).toBe('t');
  });

  it('uses its connections again', async () => {
    let connections = 0;
    platform.server.on('connection', () => (connections += 1));
    platform.answering(json({}));
    for (let call = 0; call < 20; call += 1) await http.requestJson(platform.request());
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
    platform.answering(json({ errcode: 0 }));

    expect((await proxied.requestJson(platform.request())).body).toEqual({ errcode: 0 });
    expect(targets).toEqual([`${new URL(platform.origin).host} Basic b3BzOnB3`]);
    await proxied.close();
    proxy.close();
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
    platform.answering((response, incoming) => {
      const path = incoming.url ?? '';
      asked[path] = (asked[path] ?? 0) + 1;
      if (path === '/recovers' && asked[path] > 1) json({ ok: 1 })(response, incoming);
      else (path === '/drips' ? dripping : silent)(response, incoming);
    });
    const startedAt = performance.now();
    const left = async (path: string): Promise<number> => {
      const error = await failure({ url: new URL(path, platform.origin), repeatable: false });
      expect(error.operator?.platformMessage).toBe('no answer within five seconds');
      return (performance.now() - startedAt) / 1000;
    };
    const [silence, drip, recovered] = await Promise.all([
      left('/says-nothing'),
      left('/drips'),
      http.requestJson(platform.request({ url: new URL('/recovers', platform.origin) })),
    ]);

    for (const seconds of [silence, drip]) {
      expect(seconds).toBeGreaterThan(4.5);
      // A second try would end after ten.
      expect(seconds).toBeLessThan(9.5);
    }
    expect(recovered.body).toEqual({ ok: 1 });
    expect(asked).toEqual({ '/says-nothing': 1, '/drips': 1, '/recovers': 2 });
  });
});

describe('the end', () => {
  it('does not wait for connections that are kept alive', async () => {
    platform.answering(json({}));
    await http.requestJson(platform.request());
    const startedAt = performance.now();
    await http.close();

    // Connections are kept for seconds.
    expect(performance.now() - startedAt).toBeLessThan(2500);
    await expect(http.requestJson(platform.request())).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
    expect(platform.received).toHaveLength(1);
  });

  it('lets a call that is under way have its answer', async () => {
    platform.answering((response, incoming) => {
      setTimeout(() => json({ ok: 1 })(response, incoming), 300);
    });
    const call = http.requestJson(platform.request());
    await once(platform.server, 'request');
    await http.close();

    expect(await Promise.race([call, sleep(2000, 'still waiting', { ref: false })])).toEqual({
      status: 200,
      body: { ok: 1 },
    });
  });
});
