import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { engineRoutes } from '../../src/auth/issuer/engine-routes.js';
import { assetUrl } from '../../src/auth/sign-in/pages/assets.js';
import { eventually } from '../fixtures/eventually.js';
import {
  type Ask,
  askAt,
  newAddress,
  secondsToWait,
  statuses,
  tightLimits,
} from '../fixtures/limits.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let ask: Ask;

beforeAll(async () => {
  bed = await openTestBed({ env: tightLimits });
  ask = askAt(bed);
});
afterAll(() => bed.stop());

/** Whoever waits for a page gets one. */
const ways = [
  ['GET', '/authorize'],
  ['GET', '/connections/dingtalk/authorize'],
  ['POST', '/authorize'],
  ['GET', '/authorize/abc'],
  ['GET', '/login/abc'],
  ['GET', '/login/abc/dingtalk'],
  ['GET', '/callback/dingtalk'],
  ['GET', '/continue/abc'],
  ['GET', '/continue/abc/with/dingtalk'],
  ['POST', '/continue/abc/phone'],
  ['GET', '/bind/abc'],
  ['POST', '/bind/confirm/abc'],
  ['GET', '/entry/dingtalk'],
  ['GET', '/install/abc'],
  ['GET', '/install/dingtalk/callback'],
  ['GET', '/account'],
  ['POST', '/account/sign-out-everywhere'],
  ['GET', '/logout'],
  ['POST', '/logout'],
  ['POST', '/logout/confirm'],
  ['GET', '/logout/success'],
] as const;

