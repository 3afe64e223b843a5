import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { caddyHere, TestCaddy } from '../fixtures/caddy.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { accessLog, Replica } from './stand-in-replica.js';

/** Whether there is a certificate yet. */
async function greet(site: string): Promise<void> {
  const { hostname, port } = new URL(site);
  const socket = connectTls({
    host: hostname,
    servername: hostname,
    port: Number(port),
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect').finally(() => socket.destroy());
}

interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

/** An answer, with the path exactly as it is given. */
async function ask(
  site: string,
  path: string,
  { body, ...options }: Question = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { hostname, port } = new URL(site);
  const sent = request({ hostname, port, path, agent: false, ...options });
  // A length without a body: it is answered before any of it is sent.
  if (options.headers?.['content-length'] === undefined) sent.end(body);
  else sent.flushHeaders();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const read = {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: await text(answer),
  };
  sent.destroy();
  return read;
}

(caddyHere ? describe : describe.skip)('the proxy, in front of two replicas', () => {
  let replicas: Replica[];
  let proxy: TestCaddy;
  let site: string;

  beforeAll(async () => {
    replicas = await Promise.all([Replica.start('one'), Replica.start('two')]);
    site = `http://127.0.0.1:${await freePort()}`;
    proxy = await TestCaddy.start(
      site,
      replicas.map(({ url }) => url),
    );
  });
  afterAll(async () => {
    await proxy.stop();
    await Promise.all(replicas.map((replica) => replica.stop()));
  });
  beforeEach(async () => {
    for (const replica of replicas) replica.isReady = true;
    await eventually(async () => expect(await whoAnswers()).toEqual(['one', 'two']));
    for (const replica of replicas) replica.seen.length = 0;
  });

  /** Who answers ten requests in a row, without a fault. */
  async function whoAnswers(): Promise<string[]> {
    const names = new Set<string>();
    for (let count = 0; count < 10; count += 1) {
      const answer = await ask(site, '/');
      expect(answer.status).toBe(200);
      names.add(answer.body);
    }
    return [...names].sort();
  }

  const seen = (): Replica['seen'] => replicas.flatMap((replica) => replica.seen);

  it('sends nothing new to a replica that is not ready, and comes back to it', async () => {
    replicas[0]!.isReady = false;
    await eventually(async () => expect(await whoAnswers()).toEqual(['two']), 3000);
    replicas[0]!.isReady = true;
    await eventually(async () => expect(await whoAnswers()).toEqual(['one', 'two']), 3000);
  });

  it('loses no request where a replica is gone without a word', async () => {
    await replicas[1]!.stop();
    expect(await whoAnswers()).toEqual(['one']);
    expect(await whoAnswers()).toEqual(['one']);
    await replicas[1]!.startAgain();
  });

  it('says that nobody is there, where nobody is', async () => {
    for (const replica of replicas) replica.isReady = false;
    await eventually(async () => {
      const answer = await ask(site, '/token', { method: 'POST' });
      expect(answer).toMatchObject({ status: 503, body: '503 Service Unavailable' });
      expect(answer.headers['cache-control']).toBe('no-store');
    }, 3000);
  });

  it('believes nobody who they are and what their request is called', async () => {
    const answer = await ask(site, '/login/abc?x=1', {
      headers: {
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'evil.example.com',
        'x-request-id': 'chosen-by-a-stranger',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
        host: new URL(site).host,
      },
    });
    expect(seen()).toHaveLength(1);
    expect(seen()[0]).toMatchObject({ method: 'GET', url: '/login/abc?x=1' });
    expect(seen()[0]?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': new URL(site).host,
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(Object.keys(seen()[0]?.headers ?? {}).filter((name) => /^trace/.test(name))).toEqual([]);
    expect(answer.headers['server']).toBeUndefined();
  });

  it.each([
    '/metrics',
    '/METRICS',
    '/metrics/',
    '//metrics',
    '/%6detrics',
    '/./metrics',
    '/a/../metrics',
    '/metrics?x=1',
    '/health/ready',
    '/health/live',
    '/health',
  ])('shows nobody outside %s', async (path) => {
    expect((await ask(site, path)).status).toBe(404);
    expect(seen()).toEqual([]);
  });

  it.each([
    ['at once, where its length is told', { 'content-length': '1100000' }],
    ['on the way, where it is not', { 'transfer-encoding': 'chunked' }],
  ])('refuses a body of more than a megabyte %s, and goes on', async (_how, headers) => {
    const body = Buffer.alloc(1_100_000);
    for (let count = 0; count < 4; count += 1)
      expect((await ask(site, '/token', { method: 'POST', headers, body })).status).toBe(413);
    expect(seen()).toEqual([]);
    // No replica was blamed for it.
    expect(await whoAnswers()).toEqual(['one', 'two']);
  });

  it('refuses an import by HTTP/1, which would lose a part of it', async () => {
    const answer = await ask(site, '/api/v1/accounts/import', { method: 'POST' });
    expect(answer.status).toBe(505);
    expect(seen()).toEqual([]);
  });

  it('logs one line of JSON for each request, without queries, headers and tickets', async () => {
    const before = accessLog(proxy).length;
    const headers = {
      cookie: 'session=SECRET-cookie',
      authorization: 'Bearer SECRET-token',
      referer: 'https://x.example.com/?code=SECRET-referer',
    };
    const paths = [
      '/callback/dingtalk?authCode=SECRET-code&state=SECRET-state',
      '/install/SECRET-ticket',
      '/bind/SECRET-ticket/sign-in?x=SECRET-x',
      '/bind/confirm/SECRET-id',
      '/bind/again/SECRET-id',
      '/bind/cancel/SECRET-id',
      '/authorize/SECRET-uid',
      '/login/SECRET-uid/wecom-hq',
      '/continue/SECRET-id',
      '/api/v1/accounts?phone=SECRET-phone',
      '/metrics?token=SECRET-metrics',
    ];
    for (const path of paths) await ask(site, path, { headers });
    for (const replica of replicas) replica.isReady = false;
    await eventually(async () =>
      expect((await ask(site, '/token?SECRET-query', { method: 'POST', headers })).status).toBe(
        503,
      ),
    );
    await eventually(() => expect(accessLog(proxy).at(-1)).toMatchObject({ status: 503 }));
    const lines = accessLog(proxy).slice(before);
    const uris = lines.map(({ request: asked }) => (asked as { uri: string }).uri);
    expect(uris.slice(0, paths.length)).toEqual([
      '/callback/dingtalk',
      '/install/',
      '/bind//sign-in',
      '/bind/confirm/',
      '/bind/again/',
      '/bind/cancel/',
      '/authorize/',
      '/login//wecom-hq',
      '/continue/',
      '/api/v1/accounts',
      '/metrics',
    ]);
    expect(lines[0]).toMatchObject({
      msg: 'handled request',
      status: 200,
      request: { remote_ip: '127.0.0.1', method: 'GET' },
    });
    expect(lines.at(-1)).toMatchObject({ status: 503, request: { uri: '/token' } });
    expect(proxy.output).not.toContain('SECRET');
  });
});

(caddyHere ? describe : describe.skip)('the proxy, told of more', () => {
  let replica: Replica;

  beforeAll(async () => {
    replica = await Replica.start('one');
  });
  afterAll(() => replica.stop());

  it('passes on what a trusted proxy before it says', async () => {
    const site = `http://127.0.0.1:${await freePort()}`;
    const proxy = await TestCaddy.start(site, [replica.url], {
      TRUSTED_PROXIES: '10.0.0.0/8 127.0.0.0/8',
    });
    try {
      await ask(site, '/', { headers: { 'x-forwarded-for': '203.0.113.7' } });
      expect(replica.seen.at(-1)?.headers['x-forwarded-for']).toBe('203.0.113.7, 127.0.0.1');
    } finally {
      await proxy.stop();
    }
  });

  it('takes commands where the health check of the compose file asks', async () => {
    const [site, admin] = [`http://127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const proxy = await TestCaddy.start(site, [replica.url], { CADDY_ADMIN: admin });
    try {
      const answer = await fetch(`http://${admin}/reverse_proxy/upstreams`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject([{ address: new URL(replica.url).host }]);
    } finally {
      await proxy.stop();
    }
  });

  it('brings an import over whole by HTTP/2, which it speaks where it ends TLS', async () => {
    const site = `https://localhost:${await freePort()}`;
    const proxy = await TestCaddy.start(site, [replica.url], { SITE_TLS: 'tls internal' });
    try {
      await eventually(() => greet(site));
      const session = connectHttp2(site, { rejectUnauthorized: false });
      const stream = session.request({
        ':method': 'POST',
        ':path': '/api/v1/accounts/import',
        'content-type': 'application/x-ndjson',
      });
      const answered = text(stream);
      for (let piece = 0; piece < 30; piece += 1)
        if (!stream.write(Buffer.alloc(100_000))) await once(stream, 'drain');
      stream.end();
      expect(await answered).toMatch(/\none$/);
      expect(replica.seen.at(-1)?.bytes).toBe(3_000_000);
      session.close();
    } finally {
      await proxy.stop();
    }
  });
});
