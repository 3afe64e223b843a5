import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await openTestBed({ env: { LOG_LEVEL: 'trace' } });
});

afterAll(() => bed.stop());

it('no log line, audit event or stored row holds a secret, a token, a code or a phone number in plain', async () => {
  const configuration = await discoverPortal(bed);
  const secrets: string[] = ['exampleSecret01', 'exampleWecomSecret', portal.clientSecret];
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
  await new Promise((resolve) => setTimeout(resolve, 500));

  const log = bed.log();
  const audit = JSON.stringify(await bed.query(`select * from audit_events`));
  for (const secret of secrets.filter(Boolean)) {
    expect(log).not.toContain(secret);
    expect(audit).not.toContain(secret);
  }
  expect((log + audit).match(/.{120}(?:1380000000|1390000001).{40}/g)).toBeNull();
  expect(log).toContain('60020');
  expect(log).toMatch(/企业可信IP|trusted IP/);

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
