import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { eventually } from '../fixtures/eventually.js';
import { handbookSite, nginxHere, TestNginx } from './nginx-process.js';
import { Replica } from './stand-in-replica.js';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const options = { host: '127.0.0.1', port, path, headers, rejectUnauthorized: false };
  const sent = request({ ...options, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

(nginxHere ? describe : describe.skip)('nginx, as the handbook has it', () => {
  let replicas: Replica[];
  let nginx: TestNginx;

  beforeAll(async () => {
    replicas = await Promise.all([Replica.start('one'), Replica.start('two')]);
    nginx = await TestNginx.start(
      handbookSite,
      replicas.map(({ url }) => url),
    );
  });
  afterAll(async () => {
    await nginx.stop();
    await Promise.all(replicas.map((replica) => replica.stop()));
  });
  beforeEach(() => {
    for (const replica of replicas) replica.seen.length = 0;
  });

  const seen = (): Replica['seen'] => replicas.flatMap((replica) => replica.seen);

  it('believes nobody who they are and what their request is called', async () => {
    const answer = await ask(nginx.port, '/login/abc?x=1', {
      host: 'id.example.com',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'http',
      'x-request-id': 'chosen-by-a-stranger',
      forwarded: 'for=203.0.113.7',
    });
    expect(answer.status).toBe(200);
    expect(seen()).toHaveLength(1);
    expect(seen()[0]).toMatchObject({ method: 'GET', url: '/login/abc?x=1' });
    expect(seen()[0]?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'id.example.com',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(seen()[0]?.headers['forwarded']).toBeUndefined();
  });

  it.each(['/metrics', '/METRICS', '/%6detrics', '/metrics/', '/health/ready', '/a/../health'])(
    'shows nobody outside %s',
    async (path) => {
      expect((await ask(nginx.port, path)).status).toBe(404);
      expect(seen()).toEqual([]);
    },
  );

  it('keeps no query and no ticket in its log', async () => {
    await ask(nginx.port, '/callback/dingtalk?authCode=SECRET-code');
    await ask(nginx.port, '/install/SECRET-ticket');
    await eventually(() => expect(nginx.accessLog).toContain('"path":"/install/"'));
    expect(nginx.accessLog).toContain('"path":"/callback/dingtalk"');
    expect(nginx.accessLog).not.toContain('SECRET');
  });

  it('goes to the other replica where one is gone', async () => {
    await replicas[1]!.stop();
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => ask(nginx.port, '/')));
    expect(answers).toEqual(Array.from({ length: 6 }, () => ({ status: 200, body: 'one' })));
    await replicas[1]!.startAgain();
  });
});

(nginxHere ? describe : describe.skip)('the connections of one address, at nginx,', () => {
  const waiting: ServerResponse[] = [];
  let server: Server;
  let nginx: TestNginx;

  beforeAll(async () => {
    server = createServer((_request, response) => waiting.push(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(handbookSite).toContain('    limit_conn lingpai 1000;\n');
    const site = handbookSite.replace('limit_conn lingpai 1000', 'limit_conn lingpai 3');
    nginx = await TestNginx.start(site, [`http://127.0.0.1:${port}`]);
  });
  afterAll(async () => {
    await nginx.stop();
    server.closeAllConnections();
    server.close();
  });

  it('are limited, and free again when one ends', async () => {
    const answers = [1, 2, 3].map(() => ask(nginx.port, '/slow'));
    await eventually(() => expect(waiting).toHaveLength(3));
    expect((await ask(nginx.port, '/more')).status).toBe(429);
    expect(waiting).toHaveLength(3);

    for (const response of waiting.splice(0)) response.end('done');
    expect(await Promise.all(answers)).toEqual([
      { status: 200, body: 'done' },
      { status: 200, body: 'done' },
      { status: 200, body: 'done' },
    ]);
    const next = ask(nginx.port, '/next');
    await eventually(() => expect(waiting).toHaveLength(1));
    waiting.pop()?.end('done');
    expect((await next).status).toBe(200);
  });
});
