import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { MovableClock } from '../../test/fixtures/movable-clock.js';
import { AppError } from './app-error.js';
import type { OutboundRequest } from './http-client.js';
import type { OutboundEvent } from './outbound-event.js';
import { json, Loopback } from './testing/loopback.js';
import { UndiciHttpClient } from './undici-http-client.js';

const judge: OutboundRequest['judge'] = ({ body }) => {
  const { errcode = 0 } = body as { errcode?: number };
  if (errcode === 0) return { code: 'ok' };
  return { code: String(errcode), ...(errcode === 45009 && { trouble: 'used-up' }) };
};
const limited = json({ errcode: 45009 });
const fine = json({ errcode: 0 });

let platform: Loopback;
let http: UndiciHttpClient;
let clock: MovableClock;
let events: OutboundEvent[];

beforeEach(async () => {
  events = [];
  clock = new MovableClock('2026-03-01T08:00:00Z');
  platform = await Loopback.start();
  http = new UndiciHttpClient({ clock, observe: (event) => events.push(event) });
});

afterEach(async () => {
  await http.close();
  await platform.stop();
});

const ask = (over: Partial<OutboundRequest> = {}): Promise<unknown> =>
  http.requestJson(platform.request({ judge, credential: 'ww1a/1000017', ...over })).then(
    ({ body }) => body,
    (thrown: unknown) => thrown,
  );

/** For how many seconds the call rests; 0 when it goes out. */
async function restSeconds(over: Partial<OutboundRequest> = {}): Promise<number> {
  const before = platform.received.length;
  const ended = await ask(over);
  if (platform.received.length > before) return 0;
  return ended instanceof AppError ? (ended.retryAfterSeconds ?? Number.NaN) : Number.NaN;
}

describe('a call that the platform limits', () => {
  it('goes out for who asks whether it was mended, and rests no more if it was', async () => {
    platform.answering(limited);
    await ask();
    expect(await restSeconds()).toBe(1);
    platform.answering(fine);
    clock.move(1);
    expect(await ask({ anew: true })).toEqual({ errcode: 0 });
    expect(await restSeconds()).toBe(0);
  });

  it('rests, and says so without going out', async () => {
    platform.answering(limited);
    expect(await ask()).toEqual({ errcode: 45009 });

    expect(await ask()).toMatchObject({
      code: 'platform_rate_limited',
      retryAfterSeconds: 1,
      operator: {
        call: 'gettoken',
        platformCode: '45009',
        fix: 'Not sent: the platform limits this call with ww1a/1000017, so it rests for another 1 s. See what else calls with this app.',
      },
    });
    expect(platform.received).toHaveLength(1);
    expect(events.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['throttled', '45009'],
      ['held-back', 'resting'],
    ]);
  });

  it('rests twice as long each time in a row, up to a minute', async () => {
    platform.answering(limited);
    const rests: number[] = [];
    for (let time = 0; time < 9; time += 1) {
      expect(await ask()).toEqual({ errcode: 45009 });
      const seconds = await restSeconds();
      rests.push(seconds);
      clock.move(seconds * 1000 - 1);
      expect(await restSeconds()).toBe(1);
      clock.move(1);
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('does not rest longer because many of it met the limit at once', async () => {
    platform.answering(limited);
    await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(platform.received).toHaveLength(50);
    expect(await restSeconds()).toBe(1);
  });

  it('forgets its rests with the first answer that is not limited', async () => {
    platform.answering(limited, limited, fine, limited);
    await ask();
    clock.move(1000);
    await ask();
    expect(await restSeconds()).toBe(2);
    clock.move(2000);
    expect(await ask()).toEqual({ errcode: 0 });
    clock.move(1);
    expect(await ask()).toEqual({ errcode: 45009 });
    expect(await restSeconds()).toBe(1);
  });

  it('goes on resting when a call that began earlier succeeds late', async () => {
    let answer = (): void => undefined;
    platform.answering((response, incoming) => {
      answer = () => fine(response, incoming);
    }, limited);
    const late = ask();
    while (platform.received.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    clock.move(1);
    expect(await ask()).toEqual({ errcode: 45009 });
    answer();
    expect(await late).toEqual({ errcode: 0 });
    expect(await restSeconds()).toBe(1);
  });

  it('begins with the first rest when the last one was long ago', async () => {
    platform.answering(limited);
    await ask();
    clock.move(1000);
    await ask();
    clock.move(2000 + 300_000);
    await ask();
    expect(await restSeconds()).toBe(1);
  });

  it('does not rest for hours because the clock was set back', async () => {
    platform.answering(limited, fine);
    await ask();
    clock.move(-7_200_000);
    expect(await ask()).toEqual({ errcode: 0 });
  });

  it('rests alone: not another call, another credential or another host', async () => {
    const other = await Loopback.start();
    platform.answering(limited, fine);
    other.answering(fine);
    await ask();
    expect(await restSeconds()).toBe(1);

    expect(await ask({ call: 'user/get' })).toEqual({ errcode: 0 });
    expect(await ask({ credential: 'ww1a/1000018' })).toEqual({ errcode: 0 });
    expect(await ask({ url: new URL('/cgi-bin/gettoken', other.origin) })).toEqual({ errcode: 0 });
    await other.stop();
  });

  it('rests as long as the platform asks, but a minute at most', async () => {
    platform.answering(json({ errcode: 45009 }, 200, { 'retry-after': '17' }));
    await ask();
    expect(await restSeconds()).toBe(17);

    platform.answering(json({ errcode: 45009 }, 200, { 'retry-after': '86400' }));
    await ask({ call: 'user/get' });
    expect(await restSeconds({ call: 'user/get' })).toBe(60);

    const date = 'Sun, 01 Mar 2026 08:00:40 GMT';
    platform.answering((response) =>
      response.writeHead(429, { 'retry-after': date }).end('<html>too many</html>'),
    );
    expect(await ask({ call: 'ticket/get' })).toMatchObject({ code: 'platform_unavailable' });
    expect(await restSeconds({ call: 'ticket/get' })).toBe(40);
  });

  it('rests when a platform in trouble asks for it, and says that it is unavailable', async () => {
    platform.answering(json({}, 503, { 'retry-after': '30' }));
    await ask();
    expect(await ask()).toMatchObject({ code: 'platform_unavailable', retryAfterSeconds: 30 });
    expect(platform.received).toHaveLength(1);
  });
});

describe('the exchange of a code', () => {
  const exchange = { call: 'auth/getuserinfo', repeatable: false };

  it('is not refused for what others met: it waits for a second, however often that was', async () => {
    platform.answering(limited);
    for (let time = 0; time < 5; time += 1) {
      expect(await ask(exchange)).toEqual({ errcode: 45009 });
      clock.move(1000);
    }
    await ask(exchange);
    platform.answering(fine);
    const startedAt = performance.now();
    const late = await Promise.all(Array.from({ length: 20 }, () => ask(exchange)));

    expect(new Set(late.map((body) => JSON.stringify(body)))).toEqual(new Set(['{"errcode":0}']));
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    // Whoever is not excused rests for half a minute by then.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(platform.received).toHaveLength(26);
  });

  it('is refused where the platform itself asks for more, for five seconds at most', async () => {
    platform.answering(json({ errcode: 45009 }, 200, { 'retry-after': '600' }));
    await ask(exchange);
    expect(await restSeconds(exchange)).toBe(5);
  });
});
