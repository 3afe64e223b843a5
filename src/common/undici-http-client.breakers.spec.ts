import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { OutboundRequest } from './http-client.js';
import type { BreakerChange, OutboundEvent } from './outbound-event.js';
import { dropped, json, Loopback } from './testing/loopback.js';
import { UndiciHttpClient, type UndiciHttpClientOptions } from './undici-http-client.js';

const fine = json({ ok: 1 });
const once = { repeatable: false };

let platform: Loopback;
let http: UndiciHttpClient;
let events: OutboundEvent[];
let changes: BreakerChange[];

function open(limits: UndiciHttpClientOptions['limits'] = {}): UndiciHttpClient {
  return new UndiciHttpClient({
    observe: (event) => events.push(event),
    breakerChanged: (change) => changes.push(change),
    // Longer than any machine takes for the few calls of a test; who waits for the end asks for short pauses.
    limits: { busyPauseMs: 1, breakAfter: 3, breakMs: 60_000, ...limits },
  });
}

/** Instead of the one with long pauses. */
async function withShortPauses(breakMs = 100): Promise<void> {
  await http.close();
  http = open({ breakMs, longestBreakMs: 400 });
}

beforeEach(async () => {
  events = [];
  changes = [];
  platform = await Loopback.start();
  http = open();
});

afterEach(async () => {
  await http.close();
  await platform.stop();
});

/** The body of the answer, or the error. */
const ask = (over: Partial<OutboundRequest> = {}): Promise<unknown> =>
  http.requestJson(platform.request({ ...once, ...over })).then(
    ({ body }) => body,
    (thrown: unknown) => thrown,
  );

const isOpen = async (over: Partial<OutboundRequest> = {}): Promise<boolean> => {
  const before = platform.received.length;
  await ask(over);
  return platform.received.length === before;
};

const states = (): string[] => changes.map(({ state }) => state);

