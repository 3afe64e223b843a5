import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { SystemClock } from '../common/clock.js';
import { Secret } from '../common/secret.js';
import { AliyunSender } from './aliyun.sender.js';
import type { SmsSender } from './sms-sender.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

/** What the senders do where something else answers than the service that they mean. */

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(answer: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const url = await listen(
    createServer((request, response) => {
      asked += 1;
      request.resume().on('end', () => answer(request, response));
    }),
  );
  return { url, asked: () => asked };
}

const settings = {
  accessKeyId: 'exampleAccessKeyId01',
  accessKeySecret: new Secret('exampleAccessKeySecret-7Qm4tXw7Zk2Lp9Rv'),
  signName: '灵牌',
  template: 'SMS_100001',
  sdkAppId: '1400000001',
  region: 'cn-hangzhou',
};

const senders: readonly (readonly [string, (url: string) => SmsSender])[] = [
  ['aliyun', (url) => new AliyunSender({ ...settings, endpoint: url })],
  ['tencent', (url) => new TencentSender({ ...settings, endpoint: url })],
  [
    'webhook',
    (url) =>
      new WebhookSender(
        new Secret(`${url}/codes?token=kept-to-ourselves`),
        new Secret('a secret that is plain text'),
        new SystemClock(),
      ),
  ],
];

function send(sender: SmsSender): Promise<unknown> {
  return sender
    .sendCode({
      phone: '+8613800000001',
      code: new Secret('012345'),
      validMinutes: 5,
      language: 'en',
    })
    .then(
      () => 'sent',
      (error: unknown) => error,
    );
}

/** Everything that is said of a failure, to the person and to the operator. */
function told(error: unknown): string {
  const { message, stack, operator, cause } = error as Error & { operator?: unknown };
  return JSON.stringify([message, stack, operator, cause ?? null]);
}

const spoken = /012345|13800000001|exampleAccessKey|kept-to-ourselves/;

it('all give a server up that says nothing, or drips its answer, after five seconds', async () => {
  const silent = await serve(() => undefined);
  const dripping = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drops = setInterval(() => response.write(' '), 200);
    response.on('close', () => clearInterval(drops));
  });
  const clouds = senders.filter(([name]) => name !== 'webhook');
  const began = Date.now();
  await Promise.all([
    ...senders.map(async ([, open]) => {
      const error = await send(open(silent.url));
      expect(Date.now() - began).toBeGreaterThan(4500);
      expect(error).toMatchObject({ code: 'sms_unavailable' });
      expect(told(error)).not.toMatch(spoken);
    }),
    ...clouds.map(async ([, open]) =>
      expect(await send(open(dripping.url))).toMatchObject({ code: 'sms_unavailable' }),
    ),
  ]);
  // A second try would end after ten.
  expect(Date.now() - began).toBeLessThan(9500);
  expect([silent.asked(), dripping.asked()]).toEqual([3, 2]);
}, 15_000);

describe.each(senders)('%s', (_name, open) => {
  it('follows nobody elsewhere, nor to another path', async () => {
    const elsewhere = await serve((_request, response) => response.end('{}'));
    const { url, asked } = await serve(({ url: path }, response) => {
      const location = path === '/again' ? `${elsewhere.url}/` : '/again';
      response.writeHead(307, { location }).end();
    });
    expect(await send(open(url))).toMatchObject({ code: 'sms_unavailable' });
    expect(asked()).toBe(1);
    const away = await serve((_request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/` }).end();
    });
    expect(await send(open(away.url))).toMatchObject({ code: 'sms_unavailable' });
    expect(elsewhere.asked()).toBe(0);
  });

  it('repeats nothing of a page that is not the service’s, and does not take it for a success', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(503, { 'content-type': 'text/html' });
      response.end('<h1>+8613800000001 012345 exampleAccessKeyId01</h1>');
    });
    const error = await send(open(url));
    expect(error).toMatchObject({ code: 'sms_unavailable' });
    expect(told(error)).not.toMatch(spoken);
  });

  it('says that nobody is there', async () => {
    const { url } = await serve(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    const error = await send(open(url));
    expect(error).toMatchObject({
      code: 'sms_unavailable',
      operator: { fix: expect.stringMatching(/reach|answers/) },
    });
    expect(told(error)).not.toMatch(spoken);
  });
});

describe.each(senders.slice(0, 2))('%s', (_name, open) => {
  it.each(['{}', 'null', '{"Response":{}}', '<html>', '{"Code":"O', ''])(
    'does not take %j for a success',
    async (body) => {
      const { url } = await serve((_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      );
      expect(await send(open(url))).toMatchObject({ code: 'sms_unavailable' });
    },
  );
});

describe('tencent, through OUTBOUND_PROXY', () => {
  async function proxyTo(target: string, status = 200) {
    const asked: (string | undefined)[] = [];
    const server = createServer();
    server.on('connect', (request: IncomingMessage, socket) => {
      asked.push(request.url, request.headers['proxy-authorization']);
      socket.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`);
      if (status !== 200) return void socket.end();
      const { hostname, port } = new URL(target);
      const onward = connect(Number(port), hostname);
      onward.pipe(socket).pipe(onward);
      for (const each of [onward, socket]) each.on('error', () => undefined);
    });
    return { url: await listen(server), asked };
  }

  it('goes where it meant to go, with the proxy’s own user and password', async () => {
    const { url, asked } = await serve((_request, response) =>
      response.end('{"Response":{"SendStatusSet":[{"Code":"Ok"}],"RequestId":"1"}}'),
    );
    const proxy = await proxyTo(url);
    const through = new Secret(proxy.url.replace('http://', 'http://lin:p%40ss@'));
    expect(await send(new TencentSender({ ...settings, endpoint: url }, through))).toBe('sent');
    expect(asked()).toBe(1);
    expect(proxy.asked).toEqual([url.replace('http://', ''), 'Basic bGluOnBAc3M=']);
  });

  it('says that the proxy does not let it', async () => {
    const { url, asked } = await serve((_request, response) => response.end('{}'));
    const proxy = await proxyTo(url, 407);
    expect(
      await send(new TencentSender({ ...settings, endpoint: url }, new Secret(proxy.url))),
    ).toMatchObject({
      code: 'sms_unavailable',
      operator: { platformMessage: expect.stringContaining('OUTBOUND_PROXY answers HTTP 407') },
    });
    expect(asked()).toBe(0);
  });
});
