import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi, machineToken } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { type LogLine, linesOf } from '../fixtures/log-lines.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs, signInOnWeb } from '../fixtures/sign-in.js';
import { memberLeft, pushEvent } from '../fixtures/wecom-push.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';
const contacts = {
  token: 'contactsTok3n',
  aesKey: 'AnotherKeyOfTheHelperAnotherKeyOfTheHelper2',
};

let bed: TestBed;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      Object.assign(connections[1] ?? {}, {
        contactEventToken: contacts.token,
        contactEventAesKey: contacts.aesKey,
      });
    },
  });
});
afterAll(() => bed.stop());

/** The line of one request, which may come after its answer. */
async function lineOf(requestId: string): Promise<LogLine> {
  let found: LogLine[] = [];
  await eventually(() => {
    found = linesOf(bed).filter(
      (line) => line.msg === 'request' && line['requestId'] === requestId,
    );
    expect(found).toHaveLength(1);
  });
  return found[0]!;
}

it('a start says in one line what it is and where', () => {
  const { port } = new URL(bed.issuer);
  const [first, ...rest] = linesOf(bed).filter(({ level }) => level === 'info');
  expect(first).toMatchObject({ msg: 'Lingpai is starting', name: 'lingpai', version: '0.1.0' });
  const { time: _time, ...ready } = rest.find(({ msg }) => msg === 'Lingpai is ready')!;
  expect(ready).toEqual({
    level: 'info',
    name: 'lingpai',
    version: '0.1.0',
    issuer: bed.issuer,
    host: '127.0.0.1',
    port: Number(port),
    connections: 2,
    clients: 4,
    msg: 'Lingpai is ready',
  });
});

