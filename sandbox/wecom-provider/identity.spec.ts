import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import {
  cgi,
  pineCorp,
  redwoodCorp,
  service,
  spCorpToken,
  spHost,
  spInApp,
  spInAppUrl,
  spLoginSuite,
  spOldWebUrl,
  spProviderToken,
  spScan,
  spSuite,
  spSuiteToken,
  spTemplate,
  spWebUrl,
} from '../testing/wecom-provider.js';
import type { WecomProviderControl } from './control.js';

type Fields = Record<string, unknown>;

describe('who a code stands for', () => {
  let sandbox: Sandbox;
  let control: WecomProviderControl;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = sandbox.control.wecomProvider;
    control.trustDomain(spHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const lin = `lin.qiao@${pineCorp}`;
  const webCode = async (person: string): Promise<string> =>
    (await spScan(spWebUrl(sandbox), person)).get('code') ?? '';
  const inAppCode = async (person: string, scope = 'snsapi_base'): Promise<string> =>
    (await spInApp(spInAppUrl(sandbox, { scope }), person)).get('code') ?? '';
  const info3rd = async (
    code: string,
    suite: { suiteId: string; secret: string } = spLoginSuite,
    path = 'auth/getuserinfo3rd',
  ): Promise<Fields> => {
    const token = await spSuiteToken(sandbox, suite);
    return service(sandbox, `${path}?suite_access_token=${token}&code=${code}`);
  };

  describe('getuserinfo3rd of web login', () => {
    it('gives the corp and the member, encrypted, and never a ticket', async () => {
      await control.install(pineCorp, spSuite.suiteId);
      const who = await info3rd(await webCode(lin));
      expect(who['corpid']).toMatch(/^wp[\w-]{30}$/);
      expect(who['userid']).toMatch(/^wo[\w-]{30}$/);
      expect(who['open_userid']).toBe(who['userid']);
      expect(who).not.toHaveProperty('user_ticket');
    });

    it('gives plain ids of a corp that was never migrated, once it has an app', async () => {
      const stranger = await info3rd(await webCode(`zhou.ke@${redwoodCorp}`));
      expect(stranger['corpid']).toMatch(/^wp/);
      expect(stranger['userid']).toMatch(/^wo/);
      await control.install(redwoodCorp, spSuite.suiteId);
      const who = await info3rd(await webCode(`zhou.ke@${redwoodCorp}`));
      expect(who).toMatchObject({ corpid: redwoodCorp, userid: 'zhou.ke' });
      expect(who['open_userid']).toBe(stranger['userid']);
    });

    it('gives the same ids for every app, and others in another corp', async () => {
      await control.install(pineCorp, spSuite.suiteId);
      const web = await info3rd(await webCode(lin));
      const inApp = await info3rd(await inAppCode(lin), spSuite);
      expect(inApp['open_userid']).toBe(web['open_userid']);
      const namesake = await info3rd(await webCode(`Lin.Qiao@${redwoodCorp}`));
      expect(namesake['open_userid']).not.toBe(web['open_userid']);
    });

    it('takes a code once, for five minutes, with its own suite only', async () => {
      const code = await webCode(lin);
      expect(await info3rd(code, spSuite)).toMatchObject({ errcode: 40029 });
      expect(await info3rd(code, spTemplate)).toMatchObject({ errcode: 48002 });
      expect(await info3rd(code)).toHaveProperty('userid');
      expect(await info3rd(code)).toMatchObject({ errcode: 40029 });
      const late = await webCode(lin);
      sandbox.control.advance(301);
      expect(await info3rd(late)).toMatchObject({ errcode: 40029 });
      control.settings.spentCodeCode = 42022;
      control.settings.expiredCodeCode = 42003;
      expect(await info3rd(code)).toMatchObject({ errcode: 42022 });
      expect(await info3rd(late)).toMatchObject({ errcode: 42003 });
    });

    it('refuses what is no code, and a domain that the suite does not trust', async () => {
      expect(await info3rd('')).toMatchObject({ errcode: 41008 });
      expect(await info3rd('nope')).toMatchObject({ errcode: 40029 });
      expect(await info3rd('x'.repeat(513))).toMatchObject({ errcode: 40058 });
      control.trustDomain('only-login.example.com', spLoginSuite.suiteId);
      const url = spWebUrl(sandbox, { redirect_uri: 'https://only-login.example.com/cb' });
      const code = (await spScan(url, lin)).get('code') ?? '';
      expect(await info3rd(code, spSuite)).toMatchObject({ errcode: 50001 });
      expect(await info3rd(code)).toHaveProperty('userid');
    });

    it('does not take the codes of the old way, which does not take its codes', async () => {
      const old = (await spScan(spOldWebUrl(sandbox), lin)).get('auth_code') ?? '';
      expect(await info3rd(old)).toMatchObject({ errcode: 40029 });
      expect(await loginInfo(await webCode(lin))).toMatchObject({ errcode: 40029, agent: [] });
      expect(await loginInfo(old)).toHaveProperty('usertype');
    });
  });

  describe('getuserinfo3rd in the client', () => {
    it('spells the old path in its own way', async () => {
      await control.install(pineCorp, spSuite.suiteId);
      const who = await info3rd(await inAppCode(lin), spSuite, 'getuserinfo3rd');
      expect(who['CorpId']).toBe(control.seenCorpId(pineCorp));
      expect(who['UserId']).toBe(control.seenUserid(pineCorp, 'lin.qiao'));
      expect(who).not.toHaveProperty('corpid');
    });

    it('gives an openid of someone who is no member', async () => {
      const who = await info3rd(await inAppCode(`visitor@${pineCorp}`), spSuite);
      expect(who['openid']).toMatch(/^oS/);
      expect(who).not.toHaveProperty('userid');
      expect(who).not.toHaveProperty('external_userid');
    });

    it('is whoever the tester put there', async () => {
      control.setClientUser(redwoodCorp, 'zhou.ke');
      await control.install(redwoodCorp, spSuite.suiteId);
      const visit = await fetch(spInAppUrl(sandbox), {
        headers: { 'user-agent': 'wxwork' },
        redirect: 'manual',
      });
      const code = new URL(visit.headers.get('location') ?? '').searchParams.get('code') ?? '';
      expect(await info3rd(code, spSuite)).toMatchObject({ userid: 'zhou.ke' });
    });

    it('gives a ticket beyond the base scope, to members in the visible range', async () => {
      await control.install(pineCorp, spSuite.suiteId, { visible: ['lin.qiao'] });
      const base = await info3rd(await inAppCode(lin), spSuite);
      expect(base).not.toHaveProperty('user_ticket');
      const scope = 'snsapi_privateinfo';
      const outside = await info3rd(await inAppCode(`chen.mo@${pineCorp}`, scope), spSuite);
      expect(outside).not.toHaveProperty('user_ticket');
      const agreed = await info3rd(await inAppCode(lin, scope), spSuite);
      expect(agreed).toMatchObject({ expires_in: 7200 });

      const detail = async (ticket?: unknown): Promise<Fields> => {
        const call = `auth/getuserdetail3rd?suite_access_token=${await spSuiteToken(sandbox)}`;
        return service(sandbox, call, { user_ticket: ticket });
      };
      const known = await detail(agreed['user_ticket']);
      expect(known).toMatchObject({ gender: '2', name: agreed['userid'] });
      expect(JSON.stringify(known)).not.toContain('13900000031');
      expect(JSON.stringify(known)).not.toContain('林乔');
      expect(await detail()).toMatchObject({ errcode: 84090 });
      expect(await detail('nope')).toMatchObject({ errcode: 84015 });
      sandbox.control.advance(7201);
      expect(await detail(agreed['user_ticket'])).toMatchObject({ errcode: 84014 });
      const userinfo = await info3rd(await inAppCode(lin, 'snsapi_userinfo'), spSuite);
      expect(await detail(userinfo['user_ticket'])).toMatchObject({ gender: '0', avatar: '' });
    });
  });

  const loginInfo = async (code: string): Promise<Fields> =>
    service(sandbox, `get_login_info?access_token=${await spProviderToken(sandbox)}`, {
      auth_code: code,
    });

  describe('get_login_info', () => {
    const oldCode = async (person: string): Promise<string> =>
      (await spScan(spOldWebUrl(sandbox), person)).get('auth_code') ?? '';

    it('tells members from administrators, once', async () => {
      await control.install(pineCorp, spSuite.suiteId);
      const code = await oldCode(`gao.yuan@${pineCorp}`);
      const userid = control.seenUserid(pineCorp, 'gao.yuan');
      expect(await loginInfo(code)).toMatchObject({
        usertype: 5,
        user_info: { userid, open_userid: userid, name: userid },
        corp_info: { corpid: control.seenCorpId(pineCorp) },
        agent: [],
      });
      expect(await loginInfo(code)).toMatchObject({ errcode: 40029, agent: [] });
      expect(await loginInfo(await oldCode(lin))).toMatchObject({
        usertype: 1,
        agent: [{ agentid: 1000017, auth_type: 1 }],
      });
    });

    it('takes the console’s codes, as the app of web login does', async () => {
      expect(await loginInfo(control.consoleCode(pineCorp, 'lin.qiao'))).toMatchObject({
        usertype: 1,
      });
      const code = control.consoleCode(pineCorp, 'lin.qiao');
      expect(await info3rd(code, spSuite)).toMatchObject({ errcode: 40029 });
      expect(await info3rd(code)).toHaveProperty('open_userid');
    });
  });

  describe('auth/getuserinfo of a delegated app', () => {
    const openApp = async () => {
      const installed = await control.install(pineCorp, spTemplate.suiteId, {
        visible: ['lin.qiao', 'chen.mo'],
      });
      const token = await spCorpToken(sandbox, installed, spTemplate);
      const link = (scope: string): string =>
        spInAppUrl(sandbox, {
          appid: installed.corpId,
          agentid: installed.agentId.toString(),
          scope,
        });
      const info = (code: string): Promise<Fields> =>
        cgi(sandbox, `auth/getuserinfo?access_token=${token}&code=${code}`);
      return { installed, token, link, info };
    };

    it('gives the member of web login, without a corp', async () => {
      const { installed, info } = await openApp();
      const url = spWebUrl(sandbox, {
        login_type: 'CorpApp',
        appid: installed.corpId,
        agentid: installed.agentId.toString(),
      });
      const code = (await spScan(url, lin)).get('code') ?? '';
      expect(await info3rd(code)).toMatchObject({ errcode: 40029 });
      const who = await info(code);
      expect(who).toMatchObject({ userid: control.seenUserid(pineCorp, 'lin.qiao') });
      expect(who).not.toHaveProperty('corpid');
      expect(who).not.toHaveProperty('open_userid');
      expect(await info(code)).toMatchObject({ errcode: 40029 });
    });

    it('gives phone and mail after consent', async () => {
      const { link, info, token } = await openApp();
      const { user_ticket } = await info(
        (await spInApp(link('snsapi_privateinfo'), lin)).get('code') ?? '',
      );
      const detail = (ticket: unknown): Promise<Fields> =>
        cgi(sandbox, `auth/getuserdetail?access_token=${token}`, { user_ticket: ticket });
      expect(await detail(user_ticket)).toMatchObject({ mobile: '13900000031', gender: '2' });
      expect(await detail('nope')).toMatchObject({ errcode: 84015 });
      const base = await info((await spInApp(link('snsapi_base'), lin)).get('code') ?? '');
      expect(base).not.toHaveProperty('user_ticket');
    });

    it('tells customers from strangers, and members of other corps not at all', async () => {
      const { link, info } = await openApp();
      const visit = async (person: string): Promise<Fields> =>
        info((await spInApp(link('snsapi_base'), person)).get('code') ?? '');
      expect(await visit('visitor-customer')).toMatchObject({
        external_userid: expect.stringMatching(/^wm/),
      });
      expect(await visit('visitor')).not.toHaveProperty('external_userid');
    });

    it("is not for third-party apps, nor for another corp's codes", async () => {
      const { info, link } = await openApp();
      const third = await control.install(pineCorp, spSuite.suiteId);
      const token = await spCorpToken(sandbox, third);
      const code = (await spInApp(link('snsapi_base'), lin)).get('code') ?? '';
      const call = `auth/getuserinfo?access_token=${token}&code=${code}`;
      expect(await cgi(sandbox, call)).toMatchObject({ errcode: 48002 });
      const other = await control.install(redwoodCorp, spTemplate.suiteId);
      const otherToken = await spCorpToken(sandbox, other, spTemplate);
      expect(
        await cgi(sandbox, `auth/getuserinfo?access_token=${otherToken}&code=${code}`),
      ).toMatchObject({ errcode: 50001 });
      expect(await info(await inAppCode(lin))).toMatchObject({ errcode: 40029 });
      expect(await info(code)).toHaveProperty('userid');
    });
  });

  it('user/get knows ids as they are seen, and the visible range', async () => {
    const installed = await control.install(pineCorp, spSuite.suiteId, { visible: ['lin.qiao'] });
    const token = await spCorpToken(sandbox, installed);
    const get = (userid: string): Promise<Fields> =>
      cgi(sandbox, `user/get?access_token=${token}&userid=${userid}`);
    const seen = control.seenUserid(pineCorp, 'lin.qiao');
    expect(await get(seen)).toMatchObject({ userid: seen, name: seen, status: 1 });
    expect(await get('lin.qiao')).toMatchObject({ errcode: 60111 });
    expect(await get(control.seenUserid(pineCorp, 'chen.mo'))).toMatchObject({ errcode: 60011 });
  });
});
