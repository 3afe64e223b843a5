import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { adminApi, apiWith, machineToken } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { type Collector, startCollector } from '../fixtures/collector.js';
import { eventually } from '../fixtures/eventually.js';
import { submitAndFollow } from '../fixtures/forms.js';
import { type Receiver, startReceiver } from '../fixtures/receiver.js';
import { admin, openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
} from '../fixtures/sign-in.js';
import { memberLeft, pushEvent } from '../fixtures/wecom-push.js';

const contacts = {
  token: 'contactsTok3n',
  aesKey: 'AnotherKeyOfTheHelperAnotherKeyOfTheHelper2',
};
const metricsToken = 'metrics-token-Zk3vQ9sN7xW0aTq5';

let bed: TestBed;
let collector: Collector;
let receiver: Receiver;
const before = { ...process.env };

beforeAll(async () => {
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '100';
  [collector, receiver] = await Promise.all([startCollector(), startReceiver()]);
  bed = await openTestBed({
    env: {
      LOG_LEVEL: 'trace',
      METRICS_TOKEN: metricsToken,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
    provision: ({ connections, clients }) => {
      Object.assign(connections[1] ?? {}, {
        contactEventToken: contacts.token,
        contactEventAesKey: contacts.aesKey,
      });
      connections.push({
        slug: 'phone',
        platform: 'local',
        displayName: '手机',
        signUp: 'auto',
        password: true,
      });
      Object.assign(clients[0] ?? {}, { connections: ['dingtalk', 'wecom-hq', 'phone'] });
    },
  });
});

afterAll(async () => {
  process.env = before;
  await bed.stop();
  await Promise.all([collector.stop(), receiver.stop()]);
});

/** What those who run the service see of it. */
async function told(): Promise<string> {
  const headers = { authorization: `Bearer ${metricsToken}` };
  const metrics = await (await fetch(`${bed.issuer}/metrics`, { headers })).text();
  const audit = JSON.stringify(await bed.query(`select * from audit_events`));
  return [bed.log(), audit, metrics, collector.text()].join('\n');
}

it('no log line, metric, span, audit event or stored row holds a secret, a token, a code or a phone number in plain', async () => {
  const configuration = await discoverPortal(bed);
  const secrets: string[] = [
    ...['exampleSecret01', 'exampleWecomSecret', portal.clientSecret, admin.clientSecret],
    ...[contacts.token, contacts.aesKey, metricsToken, 'secret-in-the-url'],
  ];
  /** What the client keeps with us on purpose, for as long as its request lives: it opens nothing. */
  const clientsOwn = new Set<string>();
  const keepParameters = (url: URL | undefined): void => {
    clientsOwn.add(url?.searchParams.get('state') ?? '');
    for (const name of ['code', 'authCode', 'state', 'code_challenge']) {
      const value = url?.searchParams.get(name);
      if (value) secrets.push(value);
    }
  };
  for (const [connection, member] of [
    ['dingtalk', 'manager0042'],
    ['wecom-hq', 'Lin.Qiao'],
  ] as const) {
    const { began, back, browser } = await signInOnWeb(configuration, connection, member);
    keepParameters(back);
    const tokens = await redeem(configuration, began, back);
    const turned = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    secrets.push(
      began.verifier,
      tokens.access_token,
      tokens.id_token ?? '',
      tokens.refresh_token ?? '',
      turned.refresh_token ?? '',
    );
    secrets.push(browser.cookie('lingpai_session') ?? '', browser.cookie('lingpai_browser') ?? '');
    await client.fetchUserInfo(configuration, turned.access_token, tokens.claims()?.sub ?? '');
  }
  // The unhappy ways talk more.
  for (const kind of [
    'html',
    'busy',
    'ip-not-allowed',
    'rate-limit',
    'token-invalid',
    'down',
  ] as const) {
    bed.sandbox.control.fault({
      kind,
      on: 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo',
      times: 3,
    });
    const began = await begin(configuration, { connection: 'wecom-hq' });
    keepParameters((await scanAs(new TestBrowser(), began.url, 'wang.m')).location);
    bed.sandbox.control.clearFaults();
  }
  await programs(secrets);
  secrets.push(...(await byPhone(configuration)));
  await eventually(() => expect(collector.text()).toContain('webhook delivery'));
  await new Promise((resolve) => setTimeout(resolve, 500));

  // An instant in nanoseconds has so many digits that it may hold a number or a code by chance.
  const seen = (await told()).replace(/imeUnixNano":"\d+"/g, '');
  expect(secrets.map((secret) => typeof secret)).not.toContain('undefined');
  expect(secrets).not.toContain('');
  for (const secret of secrets) expect(seen).not.toContain(secret);
  expect(seen.match(/.{120}(?:1380000000|1390000001|13800000088).{0,40}/g)).toBeNull();
  // Each of them had something to tell.
  expect(bed.log()).toContain('60020');
  expect(bed.log()).toMatch(/企业可信IP|trusted IP/);
  expect(seen).toContain('lingpai_sign_ins_total{connection="phone",outcome="ok"} 1');
  expect(seen).toContain('"name":"wecom auth/getuserinfo"');
  expect(seen).toContain('a platform event was handled');

  const tables = [
    'connections',
    'clients',
    'platform_tokens',
    'signing_keys',
    'oidc_entries',
    'sign_in_attempts',
  ];
  let stored = '';
  for (const table of tables) stored += JSON.stringify(await bed.query(`select * from ${table}`));
  for (const secret of secrets.filter((value) => value && !clientsOwn.has(value)))
    expect(stored).not.toContain(secret);
}, 60_000);

/** What programs do, and do wrong. */
async function programs(secrets: string[]): Promise<void> {
  const token = await machineToken(bed, admin);
  const api = apiWith(bed, token);
  const other = await machineToken(bed, admin, 'audit:read');
  secrets.push(token, other);
  const { body } = await api('GET', '/connections/wecom-hq/access-token');
  secrets.push((body as { accessToken: string }).accessToken);
  const made = await api('POST', '/clients', {
    body: { clientId: 'made', displayName: 'Made', redirectUris: ['https://made.example.com/'] },
  });
  const renewed = await api('POST', '/clients/made/secret');
  secrets.push((renewed.body as { clientSecret: string }).clientSecret);
  const webhook = await api('POST', '/webhooks', {
    body: { url: receiver.url, events: ['account.created'] },
  });
  secrets.push((webhook.body as { secret: string }).secret);
  expect([made.status, webhook.status]).toEqual([201, 201]);
  receiver.answer = () => 500;
  await api('POST', '/accounts', { body: { displayName: 'Mo', phone: '+8613800000088' } });
  await receiver.waitFor(1);
  await pushEvent(
    `${bed.issuer}/events/wecom-hq/contacts`,
    contacts,
    'ww1a2b3c4d5e6f7a8b',
    memberLeft('ww1a2b3c4d5e6f7a8b', 'nobody.here'),
  );

  const wrong = 'a-wrong-secret-Qm4tXw7Zk2Lp9Rv';
  secrets.push(wrong);
  const ask = (path: string, init: RequestInit) => fetch(`${bed.issuer}${path}`, init);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  // Half a JSON text, a text that Postgres cannot hold, a connection that is refused, a token in the query, wrong credentials.
  await ask('/api/v1/clients', { method: 'POST', headers, body: `{"clientSecret":"${wrong}` });
  await ask('/api/v1/clients', { method: 'POST', headers, body: `"${wrong}\\u0000"` });
  await ask('/api/v1/connections', {
    method: 'POST',
    headers,
    body: JSON.stringify({ slug: 'dingtalk', platform: 'dingtalk', clientSecret: wrong }),
  });
  await ask(`/api/v1/accounts?access_token=${token}&q=${encodeURIComponent(wrong)}`, { headers });
  await ask('/metrics', { headers: { authorization: `Bearer ${wrong}` } });
  await ask('/userinfo', { headers: { authorization: `Bearer ${wrong}.${wrong}.${wrong}` } });
  await ask(`/${wrong}?code=${wrong}`, { method: 'POST', body: wrong });
  await ask('/token', {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`portal:${wrong}`)}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code: wrong }),
  });
  await ask(`/events/wecom-hq?msg_signature=${wrong}&timestamp=1&nonce=${wrong}`, {
    method: 'POST',
    body: wrong,
  });
  await (
    await adminApi(bed)
  )('POST', '/connections/wecom-hq/check');
}

/** Somebody signs in by phone, with a wrong code and a right one. @returns what must not be seen */
async function byPhone(configuration: client.Configuration): Promise<string[]> {
  const browser = new TestBrowser();
  const began = await begin(configuration, { connection: 'phone' });
  const page = await browser.follow(began.url);
  const codePage = await submitAndFollow(browser, page, '/phone', { phone: '13800000088' });
  const code = bed.sandbox.control.sms.lastCode('+8613800000088') ?? 'no code';
  const wrong = await submitAndFollow(browser, codePage, '/code', { code: 'x1y2z3' });
  const back = await submitAndFollow(browser, wrong, '/code', { code }, atPortal);
  return [`"${code}"`, `=${code}`, 'x1y2z3', back.location?.searchParams.get('code') ?? ''];
}
