import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { json, type JsonAnswer } from '../testing/browse.js';
import {
  dingtalkApp,
  dingtalkAppToken,
  dingtalkCallback,
  dingtalkCode,
  dingtalkScanAs,
} from '../testing/dingtalk.js';

const { clientId, clientSecret, corpId } = dingtalkApp;

describe('api.dingtalk.com', () => {
  let sandbox: Sandbox;
  let api: string;

  beforeAll(async () => {
    sandbox = await startSandbox();
    api = sandbox.endpoints.dingtalk.api;
    sandbox.control.dingtalk.registerRedirect(clientId, dingtalkCallback);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(() => sandbox.stop());

  const exchange = (fields: object, headers = {}): Promise<JsonAnswer> =>
    json(`${api}/v1.0/oauth2/userAccessToken`, fields, headers);
  const redeem = (code: string): Promise<JsonAnswer> =>
    exchange({ clientId, clientSecret, code, grantType: 'authorization_code' });
  const profile = (token: string, unionId = 'me'): Promise<JsonAnswer> =>
    json(`${api}/v1.0/contact/users/${unionId}`, undefined, {
      'x-acs-dingtalk-access-token': token,
    });
  const signIn = async (member: string): Promise<string> =>
    String((await redeem(await dingtalkCode(sandbox, member))).body['accessToken']);
  const setApp = (change: object): void => {
    Object.assign(sandbox.control.dingtalk.world.corps[0]!.apps[0]!, change);
  };

  describe('userAccessToken', () => {
    it.each([
      ['clientId', { clientSecret, code: 'x', grantType: 'authorization_code' }],
      ['clientSecret', { clientId, code: 'x', grantType: 'authorization_code' }],
      ['grantType', { clientId, clientSecret, code: 'x' }],
      ['code', { clientId, clientSecret, grantType: 'authorization_code' }],
      ['refreshToken', { clientId, clientSecret, grantType: 'refresh_token' }],
      ['clientId', { client_id: clientId, client_secret: clientSecret, grant_type: 'x' }],
    ])('says Missing%s', async (field, fields) => {
      const { status, body } = await exchange(fields);
      expect(status).toBe(400);
      expect(body).toEqual({
        requestid: expect.stringMatching(/^[0-9A-F-]{36}$/),
        code: `Missing${field}`,
        message: `${field} is mandatory for this action.`,
      });
    });

    it('takes JSON only', async () => {
      const form = await exchange(new URLSearchParams({ clientId, clientSecret }));
      expect([form.status, form.body['code']]).toEqual([400, 'Missingbody']);
      const broken = await json(`${api}/v1.0/oauth2/userAccessToken`, '{"clientId":');
      expect([broken.status, broken.body['code']]).toEqual([400, 'Invalidbody']);
    });

    it.each([
      ['an unknown client', { clientId: 'dingnobody' }],
      ['a wrong secret', { clientSecret: 'examplesecret01' }],
    ])('refuses %s', async (_, change) => {
      const code = await dingtalkCode(sandbox, 'manager0042');
      const fields = { clientId, clientSecret, code, grantType: 'authorization_code', ...change };
      const { status, body } = await exchange(fields);
      expect([status, body['code'], body['message']]).toEqual([
        400,
        'invalidClientIdOrSecret',
        '无效的clientId或者clientSecret',
      ]);
    });

    const badCode = [400, 'invalidParameter.authCode.notFound', '不合法的临时授权码'];
    const refusalOf = ({ status, body }: JsonAnswer): unknown[] => [
      status,
      body['code'],
      body['message'],
    ];

    it('takes a code once', async () => {
      const code = await dingtalkCode(sandbox, 'manager0042');
      expect((await redeem(code)).status).toBe(200);
      expect(refusalOf(await redeem(code))).toEqual(badCode);
    });

    it('gives one of many racing redemptions a token', async () => {
      const code = await dingtalkCode(sandbox, 'manager0042');
      const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(code)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    it('takes a code for five minutes', async () => {
      const inTime = await dingtalkCode(sandbox, 'manager0042');
      sandbox.control.advance(298);
      expect((await redeem(inTime)).status).toBe(200);
      const late = await dingtalkCode(sandbox, 'manager0042');
      sandbox.control.advance(300);
      expect(refusalOf(await redeem(late))).toEqual(badCode);
    });

    it("refuses a made-up code, another app's code, and an in-app code", async () => {
      expect(refusalOf(await redeem('0'.repeat(32)))).toEqual(badCode);
      const code = await dingtalkCode(sandbox, 'manager0042');
      const foreign = await exchange({
        clientId: 'dingexampleappkey3',
        clientSecret: 'exampleSecret03',
        code,
        grantType: 'authorization_code',
      });
      expect(refusalOf(foreign)).toEqual(badCode);
      const inApp = sandbox.control.dingtalk.inAppCode({ clientId, corpId, userid: 'manager0042' });
      expect(refusalOf(await redeem(inApp))).toEqual(badCode);
    });

    it('names the chosen org only when the scope had corpid', async () => {
      const withCorp = await dingtalkScanAs(sandbox, 'wxm@dingexamplecorp02');
      const chosen = await redeem(withCorp.searchParams.get('authCode') ?? '');
      expect(chosen.body).toMatchObject({ expireIn: 7200, corpId: 'dingexamplecorp02' });
      const without = await dingtalkScanAs(sandbox, 'manager0042', { scope: 'openid' });
      const plain = await redeem(without.searchParams.get('authCode') ?? '');
      expect(plain.body).not.toHaveProperty('corpId');
    });

    it('rotates the refresh token, for thirty days', async () => {
      const first = await redeem(await dingtalkCode(sandbox, 'manager0042'));
      const refresh = (refreshToken: unknown): Promise<JsonAnswer> =>
        exchange({ clientId, clientSecret, refreshToken, grantType: 'refresh_token' });
      const second = await refresh(first.body['refreshToken']);
      expect(second.body).toMatchObject({ expireIn: 7200, corpId });
      expect(second.body['refreshToken']).not.toBe(first.body['refreshToken']);
      expect(refusalOf(await refresh(first.body['refreshToken']))).toEqual(badCode);
      sandbox.control.advance(30 * 86_400);
      expect(refusalOf(await refresh(second.body['refreshToken']))).toEqual(badCode);
    });
  });

  describe('contact/users', () => {
    it('tells what the account shows, and leaves out what is empty', async () => {
      const full = await profile(await signIn('manager0042'));
      expect(full.body).toMatchObject({
        nick: '小明',
        unionId: expect.stringMatching(/iEiE$/),
        openId: expect.stringMatching(/iEiE$/),
        avatarUrl: 'https://static-legacy.dingtalk.com/media/example.jpg',
        mobile: '13800000000',
        stateCode: '86',
        email: 'xiaoming@example.com',
        visitor: false,
      });
      const bare = await profile(await signIn('user0077'));
      expect(bare.body).not.toHaveProperty('email');
      expect(bare.body).not.toHaveProperty('avatarUrl');
    });

    it('takes the own unionId in place of me, and nobody else', async () => {
      const token = await signIn('manager0042');
      const { unionIdOf } = sandbox.control.dingtalk;
      expect((await profile(token, unionIdOf(corpId, 'wang-xiaoming'))).status).toBe(200);
      const other = await profile(token, unionIdOf(corpId, 'li-na'));
      expect([other.status, other.body['code']]).toEqual([404, 'invalidParameter.user.notFound']);
    });

    it('leaves the mobile out without its permission', async () => {
      setApp({ permissions: ['Contact.User.Read'] });
      const { body } = await profile(await signIn('manager0042'));
      expect(body).toHaveProperty('nick');
      expect(body).not.toHaveProperty('mobile');
      expect(body).not.toHaveProperty('stateCode');
    });

    it('wants the right token in the right place', async () => {
      const token = await signIn('manager0042');
      const url = `${api}/v1.0/contact/users/me`;
      const bearer = await json(url, undefined, { authorization: `Bearer ${token}` });
      expect([bearer.status, bearer.body['code'], bearer.body['message']]).toEqual([
        400,
        'AuthenticationFailed.MissingParameter',
        '缺少参数：x-acs-dingtalk-access-token',
      ]);
      const query = await json(`${url}?access_token=${token}`);
      expect(query.body['code']).toBe('AuthenticationFailed.MissingParameter');
      const unknown = await profile('0'.repeat(32));
      expect([unknown.status, unknown.body['code']]).toEqual([400, 'InvalidAuthentication']);
    });

    it('refuses an app token, and an app without the permission', async () => {
      const refusal = {
        code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
        accessdenieddetail: { requiredScopes: ['Contact.User.Read'] },
      };
      const withAppToken = await profile(await dingtalkAppToken(sandbox));
      expect(withAppToken.status).toBe(403);
      expect(withAppToken.body).toMatchObject(refusal);
      setApp({ permissions: ['qyapi_base'] });
      const without = await profile(await signIn('manager0042'));
      expect(without.status).toBe(403);
      expect(without.body).toMatchObject(refusal);
    });

    it('tells an expired user token from an unknown one', async () => {
      const token = await signIn('manager0042');
      sandbox.control.advance(7200);
      const { status, body } = await profile(token);
      expect([status, body['code']]).toEqual([400, 'accesstoken.expired']);
    });

    it('keeps to the allow list of addresses', async () => {
      const token = await signIn('manager0042');
      setApp({ ipAllowList: ['203.0.113.7'] });
      const { status, body } = await profile(token);
      expect([status, body['code']]).toEqual([403, 'Forbidden.AccessDenied.IpNotInWhiteList']);
    });
  });

  it.each([
    ['/v1.0/oauth2/token', {}],
    ['/v1.0/oauth2/userAccessToken', undefined],
    ['/oauth2/userAccessToken', {}],
  ])('answers 404 InvalidAction.NotFound for %s', async (path, body) => {
    const answer = await json(`${api}${path}`, body);
    expect([answer.status, answer.body['code']]).toEqual([404, 'InvalidAction.NotFound']);
  });

  it('varies the order of keys and adds fields that nobody knows', async () => {
    const token = await signIn('manager0042');
    const answers = await Promise.all(Array.from({ length: 20 }, () => profile(token)));
    const orders = answers.map(({ body }) => Object.keys(body).join());
    expect(new Set(orders).size).toBeGreaterThan(5);
    expect(orders.some((order) => order.includes('x_unknown_field'))).toBe(true);
  });
});
