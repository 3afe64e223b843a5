import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from './sandbox.js';
import { browse, hrefOf, json } from './testing/browse.js';

const REDIRECT = 'http://127.0.0.1:3000/callback/dingtalk';

describe('the sandbox', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.dingtalk.registerRedirect('dingexampleappkey1', REDIRECT);
    sandbox.control.wecom.trustDomain('ww1a2b3c4d5e6f7a8b', 1000017, '127.0.0.1:3000');
  });
  afterAll(() => sandbox.stop());

  it('walks a DingTalk sign-in from the page to the profile', async () => {
    const { login, api } = sandbox.endpoints.dingtalk;
    const page = await browse(
      `${login}/oauth2/auth?redirect_uri=${encodeURIComponent(REDIRECT)}&response_type=code` +
        '&client_id=dingexampleappkey1&scope=openid%20corpid&state=Zk3p9Q&prompt=consent',
    );
    const callback = await browse(hrefOf(page.text, 'data-member="manager0042"'));
    const returned = new URL(callback.location);
    expect(returned.searchParams.get('authCode')).toBe(returned.searchParams.get('code'));
    expect(returned.searchParams.get('state')).toBe('Zk3p9Q');

    const token = await json(`${api}/v1.0/oauth2/userAccessToken`, {
      clientId: 'dingexampleappkey1',
      clientSecret: 'exampleSecret01',
      code: returned.searchParams.get('code'),
      grantType: 'authorization_code',
    });
    expect(token.body).toMatchObject({ expireIn: 7200, corpId: 'dingexamplecorp01' });
    const me = await json(`${api}/v1.0/contact/users/me`, undefined, {
      'x-acs-dingtalk-access-token': String(token.body['accessToken']),
    });
    expect(me.body).toMatchObject({ nick: '小明', mobile: '13800000000', stateCode: '86' });
  });

  it('walks a WeCom sign-in from the page to the member', async () => {
    const { login, api } = sandbox.endpoints.wecom;
    const page = await browse(
      `${login}/wwlogin/sso/login?login_type=CorpApp&appid=ww1a2b3c4d5e6f7a8b&agentid=1000017` +
        `&redirect_uri=${encodeURIComponent('http://127.0.0.1:3000/callback/wecom')}&state=p7Xn2c9KdL4w`,
    );
    const callback = await browse(hrefOf(page.text, 'data-member="Lin.Qiao"'));
    const returned = new URL(callback.location);
    expect(returned.searchParams.get('state')).toBe('p7Xn2c9KdL4w');

    const token = await json(
      `${api}/cgi-bin/gettoken?corpid=ww1a2b3c4d5e6f7a8b&corpsecret=exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv`,
    );
    const query = `access_token=${String(token.body['access_token'])}`;
    const code = returned.searchParams.get('code');
    const who = await json(`${api}/cgi-bin/auth/getuserinfo?${query}&code=${code}`);
    expect(who.body).toMatchObject({ userid: 'Lin.Qiao' });
    const member = await json(`${api}/cgi-bin/user/get?${query}&userid=Lin.Qiao`);
    expect(member.body).toMatchObject({ name: '林乔', department: [2, 9] });
  });

  it('refuses to start in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(startSandbox()).rejects.toThrow('does not start in production');
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});
