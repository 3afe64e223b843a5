import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { browse, hrefOf, type Visit } from '../testing/browse.js';
import {
  wecomApp,
  wecomCallback,
  wecomHost,
  wecomInAppUrl,
  wecomUserAgent,
} from '../testing/wecom.js';

describe('open.weixin.qq.com', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.wecom.trustDomain(wecomApp.corpId, wecomApp.agentId, wecomHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const open = (changes = {}, headers = {}): Promise<Visit> =>
    browse(wecomInAppUrl(sandbox, changes), { 'user-agent': wecomUserAgent, ...headers });

  it.each([
    ['an unknown appid', { appid: 'ww0000000000000000' }, 'invalid_appid'],
    ['no response_type', { response_type: undefined }, 'invalid_response_type'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['the old scope', { scope: 'snsapi_userinfo' }, 'invalid_scope'],
    ['a state with symbols', { state: 'https://a' }, '84025'],
    ['a state of 129 characters', { state: 'a'.repeat(129) }, '84025'],
    ['a wrong agentid', { agentid: '1000099' }, '40056'],
    ['privateinfo without agentid', { scope: 'snsapi_privateinfo', agentid: undefined }, '40056'],
    ['no redirect_uri', { redirect_uri: undefined }, '50001'],
    ['a foreign redirect_uri', { redirect_uri: 'https://portal.example.com/cb' }, '50001'],
  ])('shows an error page for %s', async (_, changes, code) => {
    const page = await open(changes);
    expect(page.status).toBe(400);
    expect(page.text).toContain(`data-error="${code}"`);
  });

  it('wants the client: wxwork, or MicroMessenger alone', async () => {
    const browser = await open({}, { 'user-agent': 'Mozilla/5.0 Chrome/130' });
    expect(browser.text).toContain('请在微信客户端打开链接');
    expect((await open({}, { 'user-agent': 'x MicroMessenger/8.0' })).status).toBe(302);
    expect((await open({}, { 'user-agent': 'x wxwork/4.1 (MicroMessenger/6.2)' })).status).toBe(
      302,
    );
  });

  it('answers snsapi_base at once, with code and state', async () => {
    const { status, location } = await open();
    expect(status).toBe(302);
    const code = new URL(location).searchParams.get('code');
    expect(location).toBe(`${wecomCallback}&code=${code}&state=p7Xn2c9KdL4w`);
  });

  it('does so without agentid, and with a state of 128 characters', async () => {
    const state = 'a'.repeat(128);
    const { location } = await open({ agentid: undefined, state });
    expect(new URL(location).searchParams.get('state')).toBe(state);
  });

  it('loses what stands behind a # in redirect_uri', async () => {
    const { location } = await open({ redirect_uri: `https://${wecomHost}/app#/home` });
    expect(location).toMatch(/^https:\/\/portal\.example\.com:8443\/app\?code=[\w-]{43}&state=/);
  });

  describe('snsapi_privateinfo', () => {
    const ask = (user: string): Promise<Visit> =>
      open({ scope: 'snsapi_privateinfo' }, { 'x-sandbox-user': user });

    it('asks once, and again after thirty days', async () => {
      const page = await ask('Lin.Qiao');
      expect(page.status).toBe(200);
      expect(page.text).toContain('data-member="Lin.Qiao"');
      const approved = await browse(hrefOf(page.text, 'data-approve'));
      expect(approved.location).toMatch(/&code=[\w-]{43}&state=p7Xn2c9KdL4w$/);
      expect((await ask('Lin.Qiao')).status).toBe(302);
      expect((await ask('wang.m')).status).toBe(200);
      sandbox.control.advance(30 * 86_400);
      expect((await ask('Lin.Qiao')).status).toBe(200);
    });

    it('remembers nothing of a refusal and sends back the state alone', async () => {
      const page = await ask('Lin.Qiao');
      const refused = await browse(hrefOf(page.text, 'data-refuse'));
      expect(refused.location).toBe(`${wecomCallback}&state=p7Xn2c9KdL4w`);
      expect((await ask('Lin.Qiao')).status).toBe(200);
    });

    it.each(['zhang.san', 'visitor', 'linked-member'])(
      'turns %s away, who is not in the visible range',
      async (user) => {
        expect((await ask(user)).text).toContain('data-error="not_in_visible_range"');
      },
    );
  });

  describe('who is in the client', () => {
    const userOf = async (headers = {}): Promise<string | undefined> => {
      const page = await open({ scope: 'snsapi_privateinfo' }, headers);
      return page.text.match(/data-member="([^"]+)"/)?.[1];
    };

    it('is said by the header, the cookie, the control, or is the first member', async () => {
      expect(await userOf()).toBe('Lin.Qiao');
      sandbox.control.wecom.setClientUser(wecomApp.corpId, 'wang.m');
      expect(await userOf()).toBe('wang.m');
      expect(await userOf({ cookie: 'a=b; sandbox_user=li.si' })).toBe('li.si');
      expect(await userOf({ cookie: 'sandbox_user=li.si', 'x-sandbox-user': 'lin.qiao' })).toBe(
        'Lin.Qiao',
      );
    });

    it('must be somebody', async () => {
      const page = await open({}, { 'x-sandbox-user': 'nobody' });
      expect(page.text).toContain('data-error="unknown_person"');
    });
  });
});