describe('the way of a browser', () => {
  it('holds every route of the engine that says so', () => {
    const known: string[] = ways.map((way) => way.join(' '));
    const declared = engineRoutes.filter(({ limit }) => limit === 'sign-in');
    expect(declared).toHaveLength(5);
    for (const { method, path } of declared)
      expect(known).toContain(`${method} ${path.replace(':uid', 'abc')}`);
  });

  it.each(ways)('is limited by address: %s %s', async (method, path) => {
    const from = newAddress();
    const once = () => ask(path, { method, from });
    expect(await statuses(5, once)).not.toContain(429);
    const refused = await once();
    secondsToWait(refused);
    expect(refused.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    const page = await refused.text();
    expect(page).toContain('too_many_requests');
    expect(page).toContain(refused.headers.get('x-request-id') ?? 'no request id');
    expect((await ask(path, { method, from: newAddress() })).status).not.toBe(429);
  });

  it('is one, whichever steps are taken, and open again after its minute', async () => {
    const from = newAddress();
    for (const path of ['/authorize', '/login/abc', '/callback/dingtalk', '/entry/x', '/account'])
      expect((await ask(path, { from })).status).not.toBe(429);
    const seconds = secondsToWait(await ask('/login/abc', { from }));
    bed.clock.advance(seconds - 5);
    expect((await ask('/authorize', { from })).status).toBe(429);
    bed.clock.advance(6);
    expect((await ask('/authorize', { from })).status).not.toBe(429);
  });

  it('is one for the whole network of an IPv6 subscriber', async () => {
    const once = (host: string) => () => ask('/login/abc', { from: `2001:db8:1:2::${host}` });
    expect(await statuses(5, once('1'))).not.toContain(429);
    expect((await once('ffff')()).status).toBe(429);
    expect((await ask('/login/abc', { from: '2001:db8:1:3::1' })).status).not.toBe(429);
  });

  it('is one for two replicas', async () => {
    const replica = await bed.addReplica();
    const from = newAddress();
    const once = (base: string) => () => ask('/login/abc', { from, base });
    const largest = async () => {
      const rows = await bed.query<{ count: number }>(
        'select count from rate_limits where ends_at > $1',
        [bed.clock.now()],
      );
      return rows.map(({ count }) => count).sort((a, b) => a - b);
    };
    bed.clock.advance(120);
    expect(await statuses(4, once(bed.issuer))).not.toContain(429);
    await eventually(async () => expect(await largest()).toEqual([4]));
    // With the fifth, this replica learns of the four.
    expect((await once(replica.url)()).status).not.toBe(429);
    await eventually(async () => expect(await largest()).toEqual([5]));
    expect((await once(replica.url)()).status).toBe(429);
    // And the first one learns of the fifth, with the one that it lets through before.
    await eventually(async () => expect((await once(bed.issuer)()).status).toBe(429));
    expect((await largest()).at(-1)).toBeLessThanOrEqual(6);
  });

  it('leaves no address where it is counted', async () => {
    const rows = await bed.query<{ key: string }>('select key from rate_limits');
    expect(rows.length).toBeGreaterThan(0);
    for (const { key } of rows) expect(key).toMatch(/^[\w-]{43}$/);
  });

  it('is counted by the limit that was met, and told once in a minute', async () => {
    const from = newAddress();
    const metric = async (): Promise<number> =>
      Number(
        /lingpai_requests_limited_total\{limit="sign-in"\} (\d+)/.exec(
          await (await ask('/metrics')).text(),
        )?.[1],
      );
    await statuses(5, () => ask('/login/abc', { from }));
    const before = await metric();
    expect(await statuses(3, () => ask('/login/abc', { from }))).toEqual([429, 429, 429]);
    expect((await metric()) - before).toBe(3);
    expect(bed.log().split(`sign-in:${from}`)).toHaveLength(2);
  });
});

describe('what costs and guesses nothing', () => {
  it.each([
    '/health/live',
    '/health/ready',
    '/metrics',
    assetUrl('mark.svg'),
    '/WW_verify_abcdefgh12345678.txt',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/jwks.json',
    '/docs-json',
  ])('is answered any number of times: %s', async (path) => {
    const from = newAddress();
    expect(new Set(await statuses(12, () => ask(path, { from })))).toEqual(new Set([200]));
  });
});

describe('an address', () => {
  it('is what the configured proxy says, and nothing that was said to it', async () => {
    const [from, claimed] = [newAddress(), newAddress()];
    const once = () => ask('/login/abc', { from: `${newAddress()}, ${from}` });
    expect(await statuses(5, once)).not.toContain(429);
    expect((await ask('/login/abc', { from: `${claimed}, ${from}` })).status).toBe(429);
    expect((await ask('/login/abc', { from: claimed })).status).not.toBe(429);
  });

  it('is what the proxy says last, however many headers stand before it', async () => {
    const [from, claimed] = [newAddress(), newAddress()];
    const { hostname, port } = new URL(bed.issuer);
    // As a proxy passes on what a stranger sent, and writes its own header below.
    const arrive = async (): Promise<number | undefined> => {
      const headers = [
        ['Host', 'localhost'],
        ['X-Forwarded-For', claimed],
        ...Array.from({ length: 3000 }, () => ['a', '']),
        ['X-Forwarded-For', from],
      ].flat();
      const sent = request({ hostname, port, path: '/login/abc', headers, agent: false }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    for (let count = 0; count < 5; count += 1) expect(await arrive()).toBe(400);
    expect((await ask('/login/abc', { from })).status).toBe(429);
    expect((await ask('/login/abc', { from: claimed })).status).not.toBe(429);
  });
});

describe('without a configured proxy', () => {
  let open: TestBed;
  beforeAll(async () => {
    open = await openTestBed({
      env: { LIMIT_SIGN_IN_PER_MINUTE: '5', LIMIT_REFUSED_PER_MINUTE: '0' },
    });
  });
  afterAll(() => open.stop());

  it('an address is the caller’s own, whatever a header says; operators hear of it once', async () => {
    const once = (from?: string) => () =>
      askAt(open)('/login/abc', from === undefined ? {} : { from });
    expect(await statuses(5, once())).not.toContain(429);
    for (const claimed of ['203.0.113.1', '203.0.113.2', '127.0.0.1, 203.0.113.3'])
      expect((await once(claimed)()).status).toBe(429);
    expect(open.log().split('TRUST_PROXY must name it')).toHaveLength(2);
  });

  it('a limit of 0 is none', async () => {
    const wrong = () => askAt(open)('/api/v1/me', { headers: { authorization: 'Bearer abc' } });
    expect(new Set(await statuses(30, wrong))).toEqual(new Set([401]));
  });
});
