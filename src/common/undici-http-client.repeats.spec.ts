import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { OutboundRequest } from './http-client.js';
import type { OutboundEvent } from './outbound-event.js';
import { type Answer, dropped, json, Loopback } from './testing/loopback.js';
import { UndiciHttpClient } from './undici-http-client.js';

const judge: OutboundRequest['judge'] = ({ body }) => {
  const { errcode = 0 } = body as { errcode?: number };
  if (errcode === 0) return { code: 'ok' };
  const trouble = { '-1': 'busy', '90018': 'too-fast', '45009': 'used-up' } as const;
  const code = String(errcode);
  return { code, ...(code in trouble && { trouble: trouble[code as keyof typeof trouble] }) };
};
const busy = json({ errcode: -1 });
const tooFast = json({ errcode: 90018 });
const usedUp = json({ errcode: 45009 });
const fine = json({ errcode: 0 });
const page: Answer = (response) => response.writeHead(502).end('<html>');

let platform: Loopback;
let http: UndiciHttpClient;
let events: OutboundEvent[];

beforeEach(async () => {
  events = [];
  platform = await Loopback.start();
  http = new UndiciHttpClient({
    observe: (event) => events.push(event),
    limits: { busyPauseMs: 10, tooFastPauseMs: 150, longestPauseMs: 1100 },
  });
});

afterEach(async () => {
  await http.close();
  await platform.stop();
});

/** The body of the answer, or the code of the error; and how long it took. */
async function outcome(over: Partial<OutboundRequest> = {}): Promise<[unknown, number]> {
  const startedAt = performance.now();
  const ended = await http.requestJson(platform.request({ judge, ...over })).then(
    ({ body }) => body,
    (thrown: unknown) => (thrown as { code: string }).code,
  );
  return [ended, performance.now() - startedAt];
}

describe('a call that may be repeated', () => {
  it('is repeated while the platform is busy', async () => {
    platform.answering(busy, busy, fine);
    expect((await outcome())[0]).toEqual({ errcode: 0 });
    expect(events.map((event) => [event.outcome, event.code, event.attempt])).toEqual([
      ['busy', '-1', 0],
      ['busy', '-1', 1],
      ['answered', 'ok', 2],
    ]);
  });

  it('is repeated no more than twice, and has the last answer as it is', async () => {
    platform.answering(busy);
    expect((await outcome())[0]).toEqual({ errcode: -1 });
    expect(platform.received).toHaveLength(3);
  });

  it('is repeated after a server error, readable or not', async () => {
    platform.answering(json({}, 503), page, json({ ok: 1 }));
    expect((await outcome())[0]).toEqual({ ok: 1 });
    expect(events.map(({ code }) => code)).toEqual(['HTTP 503', 'unreadable', 'ok']);
  });

  it('is repeated when the connection was dropped before the answer', async () => {
    platform.answering(dropped, json({ ok: 1 }));
    expect((await outcome())[0]).toEqual({ ok: 1 });
    expect(events[0]).toMatchObject({ outcome: 'no-answer', code: 'no-answer', attempt: 0 });
  });

  it('waits for the second to be over when it was too fast, and twice as long before the next', async () => {
    platform.answering(tooFast, tooFast, fine);
    const [body, ms] = await outcome();
    expect(body).toEqual({ errcode: 0 });
    // 150 and 300, and up to a quarter more.
    expect(ms).toBeGreaterThan(440);
    expect(ms).toBeLessThan(2000);
    expect(events.map((event) => event.outcome)).toEqual(['throttled', 'throttled', 'answered']);
  });

  it('is not repeated when a limit is used up', async () => {
    platform.answering(usedUp, fine);
    expect((await outcome())[0]).toEqual({ errcode: 45009 });
    expect(platform.received).toHaveLength(1);
    expect(events).toMatchObject([{ outcome: 'throttled', code: '45009' }]);
  });

  it('waits for as long as the platform asks, and is not repeated where that is long', async () => {
    platform.answering(json({ errcode: -1 }, 503, { 'retry-after': '1' }), fine);
    const [body, ms] = await outcome();
    expect(body).toEqual({ errcode: 0 });
    expect(ms).toBeGreaterThan(950);

    platform.answering(json({ errcode: -1 }, 503, { 'retry-after': '120' }), fine);
    expect((await outcome())[0]).toEqual({ errcode: -1 });
    expect(platform.received).toHaveLength(3);
  });
});

describe('the exchange of a code', () => {
  it.each<[string, Answer]>([
    ['fine', fine],
    ['refused', json({ errcode: 40029 })],
    ['busy', busy],
    ['too fast', tooFast],
    ['used up', usedUp],
    ['a readable server error', json({}, 500)],
  ])('is never repeated once it was answered: %s', async (_name, answer) => {
    platform.answering(answer);
    expect((await outcome({ repeatable: false }))[0]).toBeInstanceOf(Object);
    expect(platform.received).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['dropped', dropped],
    ['a page', page],
    [
      'cut off',
      (response) => {
        response.writeHead(200, { 'content-length': 99 }).write('{"a":');
        setTimeout(() => response.destroy(), 50);
      },
    ],
  ])('is never repeated once it was sent: %s', async (_name, answer) => {
    platform.answering(answer);
    expect((await outcome({ repeatable: false }))[0]).toBe('platform_unavailable');
    expect(platform.received).toHaveLength(1);
  });

  it('is repeated when it never reached the server', async () => {
    const free = createTcpServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));

    const url = new URL(`http://127.0.0.1:${port}/?code=hunter2`);
    const error: unknown = await http
      .requestJson(platform.request({ url, repeatable: false }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'platform_unavailable',
      operator: { platformMessage: expect.stringContaining('ECONNREFUSED') },
    });
    expect(JSON.stringify([error, events])).not.toContain('hunter2');
    expect(events).toHaveLength(3);
  });

  it('is repeated when the host has no address', async () => {
    const url = new URL('http://platform.invalid/?code=hunter2');
    expect((await outcome({ url, repeatable: false }))[0]).toBe('platform_unavailable');
    expect(events).toHaveLength(3);
  });
});
