import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json, type JsonAnswer } from '../testing/browse.js';
import { wecomApp, wecomHost, wecomOldApp, wecomToken, wecomWebCode } from '../testing/wecom.js';

const { corpId, secret } = wecomApp;

describe('qyapi.weixin.qq.com', () => {
  let sandbox: Sandbox;
  let api: string;

  beforeAll(async () => {
    sandbox = await startSandbox();
    api = `${sandbox.endpoints.wecom.api}/cgi-bin`;
    sandbox.control.wecom.trustDomain(corpId, wecomApp.agentId, wecomHost);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const setApp = (change: object): void => {
    Object.assign(sandbox.control.wecom.world.corps[0]!.apps[0]!, change);
  };

  describe('gettoken', () => {
    it.each([
      ['', 41004],
      [`corpid=${corpId}`, 41004],
      [`corpsecret=${secret}`, 41002],
      [`corpid=ww0000000000000000&corpsecret=${secret}`, 40013],
      [`corpid=${corpId}&corpsecret=nope`, 40001],
      [`corpid=ww9f8e7d6c5b4a3921&corpsecret=${secret}`, 40001],
    ])('answers %s with %i, HTTP 200', async (query, errcode) => {
      const { status, body, headers } = await json(`${api}/gettoken?${query}`);
      expect(status).toBe(200);
      expect(body['errcode']).toBe(errcode);
      expect(headers.get('error-code')).toBe(errcode.toString());
      expect(headers.get('content-type')).toBe('application/json; charset=UTF-8');
    });

    it('refuses a disabled app and words a bad secret as told', async () => {
      setApp({ disabled: true });
      const url = `${api}/gettoken?corpid=${corpId}&corpsecret=`;
      expect((await json(url + secret)).body['errcode']).toBe(50003);
      sandbox.control.wecom.settings.badSecretCode = 40091;
      expect((await json(`${url}nope`)).body['errcode']).toBe(40091);
    });

    it('gives the same token on repeat, or a new one beside the old if told to', async () => {
      const first = await wecomToken(sandbox);
      sandbox.control.advance(7000);
      expect(await wecomToken(sandbox)).toBe(first);
      sandbox.control.advance(200);
      const second = await wecomToken(sandbox);
      expect(second).not.toBe(first);
      sandbox.control.wecom.settings.repeatedToken = 'new';
      expect(await wecomToken(sandbox)).not.toBe(second);
      const old = await json(`${api}/user/get?access_token=${second}&userid=wang.m`);
      expect(old.body).toMatchObject({ name: '王敏' });
    });

    it('keeps a token per app', async () => {
      expect(await wecomToken(sandbox, wecomOldApp)).not.toBe(await wecomToken(sandbox));
      expect((await wecomToken(sandbox)).length).toBeLessThanOrEqual(512);
    });
  });

  describe('the token', () => {
    const errcodeOf = async (answer: Promise<JsonAnswer>): Promise<unknown> =>
      (await answer).body['errcode'];

    it('is read from the query only', async () => {
      const token = await wecomToken(sandbox);
      expect(
        await errcodeOf(
          json(`${api}/user/get?userid=wang.m`, undefined, { authorization: `Bearer ${token}` }),
        ),
      ).toBe(41001);
      expect(
        await errcodeOf(json(`${api}/user/get`, { access_token: token, userid: 'wang.m' })),
      ).toBe(41001);
    });

    it('is checked before anything else of the call', async () => {
      expect(await errcodeOf(json(`${api}/user/get`))).toBe(41001);
      expect(await errcodeOf(json(`${api}/user/get?access_token=nope`))).toBe(40014);
      setApp({ trustedIps: ['203.0.113.7'] });
      const token = await wecomToken(sandbox);
      const refused = await json(`${api}/user/get?access_token=${token}`);
      expect(refused.body['errcode']).toBe(60020);
      expect(refused.body['errmsg']).toMatch(
        /^not allow to access from your ip, hint: \[\d+\], from ip: 127\.0\.0\.1, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=60020$/,
      );
      setApp({ trustedIps: [] });
      expect(await errcodeOf(json(`${api}/user/get?access_token=${token}`))).toBe(41009);
    });

    it('meets the address rule at gettoken already in a private deployment', async () => {
      setApp({ trustedIps: ['203.0.113.7'] });
      sandbox.control.wecom.settings.ipRule = 'from-gettoken';
      const url = `${api}/gettoken?corpid=${corpId}&corpsecret=${secret}`;
      expect(await errcodeOf(json(url))).toBe(60020);
    });

    it('runs out after two hours, told by either code, and may be invalidated before', async () => {
      const token = await wecomToken(sandbox);
      const ask = (): Promise<unknown> =>
        errcodeOf(json(`${api}/user/get?access_token=${token}&userid=wang.m`));
      sandbox.control.advance(7200);
      expect(await ask()).toBe(42001);
      sandbox.control.wecom.settings.expiredTokenCode = 40014;
      expect(await ask()).toBe(40014);
      const next = await wecomToken(sandbox);
      sandbox.control.wecom.invalidateTokens(corpId, wecomApp.agentId);
      expect(await errcodeOf(json(`${api}/user/get?access_token=${next}&userid=wang.m`))).toBe(
        40014,
      );
    });
  });

  describe('user/get', () => {
    const get = async (userid: string, app: { corpId: string; secret: string } = wecomApp) =>
      json(`${api}/user/get?access_token=${await wecomToken(sandbox, app)}&userid=${userid}`);

    it('leaves the sensitive fields out for an app created after 2022-06-20', async () => {
      const { body } = await get('Lin.Qiao');
      expect(body).toMatchObject({
        userid: 'Lin.Qiao',
        name: '林乔',
        department: [2, 9],
        status: 1,
      });
      for (const field of [
        'avatar',
        'thumb_avatar',
        'gender',
        'mobile',
        'email',
        'biz_mail',
        'qr_code',
        'address',
      ]) {
        expect(body).not.toHaveProperty(field);
      }
    });

    it('gives them to an older app', async () => {
      expect((await get('Lin.Qiao', wecomOldApp)).body).toMatchObject({
        mobile: '13900000017',
        email: 'lin.qiao@mail.example',
        biz_mail: 'lin.qiao@corp.example',
        gender: '2',
      });
    });

    it('compares the userid without case and answers with the stored spelling', async () => {
      expect((await get('LIN.QIAO')).body).toMatchObject({ userid: 'Lin.Qiao' });
    });

    it('takes a POST too', async () => {
      const url = `${api}/user/get?access_token=${await wecomToken(sandbox)}`;
      expect((await json(url, { userid: 'li.si' })).body).toMatchObject({ status: 2 });
    });

    it.each([
      ['nobody', 60111],
      ['zhang.san', 60111],
      ['ww5f4e3d2c1b0a9988%2Fchen.yu', 40058],
      ['_x', 40003],
      ['', 41009],
    ])('answers %s with %i and an empty department', async (userid, errcode) => {
      expect((await get(userid)).body).toMatchObject({ errcode, department: [] });
    });

    it('keeps the same userid of two companies apart', async () => {
      const other = {
        corpId: 'ww9f8e7d6c5b4a3921',
        secret: 'exampleWecomSecret-birch-1000017-Ux5gTa9Mw2',
      };
      expect((await get('lin.qiao', other)).body).toMatchObject({ name: '林桥' });
      expect((await get('lin.qiao')).body).toMatchObject({ name: '林乔' });
    });
  });

  it('finds a member by mobile and mail, if the app sees them', async () => {
    const token = await wecomToken(sandbox);
    const ask = async (call: string, body: object | string): Promise<Record<string, unknown>> =>
      (await json(`${api}/user/${call}?access_token=${token}`, body)).body;
    expect(await ask('getuserid', { mobile: '13900000017' })).toMatchObject({ userid: 'Lin.Qiao' });
    expect(await ask('getuserid', { mobile: '13900000019' })).toMatchObject({ errcode: 46004 });
    expect(await ask('getuserid', { mobile: '1' })).toMatchObject({ errcode: 40058 });
    expect(await ask('getuserid', {})).toMatchObject({ errcode: 40063 });
    expect(await ask('getuserid', '{"mobile"')).toMatchObject({ errcode: 40058 });
    expect(await ask('getuserid', new URLSearchParams({ mobile: '13900000017' }))).toMatchObject({
      errcode: 40063,
    });
    expect(await ask('get_userid_by_email', { email: 'lin.qiao@corp.example' })).toMatchObject({
      userid: 'Lin.Qiao',
    });
    const personal = { email: 'lin.qiao@mail.example', email_type: 2 };
    expect(await ask('get_userid_by_email', personal)).toMatchObject({ userid: 'Lin.Qiao' });
  });

  it('lists the departments that the app sees', async () => {
    const ids = async (query: string, app = wecomApp as { corpId: string; secret: string }) => {
      const url = `${api}/department/list?access_token=${await wecomToken(sandbox, app)}${query}`;
      const { body } = await json(url);
      return (body['department'] as { id: number }[]).map(({ id }) => id);
    };
    expect(await ids('')).toEqual([2, 9]);
    expect(await ids('', wecomOldApp)).toEqual([1, 2, 9]);
    expect(await ids('&id=9')).toEqual([9]);
    expect(await ids('&id=1')).toEqual([]);
  });

  describe('tickets', () => {
    const ask = async (call: string): Promise<Record<string, unknown>> =>
      (await json(`${api}/${call}access_token=${await wecomToken(sandbox)}`)).body;

    it('are one per company and one per app, the same on repeat for two hours', async () => {
      const company = await ask('get_jsapi_ticket?');
      const app = await ask('ticket/get?type=agent_config&');
      expect(company).toMatchObject({ expires_in: 7200 });
      expect(app['ticket']).not.toBe(company['ticket']);
      sandbox.control.advance(7100);
      expect((await ask('get_jsapi_ticket?'))['ticket']).toBe(company['ticket']);
      sandbox.control.advance(100);
      expect((await ask('get_jsapi_ticket?'))['ticket']).not.toBe(company['ticket']);
    });

    it('want their type, and only theirs', async () => {
      expect(await ask('ticket/get?')).toMatchObject({ errcode: 91040 });
      expect(await ask('ticket/get?type=jsapi&')).toMatchObject({ errcode: 91040 });
      expect(await ask('get_jsapi_ticket?type=jsapi&')).toMatchObject({ errcode: 91040 });
    });

    it('are not to be asked for more than a hundred times an hour', async () => {
      for (let count = 0; count < 100; count++) await ask('get_jsapi_ticket?');
      expect(await ask('get_jsapi_ticket?')).toMatchObject({ errcode: 45009 });
      sandbox.control.advance(3600);
      expect(await ask('get_jsapi_ticket?')).toHaveProperty('ticket');
    });
  });

  it('answers an unknown path with an empty 404, a wrong method with 40063', async () => {
    const unknown = await json(`${api}/user/notexist`);
    expect([unknown.status, unknown.text]).toEqual([404, '']);
    expect((await json(`${api}/gettoken`, {})).body['errcode']).toBe(40063);
    expect((await json(`${api}/auth/getuserdetail`)).body['errcode']).toBe(40063);
  });

  it('lists addresses, wildcards among them', async () => {
    const token = await wecomToken(sandbox);
    const { body } = await json(`${api}/getcallbackip?access_token=${token}`);
    expect(body['ip_list']).toContain('203.0.113.*');
  });

  it('varies: key order, unknown fields, a missing errcode, a bare text', async () => {
    const token = await wecomToken(sandbox);
    const many = (url: string): Promise<JsonAnswer[]> =>
      Promise.all(Array.from({ length: 40 }, () => json(url)));
    const good = await many(`${api}/user/get?access_token=${token}&userid=wang.m`);
    expect(new Set(good.map(({ body }) => Object.keys(body).join())).size).toBeGreaterThan(10);
    expect(good.some(({ body }) => 'x_unknown_field' in body)).toBe(true);
    expect(good.some(({ body }) => !('errcode' in body))).toBe(true);
    expect(good.some(({ body }) => body['errcode'] === 0)).toBe(true);
    const bad = await many(`${api}/user/get?access_token=nope&userid=wang.m`);
    expect(bad.every(({ body }) => body['errcode'] === 40014)).toBe(true);
    expect(bad.some(({ body }) => body['errmsg'] === 'invalid access_token')).toBe(true);
    expect(bad.some(({ body }) => String(body['errmsg']).includes('from ip: 127.0.0.1'))).toBe(
      true,
    );
  });

  it('spends a code once, also when many race', async () => {
    const token = await wecomToken(sandbox);
    const code = await wecomWebCode(sandbox, 'wang.m');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        json(`${api}/auth/getuserinfo?access_token=${token}&code=${code}`),
      ),
    );
    expect(answers.filter(({ body }) => body['userid'] === 'wang.m')).toHaveLength(1);
    expect(answers.filter(({ body }) => body['errcode'] === 40029)).toHaveLength(19);
  });
});
