import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json } from '../testing/browse.js';
import {
  wecomApp,
  wecomHost,
  wecomInAppCode,
  wecomOldApp,
  wecomToken,
  wecomWebCode,
} from '../testing/wecom.js';

const { corpId, agentId } = wecomApp;
const privateinfo = { scope: 'snsapi_privateinfo' };

describe('a WeCom code', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.control.wecom.trustDomain(corpId, agentId, wecomHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const ask = async (
    path: string,
    options: { app?: { corpId: string; secret: string }; body?: object } = {},
  ): Promise<Record<string, unknown>> => {
    const token = await wecomToken(sandbox, options.app ?? wecomApp);
    const separator = path.includes('?') ? '&' : '?';
    const url = `${sandbox.endpoints.wecom.api}/cgi-bin/${path}${separator}access_token=${token}`;
    return (await json(url, options.body)).body;
  };
  const redeem = (code: string, app?: { corpId: string; secret: string }) =>
    ask(`auth/getuserinfo?code=${code}`, app ? { app } : {});
  const detail = (body: object, app?: { corpId: string; secret: string }) =>
    ask('auth/getuserdetail', app ? { body, app } : { body });
  const userTicket = async (user: string): Promise<string> =>
    String((await redeem(await wecomInAppCode(sandbox, user, privateinfo)))['user_ticket']);
  const setApp = (change: object): void => {
    Object.assign(sandbox.control.wecom.world.corps[0]!.apps[0]!, change);
  };

  describe('auth/getuserinfo', () => {
    it('tells the member, as stored, and never a user_ticket for Web login or snsapi_base', async () => {
      for (const code of [
        await wecomWebCode(sandbox, 'Lin.Qiao'),
        await wecomInAppCode(sandbox, 'lin.qiao'),
      ]) {
        const body = await redeem(code);
        expect(body['userid']).toBe('Lin.Qiao');
        for (const field of ['UserId', 'openid', 'user_ticket', 'expires_in', 'DeviceId']) {
          expect(body).not.toHaveProperty(field);
        }
      }
    });

    it('adds a user_ticket after snsapi_privateinfo', async () => {
      const body = await redeem(await wecomInAppCode(sandbox, 'wang.m', privateinfo));
      expect(body).toMatchObject({ userid: 'wang.m', user_ticket: expect.any(String) });
      expect(String(body['user_ticket']).length).toBeLessThanOrEqual(512);
    });

    it('tells a member outside the visible range too', async () => {
      expect(await redeem(await wecomInAppCode(sandbox, 'zhang.san'))).toMatchObject({
        userid: 'zhang.san',
      });
    });

    it('tells a visitor by openid, a customer by external_userid as well', async () => {
      const customer = await redeem(await wecomInAppCode(sandbox, 'visitor-customer'));
      expect(customer).toMatchObject({
        openid: 'oExample7Kd92mPqRsTuV0wXyZ1',
        external_userid: 'wmExampleAAAA3kLmNoPqRsTuVwXyZ',
      });
      expect(customer).not.toHaveProperty('userid');
      const stranger = await redeem(await wecomInAppCode(sandbox, 'visitor'));
      expect(stranger).toMatchObject({ openid: 'oExample8Le03nQrStUvW1xYzA2' });
      expect(stranger).not.toHaveProperty('external_userid');
    });

    it("tells a linked company's member as CorpId/userid", async () => {
      expect(await redeem(await wecomInAppCode(sandbox, 'linked-member'))).toMatchObject({
        userid: 'ww5f4e3d2c1b0a9988/chen.yu',
      });
    });

    it('refuses a missing, made-up, used, and late code', async () => {
      expect(await ask('auth/getuserinfo')).toMatchObject({ errcode: 41008 });
      expect(await redeem('x'.repeat(43))).toMatchObject({ errcode: 40029 });
      expect(await redeem('x'.repeat(513))).toMatchObject({ errcode: 40058 });
      const used = await wecomWebCode(sandbox, 'wang.m');
      expect(await redeem(used)).toMatchObject({ userid: 'wang.m' });
      expect(await redeem(used)).toMatchObject({ errcode: 40029 });
      sandbox.control.wecom.settings.spentCodeCode = 42022;
      expect(await redeem(used)).toMatchObject({ errcode: 42022 });
      const late = await wecomWebCode(sandbox, 'wang.m');
      sandbox.control.advance(300);
      expect(await redeem(late)).toMatchObject({ errcode: 40029 });
    });

    it("refuses another app's token with 50001 and leaves the code alone", async () => {
      const code = await wecomWebCode(sandbox, 'wang.m');
      expect(await redeem(code, wecomOldApp)).toMatchObject({ errcode: 50001 });
      const otherCompany = {
        corpId: 'ww9f8e7d6c5b4a3921',
        secret: 'exampleWecomSecret-birch-1000017-Ux5gTa9Mw2',
      };
      expect(await redeem(code, otherCompany)).toMatchObject({ errcode: 50001 });
      expect(await redeem(code)).toMatchObject({ userid: 'wang.m' });
    });

    it('refuses the code of a member who has been deleted meanwhile', async () => {
      const code = await wecomWebCode(sandbox, 'wang.m');
      const corp = sandbox.control.wecom.world.corps[0]!;
      corp.members = corp.members.filter(({ userid }) => userid !== 'wang.m');
      expect(await redeem(code)).toMatchObject({ errcode: 40029 });
    });
  });

  it('is spelled otherwise by the legacy call', async () => {
    const member = await wecomInAppCode(sandbox, 'wang.m', privateinfo);
    const body = await ask(`user/getuserinfo?code=${member}`);
    expect(body).toMatchObject({
      UserId: 'wang.m',
      DeviceId: '10000712345678QX',
      user_ticket: expect.any(String),
      expires_in: 1800,
    });
    expect(body).not.toHaveProperty('userid');
    const visitor = await wecomInAppCode(sandbox, 'visitor');
    expect(await ask(`user/getuserinfo?code=${visitor}`)).toMatchObject({
      OpenId: 'oExample8Le03nQrStUvW1xYzA2',
    });
  });

  describe('auth/getuserdetail', () => {
    it('tells what was agreed to, but no name', async () => {
      const body = await detail({ user_ticket: await userTicket('Lin.Qiao') });
      expect(body).toMatchObject({
        userid: 'Lin.Qiao',
        gender: '2',
        avatar: 'https://wework.example.com/avatar/lin.qiao/0',
        mobile: '13900000017',
        email: 'lin.qiao@mail.example',
        biz_mail: 'lin.qiao@corp.example',
        address: '6F, 12 Sample Road',
      });
      expect(body).not.toHaveProperty('name');
    });

    it('keeps to the fields that the administrator selected', async () => {
      setApp({ selectedFields: ['mobile'] });
      const body = await detail({ user_ticket: await userTicket('Lin.Qiao') });
      expect(body).toMatchObject({
        mobile: '13900000017',
        gender: '0',
        avatar: 'https://wework.example.com/avatar/default/0',
      });
      expect(body).not.toHaveProperty('email');
    });

    it('tells nothing after the consent was withdrawn', async () => {
      const ticket = await userTicket('Lin.Qiao');
      sandbox.control.wecom.forgetConsents('Lin.Qiao');
      const body = await detail({ user_ticket: ticket });
      expect(body).toMatchObject({ userid: 'Lin.Qiao', gender: '0' });
      expect(body).not.toHaveProperty('mobile');
    });

    it('refuses a missing, made-up, foreign, and late ticket', async () => {
      expect(await detail({})).toMatchObject({ errcode: 84090 });
      expect(await detail({ user_ticket: 'nope' })).toMatchObject({ errcode: 84015 });
      const ticket = await userTicket('wang.m');
      expect(await detail({ user_ticket: ticket }, wecomOldApp)).toMatchObject({ errcode: 84015 });
      sandbox.control.advance(1800);
      expect(await detail({ user_ticket: ticket })).toMatchObject({ errcode: 84014 });
    });

    it('refuses a member who is no longer visible, and an app without the permission', async () => {
      const ticket = await userTicket('wang.m');
      setApp({ selectedFields: [] });
      expect(await detail({ user_ticket: ticket })).toMatchObject({ errcode: 92001 });
      setApp({ visible: [] });
      expect(await detail({ user_ticket: ticket })).toMatchObject({ errcode: 92000 });
    });
  });

  it('of a mini program has its own exchange', async () => {
    const code = sandbox.control.wecom.miniProgramCode({ corpId, agentId, userid: 'wang.m' });
    const session = (query: string): Promise<Record<string, unknown>> =>
      ask(`miniprogram/jscode2session?${query}`);
    expect(await redeem(code)).toMatchObject({ errcode: 40029 });
    expect(await session(`js_code=${code}`)).toMatchObject({ errcode: 40063 });
    expect(await session(`js_code=${code}&grant_type=authorization_code`)).toMatchObject({
      corpid: corpId,
      userid: 'wang.m',
      session_key: expect.any(String),
    });
    expect(await session(`js_code=${code}&grant_type=authorization_code`)).toMatchObject({
      errcode: 40029,
    });
    const web = await wecomWebCode(sandbox, 'wang.m');
    expect(await session(`js_code=${web}&grant_type=authorization_code`)).toMatchObject({
      errcode: 40029,
    });
  });
});