describe('a breaker', () => {
  it('opens after so many tries in a row without a usable answer, and fails at once', async () => {
    platform.answering(dropped, json({}, 503), (response) => response.end('<html>'));
    for (let call = 0; call < 3; call += 1) await ask();

    // Whoever waited for the end of the pause would not be back in time.
    const error = await ask();
    expect(error).toMatchObject({
      code: 'platform_unavailable',
      operator: { call: 'gettoken', platformMessage: 'an answer that is not JSON (HTTP 200)' },
    });
    const { fix } = (error as { operator: { fix: string } }).operator;
    expect(fix).toMatch(
      new RegExp(`^Not sent: the breaker of this call to ${platform.host} has been open since 20`),
    );
    expect(platform.received).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ outcome: 'held-back', code: 'breaker-open' });
    expect(changes).toEqual([
      { host: platform.host, call: 'gettoken', state: 'made' },
      {
        host: platform.host,
        call: 'gettoken',
        state: 'open',
        reason: 'an answer that is not JSON (HTTP 200)',
        pauseMs: expect.any(Number),
      },
    ]);
  });

  it('lets out who asks whether it was mended, and closes if it was', async () => {
    await withShortPauses(400);
    platform.answering(dropped);
    for (let call = 0; call < 3; call += 1) await ask();
    expect(await ask({ anew: true })).toMatchObject({ code: 'platform_unavailable' });
    expect(platform.received).toHaveLength(4);
    expect(await isOpen()).toBe(true);

    platform.answering(fine);
    expect(await ask({ anew: true })).toEqual({ ok: 1 });
    expect(await isOpen()).toBe(false);
    expect(states()).toEqual(['made', 'open', 'closed', 'made']);
    // The one that was replaced has nothing more to say.
    await sleep(700);
    expect(states()).toHaveLength(4);
  });

  it('counts each try of a call that is repeated', async () => {
    platform.answering(dropped);
    await ask({ repeatable: true });
    expect(platform.received).toHaveLength(3);
    expect(await isOpen()).toBe(true);
  });

  it('ends a repeated call with what the call met itself, when it opens meanwhile', async () => {
    platform.answering(dropped);
    await ask();
    expect(await ask({ repeatable: true })).toMatchObject({
      operator: { fix: expect.stringMatching(/^Check that this host can reach the platform/) },
    });
    expect(platform.received).toHaveLength(3);
  });

  it('does not open for what one person’s code met, e.g. a page of a firewall that dislikes it', async () => {
    platform.answering((response) => response.writeHead(405).end('<html>blocked</html>'));
    for (let call = 0; call < 10; call += 1)
      expect(await ask()).toMatchObject({ code: 'platform_unavailable' });
    expect(await isOpen()).toBe(false);
    // Calls that hold nobody's input say more.
    for (let call = 0; call < 3; call += 1) await ask({ repeatable: true, call: 'user/get' });
    expect(await isOpen({ repeatable: true, call: 'user/get' })).toBe(true);
  });

  it('does not open for refusals, nor where an answer came in between', async () => {
    platform.answering(json({ code: 'Forbidden.AccessDenied.QpsLimitForApi' }, 403));
    for (let call = 0; call < 10; call += 1) await ask();
    platform.answering(dropped, dropped, fine, dropped, dropped, fine);
    for (let call = 0; call < 6; call += 1) await ask();

    expect(platform.received).toHaveLength(16);
    expect(states()).toEqual(['made']);
  });

  it('lets one probe through after the pause, and refuses a hundred others at once', async () => {
    await withShortPauses();
    platform.answering(dropped);
    for (let call = 0; call < 3; call += 1) await ask();
    await sleep(160);
    let answer = (): void => undefined;
    platform.answering((response, incoming) => {
      answer = () => fine(response, incoming);
    });
    const probe = ask();
    while (platform.received.length < 4) await sleep(5);

    // While the probe has no answer: nobody waits for it.
    const others = await Promise.all(Array.from({ length: 100 }, () => ask()));
    expect(new Set(others.map((error) => (error as { code: string }).code))).toEqual(
      new Set(['platform_unavailable']),
    );
    expect(platform.received).toHaveLength(4);
    answer();
    expect(await probe).toEqual({ ok: 1 });
    platform.answering(fine);
    expect(await ask()).toEqual({ ok: 1 });
    expect(states()).toEqual(['made', 'open', 'probing', 'closed']);
  });

  it('lets one of a hundred through that come together when the pause is over', async () => {
    await withShortPauses();
    platform.answering(dropped);
    for (let call = 0; call < 3; call += 1) await ask();
    await sleep(160);
    platform.answering(fine);
    const all = await Promise.all(Array.from({ length: 100 }, () => ask()));

    expect(all.filter((ended) => !(ended instanceof Error))).toEqual([{ ok: 1 }]);
    expect(platform.received).toHaveLength(4);
  });

  it('pauses longer after each probe that fails, up to a bound, and forgets it when it closes', async () => {
    await withShortPauses();
    platform.answering(dropped);
    const nextPause = (): number => changes.findLast(({ state }) => state === 'open')!.pauseMs!;
    for (let call = 0; call < 3; call += 1) await ask();
    const pauses = [nextPause()];
    for (let probe = 0; probe < 3; probe += 1) {
      await sleep(nextPause() + 20);
      expect(await isOpen()).toBe(false);
      expect(await isOpen()).toBe(true);
      pauses.push(nextPause());
    }
    // 100, 200, 400 and 400 again, each up to half as long again.
    for (const [index, least] of [100, 200, 400, 400].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(least);
      expect(pauses[index]).toBeLessThanOrEqual(least * 1.5);
    }
    await sleep(nextPause() + 20);
    platform.answering(fine);
    expect(await ask()).toEqual({ ok: 1 });
    platform.answering(dropped);
    for (let call = 0; call < 3; call += 1) await ask();
    expect(nextPause()).toBeLessThanOrEqual(150);
  });

  it('shuts one call of one host alone', async () => {
    const other = await Loopback.start();
    other.answering(fine);
    platform.answering(dropped, dropped, dropped, fine);
    for (let call = 0; call < 3; call += 1) await ask();

    expect(await isOpen()).toBe(true);
    expect(await ask({ call: 'user/get' })).toEqual({ ok: 1 });
    expect(await ask({ url: new URL('/cgi-bin/gettoken', other.origin) })).toEqual({ ok: 1 });
    await other.stop();
  });

  it('goes with the oldest where there are too many', async () => {
    await http.close();
    http = open({ kept: 2 });
    platform.answering(fine);
    for (const call of ['a', 'b', 'a', 'c']) await ask({ call });
    platform.answering(dropped);
    for (let again = 0; again < 3; again += 1) await ask({ call: 'a' });

    expect(await isOpen({ call: 'a' })).toBe(true);
    expect(changes.map(({ call, state }) => `${call} ${state}`)).toEqual([
      'a made',
      'b made',
      'b forgotten',
      'c made',
      'a open',
    ]);
  });

  it('that is kept no longer says nothing more, though a call of it is still under way', async () => {
    await http.close();
    http = open({ kept: 1, breakAfter: 1 });
    let end = (): void => undefined;
    platform.answering((response) => {
      end = () => response.destroy();
    }, fine);
    const late = ask({ call: 'a' });
    while (platform.received.length < 1) await sleep(5);
    await ask({ call: 'b' });
    end();
    expect(await late).toMatchObject({ code: 'platform_unavailable' });
    expect(changes.map(({ call, state }) => `${call} ${state}`)).toEqual([
      'a made',
      'a forgotten',
      'b made',
    ]);
  });
});
