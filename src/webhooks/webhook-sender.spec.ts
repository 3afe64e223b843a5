import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { SystemClock } from '../common/clock.js';
import type { DueDelivery, Outcome } from './delivery.js';
import { WebhookSender } from './webhook-sender.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let sender: WebhookSender;
let server: Server;
let connections: number;

beforeEach(() => {
  sender = new WebhookSender(new SystemClock());
  connections = 0;
});
afterEach(async () => {
  await sender.close();
  server.closeAllConnections();
  server.close();
});

async function sendTo(answer: RequestListener): Promise<() => Promise<Outcome>> {
  server = createServer(answer).on('connection', () => (connections += 1));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const delivery: DueDelivery = {
    id: 'delivery-1',
    webhookId: 'webhook-1',
    eventId: 'event-1',
    body: '{"type":"account.created"}',
    attempts: 1,
    url: `http://127.0.0.1:${port}/hooks?token=secret-in-the-url`,
    sealedSecret: '',
  };
  return () => sender.send(delivery, secret);
}

describe('a receiver that', () => {
  it.each([
    [200, { kind: 'delivered', status: 200 }],
    [299, { kind: 'delivered', status: 299 }],
    [302, { kind: 'retry', status: 302, error: 'HTTP 302' }],
    [404, { kind: 'retry', status: 404, error: 'HTTP 404' }],
    [410, { kind: 'gone', status: 410, error: 'HTTP 410' }],
    [429, { kind: 'retry', status: 429, error: 'HTTP 429', afterSeconds: 120 }],
    [500, { kind: 'retry', status: 500, error: 'HTTP 500' }],
    [503, { kind: 'retry', status: 503, error: 'HTTP 503', afterSeconds: 120 }],
  ] as const)('answers %i', async (status, outcome) => {
    const paths: (string | undefined)[] = [];
    const send = await sendTo((request, response) => {
      paths.push(request.url);
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '120' }).end('{}');
    });
    expect(await send()).toEqual(outcome);
    expect(paths).toEqual(['/hooks?token=secret-in-the-url']);
  });

  it('answers with words is asked again over the same connection', async () => {
    const send = await sendTo((_request, response) => response.end('thank you'));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await send()).toEqual({ kind: 'delivered', status: 200 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(connections).toBe(1);
  });

  it('answers without end is heard no longer than its status', async () => {
    let cutOff = (): void => undefined;
    const isCutOff = new Promise<void>((resolve) => (cutOff = resolve));
    const send = await sendTo((_request, response) => {
      response.writeHead(200).on('close', cutOff);
      const more = (): unknown => response.destroyed || response.write('x'.repeat(65_536), more);
      more();
    });
    expect(await send()).toEqual({ kind: 'delivered', status: 200 });
    await isCutOff;
  });

  it('hangs up has not taken it', async () => {
    const send = await sendTo((_request, response) => response.destroy());
    expect(await send()).toEqual({ kind: 'retry', error: 'UND_ERR_SOCKET' });
  });

  it('says nothing is left after ten seconds', async () => {
    const send = await sendTo(() => undefined);
    const start = Date.now();
    expect(await send()).toEqual({ kind: 'retry', error: 'no answer within ten seconds' });
    expect(Date.now() - start).toBeGreaterThan(9500);
    expect(Date.now() - start).toBeLessThan(15_000);
  });
});