describe('the line of a request', () => {
  it('says what was asked by its pattern, how it ended, how long it took, and who asked', async () => {
    const api = await adminApi(bed);
    const answer = await api('GET', '/accounts?q=in-the-query', {
      headers: { 'x-request-id': 'api-request-1' },
    });
    expect(answer.status).toBe(200);
    const { time, durationMs, ...line } = await lineOf('api-request-1');
    expect(line).toEqual({
      level: 'info',
      requestId: 'api-request-1',
      method: 'GET',
      route: '/api/v1/accounts',
      status: 200,
      clientId: 'admin',
      msg: 'request',
    });
    expect(new Date(String(time)).toISOString()).toBe(time);
    expect(durationMs).toBeGreaterThan(0);
    expect(bed.log()).not.toContain('in-the-query');
  });

  it('of each step of a sign-in names client and person, and neither uid, state nor code', async () => {
    const configuration = await discoverPortal(bed);
    const since = bed.log().length;
    const { began, back, browser } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    const { access_token: accessToken } = await redeem(configuration, began, back);
    await fetch(`${bed.issuer}/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } });
    let lines: LogLine[] = [];
    await eventually(() => {
      lines = linesOf(bed, since).filter(({ msg }) => msg === 'request');
      expect(lines).toHaveLength(6);
    });
    const [account] = await bed.query<{ id: string }>(`select id from accounts`);
    expect(
      lines.map(({ method, route, status, clientId, accountId }) => [
        ...[method, route, status, clientId],
        accountId === account?.id,
      ]),
    ).toEqual([
      ['GET', '/authorize', 303, 'portal', false],
      ['GET', '/login/:uid/:slug', 302, undefined, false],
      ['GET', '/callback/:slug', 302, 'portal', true],
      ['GET', '/authorize/:uid', 303, 'portal', true],
      ['POST', '/token', 200, 'portal', true],
      ['GET', '/userinfo', 200, 'portal', true],
    ]);
    const log = bed.log().slice(since);
    expect(log).not.toContain(back.searchParams.get('code'));
    expect(log).not.toContain(began.state);
    expect(log).not.toContain(browser.cookie('lingpai_browser') ?? 'no cookie');
    expect(log).not.toMatch(/\/login\/[^:]|\/callback\/[^:]/);
  });

  it('is for debugging alone where machines ask all the time', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/assets/none.css'])
      await fetch(`${bed.issuer}${path}`, {
        headers: { 'x-request-id': `quiet${path.replaceAll('/', '-')}` },
      });
    expect([
      await lineOf('quiet-health-live'),
      await lineOf('quiet-health-ready'),
      await lineOf('quiet-metrics'),
      await lineOf('quiet-assets-none.css'),
    ]).toMatchObject([
      { level: 'debug', route: '/health/live', status: 200 },
      { level: 'debug', route: '/health/ready', status: 200 },
      { level: 'debug', route: '/metrics', status: 200 },
      { level: 'debug', route: '/assets/:name', status: 404 },
    ]);
  });

  it('of a path that there is not says no more than that', async () => {
    const headers = { 'x-request-id': 'nowhere-1' };
    await fetch(`${bed.issuer}/wp-admin/4711?pin=4711`, { headers, method: 'PUT' });
    expect(await lineOf('nowhere-1')).toMatchObject({ method: 'PUT', route: 'other', status: 404 });
    const odd = { 'x-request-id': 'nowhere-2' };
    await fetch(`${bed.issuer}/wp-admin`, { headers: odd, method: 'PROPFIND' });
    expect(await lineOf('nowhere-2')).toMatchObject({ method: '_OTHER', route: 'other' });
    expect(bed.log()).not.toContain('wp-admin');
    const metrics = await (await fetch(`${bed.issuer}/metrics`)).text();
    expect(metrics).toContain(
      'lingpai_http_request_duration_seconds_count{method="PUT",route="other",status="4xx"} 1',
    );
    expect(metrics).not.toContain('wp-admin');
  });

  it('is all that tells what was asked, also where it failed', async () => {
    const api = await adminApi(bed);
    await bed.query('alter table connections rename to connections_away');
    const headers = { 'x-request-id': 'failed-request-1' };
    const answer = await api('GET', '/connections/13912345678', { headers });
    await bed.query('alter table connections_away rename to connections');
    expect(answer.status).toBe(500);
    await lineOf('failed-request-1');
    const own = linesOf(bed).filter((line) => line['requestId'] === 'failed-request-1');
    expect(own.map(({ level, msg, route }) => [level, msg, route])).toEqual([
      ['error', 'a request failed', undefined],
      ['info', 'request', '/api/v1/connections/:slug'],
    ]);
    expect(bed.log()).not.toContain('13912345678');
  });

  it('also comes where the caller left before the answer', async () => {
    bed.sandbox.control.fault({ kind: 'down', on: 'qyapi.weixin.qq.com/cgi-bin/gettoken' });
    const token = await machineToken(bed, admin);
    const asked = request(`${bed.issuer}/api/v1/connections/wecom-hq/check`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-request-id': 'impatient-1' },
    });
    asked.on('error', () => undefined);
    asked.end();
    await eventually(() => expect(bed.log()).toMatch(/"requestId":"impatient-1","outbound"/));
    asked.destroy();
    expect(await lineOf('impatient-1')).toMatchObject({
      route: '/api/v1/connections/:slug/check',
      status: 499,
      cutOff: true,
    });
    bed.sandbox.control.clearFaults();
  });
});

describe('the id of a request', () => {
  it('stands on every line that is written for it, also of the platforms’ calls and of errors', async () => {
    const configuration = await discoverPortal(bed);
    const on = 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo';
    bed.sandbox.control.fault({ kind: 'ip-not-allowed', on, times: 1 });
    const since = bed.log().length;
    const began = await begin(configuration, { connection: 'wecom-hq' });
    const browser = new TestBrowser();
    await scanAs(browser, began.url, 'wang.m');
    await eventually(() => expect(bed.log().slice(since)).toContain('/callback/:slug'));
    const lines = linesOf(bed, since);
    const { requestId } = lines.find(({ route }) => route === '/callback/:slug')!;
    const own = lines.filter((line) => line['requestId'] === requestId);
    expect(own.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'platform call'],
      ['warn', 'a sign-in failed'],
      ['info', 'sign_in: refused'],
      ['info', 'request'],
    ]);
    expect(own[0]?.['outbound']).toMatchObject({
      platform: 'wecom',
      call: 'auth/getuserinfo',
      host: new URL(bed.sandbox.endpoints.wecom.api).host,
      outcome: 'answered',
      code: '60020',
      status: 200,
      attempt: 0,
    });
    expect(own[1]?.['err']).toMatchObject({
      code: 'platform_misconfigured',
      platformCode: '60020',
    });
    bed.sandbox.control.clearFaults();
  });

  it('stands on the lines of a token that is fetched, for debugging alone where all goes well', async () => {
    const headers = { 'x-request-id': 'token-fetch-1' };
    const api = await adminApi(bed);
    expect((await api('GET', '/connections/dingtalk/access-token', { headers })).status).toBe(200);
    await lineOf('token-fetch-1');
    const own = linesOf(bed).filter((line) => line['requestId'] === 'token-fetch-1');
    expect(own).toMatchObject([
      {
        level: 'debug',
        msg: 'platform call',
        outbound: {
          platform: 'dingtalk',
          call: 'oauth2/accessToken',
          code: 'ok',
          outcome: 'answered',
        },
      },
      {
        level: 'debug',
        msg: 'a platform token was fetched',
        kind: 'dingtalk-app-token',
        credential: 'dingexampleappkey1',
        expiresInSeconds: 7200,
      },
      { level: 'info', msg: 'platform_token.read: ok' },
      { level: 'info', msg: 'request' },
    ]);
  });

  it('comes back on what is made of an event later, on whichever line', async () => {
    const status = await pushEvent(
      `${bed.issuer}/events/wecom-hq/contacts`,
      contacts,
      corpId,
      memberLeft(corpId, 'nobody.here'),
      { 'x-request-id': 'pushed-event-1' },
    );
    expect(status).toBe(200);
    await eventually(() => expect(bed.log()).toContain('a platform event was handled'));
    const own = linesOf(bed).filter((line) => line['requestId'] === 'pushed-event-1');
    const [event] = await bed.query<{ seq: string }>(`select seq from platform_events`);
    expect(own.map(({ msg, job }) => [msg, job])).toEqual(
      expect.arrayContaining([
        ['request', undefined],
        ['a platform event was handled', `event ${event?.seq}`],
      ]),
    );
  });

  it('is not that of whoever woke the background up', async () => {
    // The event of the test before woke the worker, which has looked for others since.
    const since = bed.log().length;
    await bed.query(`alter table platform_events rename to platform_events_away`);
    await eventually(() =>
      expect(bed.log().slice(since)).toContain('platform events wait until Postgres'),
    );
    await bed.query(`alter table platform_events_away rename to platform_events`);
    const waiting = linesOf(bed, since).find(({ msg }) => msg.startsWith('platform events wait'));
    expect(waiting).toBeDefined();
    expect(waiting).not.toHaveProperty('requestId');
    expect(waiting).not.toHaveProperty('job');
  });
});
