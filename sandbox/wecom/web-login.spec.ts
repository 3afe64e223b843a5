import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { browse, hrefOf } from '../testing/browse.js';
import {
  wecomApp,
  wecomCallback,
  wecomHost,
  wecomInAppUrl,
  wecomUserAgent,
  wecomWebUrl,
} from '../testing/wecom.js';

describe('login.work.weixin.qq.com', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.wecom.trustDomain(wecomApp.corpId, wecomApp.agentId, wecomHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const oldUrl = (): string =>
    wecomWebUrl(sandbox, { login_type: undefined }).replace(
      '/login.work.weixin.qq.com/wwlogin/sso/login',
      '/open.work.weixin.qq.com/wwopen/sso/qrConnect',
    );

  it.each([
    ['no login_type', { login_type: undefined }, 'invalid_login_type'],
    ['login_type=ServiceApp with a corpid', { login_type: 'ServiceApp' }, 'invalid_appid'],
    ['no appid', { appid: undefined }, 'invalid_appid'],
    ['an unknown appid', { appid: 'ww0000000000000000' }, 'invalid_appid'],
    ['no agentid', { agentid: undefined }, 'invalid_agentid'],
    ['an agentid of another app', { agentid: '1000099' }, 'invalid_agentid'],
    ['no redirect_uri', { redirect_uri: undefined }, 'redirect_uri_mismatch'],
    ['another port', { redirect_uri: 'https://portal.example.com/cb' }, 'redirect_uri_mismatch'],
    ['a subdomain', { redirect_uri: `https://a.${wecomHost}/cb` }, 'redirect_uri_mismatch'],
    [
      'a domain that only begins alike',
      { redirect_uri: 'https://portal.example.com.evil.test:8443/' },
      'redirect_uri_mismatch',
    ],
    [
      'user info in front of the host',
      { redirect_uri: `https://${wecomHost}@evil.test/` },
      'redirect_uri_mismatch',
    ],
    [
      'another scheme',
      { redirect_uri: `javascript://${wecomHost}/%0aalert(1)` },
      'redirect_uri_mismatch',
    ],
    ['an unknown language', { lang: 'fr' }, 'invalid_lang'],
  ])('shows an error page for %s', async (_, changes, code) => {
    const page = await browse(wecomWebUrl(sandbox, changes));
    expect(page.status).toBe(400);
    expect(page.text).toContain(`data-error="${code}"`);
  });

  it('shows a QR code and the members, everything escaped', async () => {
    sandbox.control.wecom.world.corps[0]!.members[1]!.name = '王敏 <&"\'>';
    const { status, text } = await browse(wecomWebUrl(sandbox));
    expect(status).toBe(200);
    expect(text).toMatch(/<svg[^>]+viewBox="0 0 \d+ \d+"/);
    expect([...text.matchAll(/data-member="([^"]+)"/g)].map((match) => match[1])).toEqual([
      'Lin.Qiao',
      'wang.m',
      'zhang.san',
      'zhao.liu',
      'li.si',
    ]);
    expect(text).toContain('王敏 &lt;&amp;&quot;&#39;&gt;');
  });

  it('sends back a code and any state, after the query that was there', async () => {
    const page = await browse(wecomWebUrl(sandbox, { state: 'a/b?c&d=@' }));
    const { location } = await browse(hrefOf(page.text, 'data-member="Lin.Qiao"'));
    const code = new URL(location).searchParams.get('code') ?? '';
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(location).toBe(`${wecomCallback}&code=${code}&state=a%2Fb%3Fc%26d%3D%40`);
  });

  it('shows the same choice at the address of the QR code', async () => {
    const page = await browse(wecomWebUrl(sandbox));
    const scanned = hrefOf(page.text, 'data-refuse').replace(/\/refuse$/, '');
    const phone = await browse(scanned);
    expect(hrefOf(phone.text, 'data-refuse')).toBe(`${scanned}/refuse`);
    await browse(hrefOf(phone.text, 'data-member="wang.m"'));
    expect((await browse(scanned)).text).toContain('data-error="expired"');
  });

  it('sends a refusal back with the state alone', async () => {
    const page = await browse(wecomWebUrl(sandbox));
    const { location } = await browse(hrefOf(page.text, 'data-refuse'));
    expect(location).toBe(`${wecomCallback}&state=p7Xn2c9KdL4w`);
  });

  it('takes one scan per page', async () => {
    const page = await browse(wecomWebUrl(sandbox));
    const link = hrefOf(page.text, 'data-member="Lin.Qiao"');
    expect((await browse(link)).status).toBe(302);
    expect((await browse(link)).text).toContain('data-error="expired"');
  });

  it('does not take a consent page for a scan page', async () => {
    const consent = await browse(wecomInAppUrl(sandbox, { scope: 'snsapi_privateinfo' }), {
      'user-agent': wecomUserAgent,
    });
    const link = hrefOf(consent.text, 'data-approve')
      .replace('open.weixin.qq.com', 'login.work.weixin.qq.com')
      .replace('/approve', '/as/wang.m');
    expect((await browse(link)).text).toContain('data-error="expired"');
  });

  it('accepts the callback domain, which in-app OAuth does not', async () => {
    const app = sandbox.control.wecom.world.corps[0]!.apps[0]!;
    app.callbackDomain = 'login.example.com';
    const redirect_uri = 'https://login.example.com/cb';
    expect((await browse(wecomWebUrl(sandbox, { redirect_uri }))).status).toBe(200);
    const inApp = await browse(wecomInAppUrl(sandbox, { redirect_uri }), {
      'user-agent': wecomUserAgent,
    });
    expect(inApp.text).toContain('data-error="50001"');
  });

  it('turns a disabled member away only if told to', async () => {
    sandbox.control.wecom.settings.disabledMembers = 'refused';
    const page = await browse(wecomWebUrl(sandbox));
    const refused = await browse(hrefOf(page.text, 'data-member="li.si"'));
    expect(refused.text).toContain('data-error="member_disabled"');
  });

  it('keeps the old page, which turns away whoever is outside the visible range', async () => {
    const page = await browse(oldUrl());
    expect(page.status).toBe(200);
    const hidden = await browse(hrefOf(page.text, 'data-member="zhang.san"'));
    expect(hidden.text).toContain('data-error="no_permission"');
    const let_in = await browse(hrefOf(page.text, 'data-member="wang.m"'));
    expect(let_in.location).toContain('&code=');
    const mismatch = await browse(`${oldUrl()}&redirect_uri=https%3A%2F%2Fevil.test`);
    expect(mismatch.text).toContain('该链接无法访问');
  });
});
