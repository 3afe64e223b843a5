import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type * as client from 'openid-client';

import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
} from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: (file) => {
      file.connections.push({
        ...file.connections[0]!,
        slug: 'dingtalk-closed',
        displayName: '钉钉（仅限已有账号）',
        clientId: 'dingexampleappkey2',
        clientSecret: 'exampleSecret02',
        corpId: 'dingexamplecorp02',
        signUp: 'existing',
      });
      file.connections.push({ ...file.connections[0]!, slug: 'off', enabled: false });
    },
  });
  configuration = await discoverPortal(bed);
});

afterEach(() => bed.sandbox.control.clearFaults());
afterAll(() => bed.stop());

function authorize(parameters: Record<string, string>): URL {
  const url = new URL('/authorize', bed.issuer);
  const defaults = {
    client_id: portal.clientId,
    redirect_uri: portal.redirectUri,
    response_type: 'code',
    scope: 'openid',
    state: 'abc',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries({ ...defaults, ...parameters })) {
    if (value) url.searchParams.set(name, value);
  }
  return url;
}

describe('an authorization request', () => {
  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a redirect_uri that is not registered', { redirect_uri: 'http://localhost:9/callback/' }],
    ['a redirect_uri with another host', { redirect_uri: 'https://evil.example.com/callback' }],
  ])('with %s ends on a page, without a redirect', async (_name, parameters) => {
    const visit = await new TestBrowser().get(authorize(parameters));
    expect(visit.status).toBe(400);
    expect(visit.location).toBeUndefined();
    expect(visit.headers.get('content-type')).toContain('text/html');
    expect(visit.headers.get('content-security-policy')).not.toContain('unsafe');
  });

  it.each([
    ['no PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an unknown scope', { scope: 'openid everything' }, 'invalid_scope'],
    ['an unknown connection', { connection: 'nowhere' }, 'invalid_request'],
    ['a disabled connection', { connection: 'off' }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://elsewhere.example.com' }, 'invalid_target'],
  ])('with %s goes back to the client with an error', async (_name, parameters, error) => {
    const visit = await new TestBrowser().get(authorize(parameters));
    expect(visit.location?.origin).toBe('http://localhost:9');
    expect(visit.location?.searchParams.get('error')).toBe(error);
    expect(visit.location?.searchParams.get('state')).toBe('abc');
    expect(visit.location?.searchParams.get('iss')).toBe(bed.issuer);
  });

  it('keeps a client to its own connections', async () => {
    const visit = await new TestBrowser().get(
      authorize({
        client_id: 'spa',
        redirect_uri: 'http://localhost:9/spa',
        connection: 'wecom-hq',
      }),
    );
    expect(visit.location?.searchParams.get('error')).toBe('invalid_request');
  });

  it('uses the issuer’s own address, whatever the Host header says', async () => {
    const visit = await new TestBrowser().get(authorize({ connection: 'dingtalk' }), {
      'x-forwarded-host': 'evil.example.com',
      forwarded: 'host=evil.example.com',
    });
    expect(visit.location?.href).not.toContain('evil');
    const discovery = await fetch(`${bed.issuer}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example.com' },
    });
    expect(await discovery.text()).not.toContain('evil');
  });
});

describe('a callback', () => {
  async function atCallback(browser: TestBrowser): Promise<URL> {
    const began = await begin(configuration, { connection: 'dingtalk' });
    const page = await browser.follow(began.url);
    const visit = await browser.get(linkWith(page, 'data-member="manager0042"'));
    return visit.location!;
  }

  function platformCalls(): number {
    return bed.sandbox.control.callCount('api.dingtalk.com/v1.0/oauth2/userAccessToken');
  }

  it.each([
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['a wrong state', (url: URL) => url.searchParams.set('state', 'A'.repeat(32))],
    ['another connection', (url: URL) => (url.pathname = '/callback/wecom-hq')],
    ['an unknown connection', (url: URL) => (url.pathname = '/callback/nowhere')],
  ])('with %s is refused before any platform call', async (_name, change) => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    const before = platformCalls();
    change(url);
    const visit = await browser.get(url);
    expect(visit.status).toBe(400);
    expect(visit.location).toBeUndefined();
    expect(platformCalls()).toBe(before);
  });

  it('in another browser does not tell whom the application expected', async () => {
    const browser = new TestBrowser();
    const url = authorize({ client_id: 'spa', redirect_uri: 'http://localhost:9/spa' });
    url.searchParams.set('connection', 'dingtalk');
    url.searchParams.set('login_hint', 'qiao.lin@example.com');
    const page = await browser.follow(url);
    const { location } = await browser.get(linkWith(page, 'data-member="manager0042"'));
    await bed.query(
      `update sign_in_attempts set params = params || '{"id_token_hint":"eyJ.who.sig"}' where params->>'client_id' = 'spa'`,
    );
    const { text } = await new TestBrowser().get(location!);
    expect(text).toMatch(/href="\/authorize\?[^"]*client_id=spa/);
    expect(text).not.toContain('eyJ.who.sig');
    expect(text).not.toContain('qiao.lin');
  });

  it('in another browser keeps the connection that was hinted at, and the language', async () => {
    const browser = new TestBrowser();
    const url = authorize({ client_id: 'spa', redirect_uri: 'http://localhost:9/spa' });
    url.searchParams.set('login_hint', 'connection:dingtalk');
    url.searchParams.set('ui_locales', 'en');
    const page = await browser.follow(url);
    const { location } = await browser.get(linkWith(page, 'data-member="manager0042"'));
    const { text } = await new TestBrowser({ 'accept-language': 'zh-CN' }).get(location!);
    expect(text).toContain('<html lang="en">');
    expect(text).toMatch(/href="\/authorize\?[^"]*login_hint=connection%3Adingtalk/);
  });

  it('in another browser is refused, audited, and offered a new start', async () => {
    const url = await atCallback(new TestBrowser());
    const before = platformCalls();
    const visit = await new TestBrowser().get(url, { 'x-request-id': 'foreign-browser-1' });
    expect(visit.status).toBe(400);
    expect(visit.text).toContain('http://localhost:9/login');
    expect(platformCalls()).toBe(before);
    await eventually(async () => {
      const events = await bed.query<{ reason: string }>(
        `select reason from audit_events where request_id = 'foreign-browser-1'`,
      );
      expect(events).toEqual([{ reason: 'state_invalid' }]);
    });
  });

  it('that is too old is refused', async () => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    bed.clock.advance(601);
    expect((await browser.get(url)).status).toBe(400);
    bed.clock.advance(-601);
  });

  it('that is reloaded within a minute leads on to the same result, with one platform call', async () => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    const before = platformCalls();
    const [first, second] = await Promise.all([browser.get(url), browser.get(url)]);
    expect(first.status).toBe(302);
    expect(second.location?.href).toBe(first.location?.href);

    await browser.follow(first.location!, atPortal);
    const again = await browser.follow(url, atPortal);
    expect(again.location?.searchParams.get('code')).toBeTruthy();
    expect(platformCalls()).toBe(before + 1);

    bed.clock.advance(61);
    expect((await browser.get(url)).status).toBe(400);
    bed.clock.advance(-61);
  });

  describe('of a sign-in that failed, reloaded, tells the client the same', () => {
    async function failedTwice(mode: string): Promise<Visit> {
      const browser = new TestBrowser();
      const state = 'its "own" <state>';
      const ask = { connection: 'dingtalk', response_mode: mode, state, ui_locales: 'en' };
      const began = await begin(configuration, ask);
      const page = await browser.follow(began.url);
      const url = (await browser.get(linkWith(page, 'data-member="zhao-qiang"'))).location!;
      await browser.follow(url, atPortal);
      return browser.get(url);
    }
    const told = {
      error: 'access_denied',
      error_description: expect.stringMatching(/^tenant_not_allowed: /),
      state: 'its "own" <state>',
      iss: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    };

    it('by query', async () => {
      const { location } = await failedTwice('query');
      expect(Object.fromEntries(location?.searchParams ?? [])).toEqual(told);
      expect(location?.hash).toBe('');
    });

    it('in the fragment, where it asked for that', async () => {
      const { location } = await failedTwice('fragment');
      expect(location?.search).toBe('');
      expect(Object.fromEntries(new URLSearchParams(location?.hash.slice(1)))).toEqual(told);
    });

    it('by a form, where it asked for that', async () => {
      const { status, text, location, headers } = await failedTwice('form_post');
      expect([status, location]).toEqual([200, undefined]);
      expect(text).toContain('<html lang="en">');
      expect(text).toContain(
        '<form class="actions" method="post" action="http://localhost:9/callback">',
      );
      const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
      const unescaped = (value: string): string =>
        value
          .replace(/&quot;/g, '"')
          .replace(/&lt;/g, '<')
          .replace(/&gt;/g, '>');
      expect(
        Object.fromEntries(fields.map(([, name, value]) => [name, unescaped(value ?? '')])),
      ).toEqual(told);
      expect(headers.get('content-security-policy')).toContain(
        "script-src 'self'; form-action 'self' http:",
      );
    });
  });

  it('with the used state and another code is refused', async () => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    await browser.get(url);
    url.searchParams.set('authCode', 'another');
    url.searchParams.set('code', 'another');
    expect((await browser.get(url)).status).toBe(400);
  });

  it('without code and error is a page on DingTalk, and a refusal on WeCom', async () => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    url.searchParams.delete('code');
    url.searchParams.delete('authCode');
    expect((await browser.get(url)).status).toBe(400);

    const began = await begin(configuration, { connection: 'wecom-hq' });
    const page = await browser.follow(began.url);
    const visit = await browser.follow(linkWith(page, 'data-refuse'), atPortal);
    expect(visit.location?.searchParams.get('error')).toBe('access_denied');
    expect(visit.location?.searchParams.get('error_description')).toMatch(/^user_cancelled: /);
  });

  it('asked for with HEAD uses nothing up', async () => {
    const browser = new TestBrowser();
    const url = await atCallback(browser);
    await fetch(url, { method: 'HEAD' });
    const visit = await browser.follow(url, atPortal);
    expect(visit.location?.searchParams.get('code')).toBeTruthy();
  });
});

describe('the platform', () => {
  async function outcomeOf(connection: string, member: string): Promise<string> {
    const began = await begin(configuration, { connection });
    const visit = await scanAs(new TestBrowser(), began.url, member);
    const query = visit.location?.searchParams;
    const code = query?.get('error_description')?.split(': ')[0];
    return query?.get('error') ? `${query.get('error')} ${code}` : 'ok';
  }

  it.each([
    ['dingtalk', 'zhao-qiang', 'access_denied tenant_not_allowed'],
    ['dingtalk', 'sun-wei', 'access_denied not_a_member'],
    ['wecom-hq', 'zhang.san', 'access_denied not_a_member'],
    ['wecom-hq', 'li.si', 'access_denied not_a_member'],
    ['dingtalk-closed', 'wxm', 'access_denied account_not_found'],
  ])('%s refuses %s: %s', async (connection, member, expected) => {
    expect(await outcomeOf(connection, member)).toBe(expected);
  });

  it.each([
    [
      'slow',
      { kind: 'slow' as const, delayMs: 6000 },
      'temporarily_unavailable platform_unavailable',
    ],
    ['down', { kind: 'down' as const }, 'temporarily_unavailable platform_unavailable'],
    ['answering HTML', { kind: 'html' as const }, 'temporarily_unavailable platform_unavailable'],
    [
      'answering half a JSON',
      { kind: 'half-json' as const },
      'temporarily_unavailable platform_unavailable',
    ],
    [
      'limiting the rate',
      { kind: 'rate-limit' as const },
      'temporarily_unavailable platform_rate_limited',
    ],
    [
      'refusing our address',
      { kind: 'ip-not-allowed' as const },
      'server_error platform_misconfigured',
    ],
  ])(
    '%s fails the sign-in, and nothing else',
    async (_name, fault, expected) => {
      const before = await bed.query(`select 1 from accounts`);
      bed.sandbox.control.fault({ on: 'qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo', ...fault });
      expect(await outcomeOf('wecom-hq', 'wang.m')).toBe(expected);
      expect(await bed.query(`select 1 from accounts`)).toHaveLength(before.length);

      bed.sandbox.control.clearFaults();
      expect(await outcomeOf('dingtalk', 'manager0042')).toBe('ok');
    },
    30_000,
  );

  it('that rejects the app’s token is asked again with a new one', async () => {
    expect(await outcomeOf('wecom-hq', 'Lin.Qiao')).toBe('ok');
    bed.sandbox.control.wecom.invalidateTokens();
    bed.sandbox.control.dingtalk.invalidateAppTokens();
    expect(await outcomeOf('wecom-hq', 'Lin.Qiao')).toBe('ok');
    expect(await outcomeOf('dingtalk', 'manager0042')).toBe('ok');
  });
});

describe('the token endpoint', () => {
  it('refuses a grant type that the client may not use', async () => {
    const response = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${portal.clientId}:${portal.clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'unauthorized_client' });
  });

  it('answers browsers of registered origins only', async () => {
    const ask = (origin: string): Promise<Response> =>
      fetch(`${bed.issuer}/token`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await ask('http://localhost:9')).headers.get('access-control-allow-origin')).toBe(
      'http://localhost:9',
    );
    expect(
      (await ask('https://evil.example.com')).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  it('gives a disabled account nothing, also not for a refresh token', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'user0103');
    const tokens = await redeem(configuration, began, back);
    await bed.query(`update accounts set status = 'disabled' where id = $1`, [
      tokens.claims()?.sub,
    ]);
    const { refreshTokenGrant, fetchUserInfo } = await import('openid-client');

    await expect(
      refreshTokenGrant(configuration, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(
      fetchUserInfo(configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).rejects.toThrow();
    const again = await begin(configuration, { connection: 'dingtalk' });
    const visit = await scanAs(new TestBrowser(), again.url, 'user0103');
    expect(visit.location?.searchParams.get('error_description')).toMatch(/^account_disabled: /);
  });
});

describe('the entry link', () => {
  it('leads to the application, which then asks for that connection', async () => {
    const visit = await new TestBrowser().get(
      `${bed.issuer}/entry/wecom-hq?client_id=portal&tenant=ww1a2b`,
    );
    expect(visit.location?.origin).toBe('http://localhost:9');
    expect(Object.fromEntries(visit.location?.searchParams ?? [])).toEqual({
      iss: bed.issuer,
      target_link_uri: 'http://localhost:9/',
      login_hint: 'connection:wecom-hq/ww1a2b',
    });
    const began = await begin(configuration, { login_hint: 'connection:wecom-hq' });
    const page = await new TestBrowser().follow(began.url);
    expect(page.url.pathname).toContain('/wwlogin/sso/login');
  });

  it('leads nowhere else', async () => {
    const browser = new TestBrowser();
    const outside = await browser.get(
      `${bed.issuer}/entry/wecom-hq?client_id=portal&target_link_uri=https://evil.example.com/`,
    );
    expect(outside.location?.href).not.toContain('evil');
    // Each of these begins like the application's own address, and some other reader of addresses takes the rest for the host.
    for (const tricky of ['http://localhost:9\\@evil.example.com/', 'http:\\\\localhost:9/a']) {
      const { location } = await browser.get(
        `${bed.issuer}/entry/wecom-hq?client_id=portal&target_link_uri=${encodeURIComponent(tricky)}`,
      );
      expect(location?.searchParams.get('target_link_uri')).toMatch(
        /^http:\/\/localhost:9\/[@\w./]+$/,
      );
    }
    const named = encodeURIComponent('http://evil.example.com@localhost:9/a');
    const own = await browser.get(
      `${bed.issuer}/entry/wecom-hq?client_id=portal&target_link_uri=${named}`,
    );
    expect(own.location?.searchParams.get('target_link_uri')).toBe('http://localhost:9/a');
    expect((await browser.get(`${bed.issuer}/entry/wecom-hq?client_id=nobody`)).status).toBe(400);
    expect((await browser.get(`${bed.issuer}/entry/nowhere?client_id=portal`)).status).toBe(404);
    expect((await browser.get(`${bed.issuer}/entry/dingtalk?client_id=spa`)).status).toBe(400);
  });
});

describe('the rest of the door', () => {
  it('serves WeCom’s verification file, and only that', async () => {
    const found = await fetch(`${bed.issuer}/WW_verify_abcdefgh12345678.txt`);
    expect(await found.text()).toBe('abcdefgh12345678');
    expect((await fetch(`${bed.issuer}/WW_verify_other.txt`)).status).toBe(404);
  });

  it('sends a frontend on from the path with the connection in it', async () => {
    const url = authorize({});
    url.pathname = '/connections/dingtalk/authorize';
    const page = await new TestBrowser().follow(url);
    expect(page.url.pathname).toContain('/login.dingtalk.com/');
  });
});
