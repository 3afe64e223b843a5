import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json, type JsonAnswer } from '../testing/browse.js';
import {
  dingtalkApp,
  dingtalkAppToken,
  dingtalkCallback,
  dingtalkCode,
} from '../testing/dingtalk.js';

const { clientId, corpId } = dingtalkApp;

describe('oapi.dingtalk.com', () => {
  let sandbox: Sandbox;
  let oapi: string;

  beforeAll(async () => {
    sandbox = await startSandbox();
    oapi = sandbox.endpoints.dingtalk.oapi;
    sandbox.control.dingtalk.registerRedirect(clientId, dingtalkCallback);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const call = async (path: string, body: object): Promise<JsonAnswer> =>
    json(`${oapi}${path}?access_token=${await dingtalkAppToken(sandbox)}`, body);
  const setApp = (change: object): void => {
    Object.assign(sandbox.control.dingtalk.world.corps[0]!.apps[0]!, change);
  };
  const inAppCode = (userid: string): string =>
    sandbox.control.dingtalk.inAppCode({ clientId, corpId, userid });

  describe('gettoken', () => {
    it('gives the same token and renews it', async () => {
      const token = await dingtalkAppToken(sandbox);
      sandbox.control.advance(7000);
      expect(await dingtalkAppToken(sandbox)).toBe(token);
      sandbox.control.advance(7199);
      expect(await dingtalkAppToken(sandbox)).toBe(token);
      sandbox.control.advance(7200);
      expect(await dingtalkAppToken(sandbox)).not.toBe(token);
    });

    it.each([
      ['appkey=dingexampleappkey1&appsecret=nope', 40096, '不合法的appKey或appSecret'],
      ['appkey=dingnobody&appsecret=exampleSecret01', 40096, '不合法的appKey或appSecret'],
      ['appkey=dingexampleappkey1', 40035, '缺少参数 corpid or appkey'],
      ['', 40035, '缺少参数 corpid or appkey'],
      ['corpid=dingexamplecorp01&corpsecret=x', 40089, '不合法的corpid或corpsecret'],
    ])('answers %s with %i, HTTP 200 and unwrapped', async (query, errcode, errmsg) => {
      const { status, body } = await json(`${oapi}/gettoken?${query}`);
      expect(status).toBe(200);
      expect(body).toEqual({ errcode, errmsg });
    });
  });

  describe('the token', () => {
    const path = '/topapi/v2/user/get';

    it('is looked for in the query or a form, not in a header or JSON', async () => {
      const token = await dingtalkAppToken(sandbox);
      const blank = {
        errcode: 88,
        sub_code: '40000',
        sub_msg: 'access_token is blank',
        errmsg: 'ding talk error[subcode=40000,submsg=access_token is blank]',
      };
      const inHeader = await json(
        `${oapi}${path}`,
        { userid: 'manager0042' },
        {
          'x-acs-dingtalk-access-token': token,
        },
      );
      expect(inHeader.body).toMatchObject(blank);
      const inJson = await json(`${oapi}${path}`, { access_token: token, userid: 'manager0042' });
      expect(inJson.body).toMatchObject(blank);
      const inForm = await json(
        `${oapi}${path}`,
        new URLSearchParams({ access_token: token, userid: 'manager0042' }),
      );
      expect(inForm.body).toMatchObject({ errcode: 0 });
    });

    it('is refused wrapped in 88 on topapi, with a textual sub_code, and plain elsewhere', async () => {
      const wrapped = await json(`${oapi}${path}?access_token=nope`, { userid: 'manager0042' });
      expect(wrapped.status).toBe(200);
      expect(wrapped.body).toEqual({
        errcode: 88,
        sub_code: '40014',
        sub_msg: '不合法的access_token',
        errmsg: 'ding talk error[subcode=40014,submsg=不合法的access_token]',
        request_id: expect.any(String),
      });
      const plain = await json(`${oapi}/get_jsapi_ticket?access_token=nope`);
      expect(plain.body).toEqual({ errcode: 40014, errmsg: '不合法的access_token' });
      expect((await json(`${oapi}/auth/scopes`)).body['errcode']).toBe(41001);
    });

    it('runs out after two hours, told by either code', async () => {
      const token = await dingtalkAppToken(sandbox);
      const ask = (): Promise<JsonAnswer> =>
        json(`${oapi}${path}?access_token=${token}`, { userid: 'manager0042' });
      sandbox.control.advance(7200);
      expect((await ask()).body).toMatchObject({ errcode: 88, sub_code: '42001' });
      sandbox.control.dingtalk.settings.expiredTokenCode = '40014';
      expect((await ask()).body).toMatchObject({ errcode: 88, sub_code: '40014' });
    });

    it('can be invalidated before its time', async () => {
      const token = await dingtalkAppToken(sandbox);
      sandbox.control.dingtalk.invalidateAppTokens(clientId);
      const { body } = await json(`${oapi}${path}?access_token=${token}`, { userid: 'x' });
      expect(body).toMatchObject({ errcode: 88, sub_code: '40014' });
      expect(await dingtalkAppToken(sandbox)).not.toBe(token);
    });

    it('does not help an app that lacks the permission or calls from elsewhere', async () => {
      setApp({ permissions: [] });
      const denied = await call(path, { userid: 'manager0042' });
      expect(denied.body).toMatchObject({ errcode: 88, sub_code: '60011' });
      expect(denied.body['sub_msg']).toContain('[qyapi_get_member]');
      setApp({ ipAllowList: ['203.0.113.7'] });
      const elsewhere = await call(path, { userid: 'manager0042' });
      expect(elsewhere.body).toMatchObject({ errcode: 88, sub_code: '60020' });
      expect(elsewhere.body['sub_msg']).toContain(
        'request ip=127.0.0.1 appKey(dingexampleappkey1)',
      );
    });
  });

  describe('topapi/v2/user/getuserinfo', () => {
    const path = '/topapi/v2/user/getuserinfo';

    it('trades an in-app code, once', async () => {
      const code = inAppCode('manager0042');
      const first = await call(path, { code });
      expect(first.body).toMatchObject({
        errcode: 0,
        errmsg: 'ok',
        result: {
          userid: 'manager0042',
          name: '王小明',
          unionid: sandbox.control.dingtalk.unionIdOf(corpId, 'wang-xiaoming'),
          sys: true,
          sys_level: 1,
        },
        request_id: expect.any(String),
      });
      expect((await call(path, { code })).body).toMatchObject({
        errcode: 40078,
        errmsg: '不存在的临时授权码',
      });
    });

    it('takes the code as JSON, as a form and in the query', async () => {
      const form = await call(path, new URLSearchParams({ code: inAppCode('user0077') }));
      expect(form.body).toMatchObject({ errcode: 0 });
      const token = await dingtalkAppToken(sandbox);
      const query = await json(
        `${oapi}${path}?access_token=${token}&code=${inAppCode('user0077')}`,
        '',
      );
      expect(query.body).toMatchObject({ errcode: 0, result: { sys: false, sys_level: 0 } });
    });

    it("refuses a browser code, another app's code, a late code, and none", async () => {
      const browserCode = await dingtalkCode(sandbox, 'manager0042');
      expect((await call(path, { code: browserCode })).body['errcode']).toBe(40078);
      const foreign = sandbox.control.dingtalk.inAppCode({
        clientId: 'dingexampleappkey3',
        corpId,
        userid: 'manager0042',
      });
      expect((await call(path, { code: foreign })).body['errcode']).toBe(40078);
      const late = inAppCode('manager0042');
      sandbox.control.advance(300);
      expect((await call(path, { code: late })).body['errcode']).toBe(40078);
      expect((await call(path, {})).body['errcode']).toBe(41026);
    });

    it('refuses a member outside the visible range', async () => {
      const { body } = await call(path, { code: inAppCode('user0101') });
      expect(body).toMatchObject({ errcode: 40079, errmsg: '不存在的授权信息' });
    });
  });

  describe('topapi/v2/user/get', () => {
    const path = '/topapi/v2/user/get';

    it('tells the org record in native types', async () => {
      const { body, text } = await call(path, { userid: 'manager0042' });
      expect(body).toMatchObject({
        errcode: 0,
        result: {
          userid: 'manager0042',
          name: '王小明',
          mobile: '13800000000',
          state_code: '86',
          email: '',
          org_email: 'xiaoming@corp.example.com',
          dept_id_list: [1, 2001],
          active: true,
          admin: true,
          exclusive_account: false,
        },
      });
      expect(text).toContain('"order":176180000000000512');
      expect(text).toContain('https:\\/\\/static-legacy.dingtalk.com\\/media\\/example.jpg');
    });

    it('drops the fields that the app was not granted', async () => {
      setApp({ permissions: ['qyapi_get_member'] });
      const { body } = await call(path, { userid: 'manager0042' });
      for (const field of ['mobile', 'state_code', 'email', 'org_email', 'remark']) {
        expect(body['result']).not.toHaveProperty(field);
      }
    });

    it.each([
      ['nobody', 60121],
      ['ext0001', 60121],
      ['user0101', 50002],
      ['x'.repeat(65), 33012],
      ['', 400002],
    ])('answers userid "%s" with %i, unwrapped', async (userid, errcode) => {
      const { status, body } = await call(path, { userid });
      expect(status).toBe(200);
      expect(body).toMatchObject({ errcode, request_id: expect.any(String) });
    });
  });

  it('tells employees, external contacts and strangers apart by unionid', async () => {
    const { unionIdOf } = sandbox.control.dingtalk;
    const ask = async (unionid: string): Promise<Record<string, unknown>> =>
      (await call('/topapi/user/getbyunionid', { unionid })).body;
    expect(await ask(unionIdOf(corpId, 'wang-xiaoming'))).toMatchObject({
      errcode: 0,
      result: { contact_type: 0, userid: 'manager0042' },
    });
    expect(await ask(unionIdOf(corpId, 'sun-wei'))).toMatchObject({
      result: { contact_type: 1, userid: 'ext0001' },
    });
    expect(await ask(unionIdOf(corpId, 'zhao-qiang'))).toMatchObject({ errcode: 60121 });
    expect(await ask(unionIdOf('dingexamplecorp02', 'wang-xiaoming'))).toMatchObject({
      errcode: 60121,
    });
    expect(await ask('')).toMatchObject({ errcode: 400002 });
  });

  it.each([
    ['13800000077', { errcode: 0, result: { userid: 'user0077' } }],
    ['13900000000', { errcode: 60121 }],
    ['not a number', { errcode: 40104 }],
    ['', { errcode: 400002 }],
  ])('finds a member by mobile %s', async (mobile, expected) => {
    expect((await call('/topapi/v2/user/getbymobile', { mobile })).body).toMatchObject(expected);
  });

  it('tells the contact scope, and the same ticket as the new API', async () => {
    const token = await dingtalkAppToken(sandbox);
    const scopes = await json(`${oapi}/auth/scopes?access_token=${token}`);
    expect(scopes.body).toMatchObject({
      errcode: 0,
      auth_org_scopes: {
        authed_user: ['manager0042', 'user0077', 'user0102', 'user0103'],
        authed_dept: [],
      },
      auth_user_field: ['name', 'mobile'],
    });
    const old = await json(`${oapi}/get_jsapi_ticket?access_token=${token}`);
    expect(old.body).toMatchObject({ errcode: 0, expires_in: 7200 });
    const current = await json(`${sandbox.endpoints.dingtalk.api}/v1.0/oauth2/jsapiTickets`, '', {
      'x-acs-dingtalk-access-token': token,
    });
    expect(current.body['jsapiTicket']).toBe(old.body['ticket']);
  });

  it('keeps unionId per developer and openId per app', () => {
    const { unionIdOf, openIdOf } = sandbox.control.dingtalk;
    expect(unionIdOf(corpId, 'li-na')).not.toBe(unionIdOf('dingexamplecorp02', 'li-na'));
    expect(openIdOf(clientId, 'li-na')).not.toBe(openIdOf('dingexampleappkey3', 'li-na'));
  });

  it('answers wrong paths and methods as oapi does', async () => {
    const topapi = await json(`${oapi}/topapi/v2/user/notexist`, {});
    expect(topapi.body).toMatchObject({
      errcode: 22,
      sub_msg: '不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist',
    });
    const other = await json(`${oapi}/notexist`);
    expect([other.status, other.body]).toEqual([
      200,
      { errcode: 404, errmsg: '请求的URI地址不存在' },
    ]);
    expect((await json(`${oapi}/topapi/v2/user/get`)).body['errcode']).toBe(43002);
    expect((await json(`${oapi}/gettoken`, {})).body['errcode']).toBe(43001);
  });
});
