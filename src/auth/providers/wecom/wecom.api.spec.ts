import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { PlatformTokenRejected } from '../platform-tokens.js';
import { FakeWecom, ok, refused } from './testing/fake-wecom.js';
import { callWecom, fetchedToken, type WecomCall } from './wecom.api.js';

const base = 'http://127.0.0.1:4000/qyapi.weixin.qq.com';
const getUser: WecomCall = {
  path: 'user/get',
  credential: 'ww1a2b3c4d5e6f7a8b/1000017',
  token: 'Zk3vQ9sNxW0aTq',
  query: { userid: 'lin.qiao@x' },
  repeatable: true,
};

/** The outcome of ours that a call ends with, also when it is wrapped because the token is to blame. */
async function failureOf(
  reply: ReturnType<typeof ok>,
  call: WecomCall = getUser,
): Promise<AppError> {
  const http = new FakeWecom().answer(call.path, reply);
  const error: unknown = await callWecom(http, base, call).catch((thrown: unknown) => thrown);
  const outcome = error instanceof PlatformTokenRejected ? error.cause : error;
  if (outcome instanceof AppError) return outcome;
  throw new Error('the call did not end with an outcome of ours');
}

describe('a call', () => {
  it('is a GET with everything in the query, under the path of its base', async () => {
    const http = new FakeWecom().answer('user/get', ok({ errcode: 0, userid: 'lin.qiao' }));

    expect(await callWecom(http, base, getUser)).toEqual({ errcode: 0, userid: 'lin.qiao' });
    expect(http.requests).toHaveLength(1);
    expect(http.requests[0]).toMatchObject({
      platform: 'wecom',
      credential: 'ww1a2b3c4d5e6f7a8b/1000017',
      method: 'GET',
      repeatable: true,
    });
    expect(http.requests[0]?.json).toBeUndefined();
    expect(http.requests[0]?.url.href).toBe(
      'http://127.0.0.1:4000/qyapi.weixin.qq.com/cgi-bin/user/get?access_token=Zk3vQ9sNxW0aTq&userid=lin.qiao%40x',
    );
  });

  it('with a body is a POST whose token stays in the query', async () => {
    const http = new FakeWecom().answer('auth/getuserdetail', ok({ userid: 'lin.qiao' }));
    const json = { user_ticket: 'Tq8mB2hV0' };
    const { credential } = getUser;
    const call = { path: 'auth/getuserdetail', credential, token: 't', json, repeatable: true };
    await callWecom(http, base, call);

    expect(http.requests[0]).toMatchObject({ method: 'POST', json: { user_ticket: 'Tq8mB2hV0' } });
    expect(http.requests[0]?.url.search).toBe('?access_token=t');
  });

  it.each([
    [{ errcode: 0 }, { code: 'ok' }],
    [
      { errcode: -1, errmsg: 'system busy' },
      { code: '-1', trouble: 'busy' },
    ],
    [
      { errcode: 45009, errmsg: 'api freq out of limit' },
      { code: '45009', trouble: 'used-up' },
    ],
    [
      { errcode: 45033, errmsg: 'api concurrent out of limit' },
      { code: '45033', trouble: 'too-fast' },
    ],
    [
      { errcode: 40029, errmsg: 'invalid code' },
      { code: '40029', isAboutPerson: true },
    ],
    [
      { errcode: 60111, errmsg: 'userid not found' },
      { code: '60111', isAboutPerson: true },
    ],
    [{ errcode: 60020, errmsg: 'not allow to access from your ip' }, { code: '60020' }],
  ])('that is answered %j is judged %j', async (body, judgement) => {
    const http = new FakeWecom().answer('user/get', ok({}));
    await callWecom(http, base, getUser);

    expect(http.requests[0]?.judge?.(ok(body))).toEqual(judgement);
  });
});

describe('a refusal', () => {
  it.each([40001, 40014, 42001])('%d rejects the token that was sent', async (code) => {
    const http = new FakeWecom().answer('user/get', refused(code, 'invalid'));

    await expect(callWecom(http, base, getUser)).rejects.toBeInstanceOf(PlatformTokenRejected);
  });

  it.each([40001, 40091])('%d on gettoken is a wrong secret', async (code) => {
    const error = await failureOf(refused(code, 'invalid credential'), {
      path: 'gettoken',
      credential: 'ww1a2b3c4d5e6f7a8b/1000017',
      query: { corpid: 'ww1a2b3c4d5e6f7a8b' },
      sensitiveQuery: { corpsecret: 'exampleCorpSecret01' },
      repeatable: true,
    });

    expect(error).toMatchObject({
      name: 'AppError',
      code: 'platform_misconfigured',
      operator: { call: 'gettoken', platformCode: String(code) },
    });
    expect(error.operator?.fix).toContain('Check corpId and secret');
  });

  it('60020 names the address that has to be let in', async () => {
    const { code, operator } = await failureOf(refused(60020, 'not allow to access from your ip'));

    expect(code).toBe('platform_misconfigured');
    expect(operator?.platformMessage).toBe(
      'not allow to access from your ip, hint: [1767225600186056773912722], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=60020',
    );
    expect(operator?.fix).toContain('Add 203.0.113.7 to the app’s 企业可信IP');
  });

  it.each([
    ['203.0.113.7.', 'Add 203.0.113.7 to'],
    ['2001:db8::7', 'Add 2001:db8::7 to'],
    ['1.2.3', 'Add the address that this service calls from to'],
    ['?', 'Add the address that this service calls from to'],
  ])('60020 from %j says what to let in', async (address, fix) => {
    const errmsg = `not allow to access from your ip, from ip: ${address}`;

    expect((await failureOf(ok({ errcode: 60020, errmsg }))).operator?.fix).toContain(fix);
  });

  it('50001 names the domain that has to be trusted', async () => {
    const call = { ...getUser, callbackHost: 'portal.example.com:8443' };
    const reply = refused(50001, 'redirect_uri unauthorized');

    expect((await failureOf(reply, call)).operator?.fix).toContain('Enter portal.example.com:8443');
    expect((await failureOf(reply)).operator?.fix).toContain('Enter the host of ISSUER_URL');
  });

  it('with an unknown code keeps WeCom’s own', async () => {
    expect(await failureOf(refused(987654, 'something new'))).toMatchObject({
      code: 'platform_unavailable',
      operator: {
        call: 'user/get',
        platformCode: '987654',
        platformMessage: expect.stringContaining(
          'something new, hint: [1767225600186056773912722]',
        ),
      },
    });
  });

  it('never repeats what was sent: token, code, ticket, secret', async () => {
    const words =
      'bad Zk3vQ9sNxW0aTq and c/o+de= (c%2Fo%2Bde%3D) or Tq8mB2hV0, see ?access_token=other&x=1';
    const error = await failureOf(ok({ errcode: 40029, errmsg: words }), {
      ...getUser,
      sensitiveQuery: { code: 'c/o+de=' },
      json: { user_ticket: 'Tq8mB2hV0' },
    });

    expect(error.operator?.platformMessage).toBe(
      'bad *** and *** (***) or ***, see ?access_token=***&x=1',
    );
    expect(error.message).toBe(
      'WeCom did not accept the sign-in code: it was used already, has expired, or is not for this app.',
    );
  });
});

describe('a fetched token', () => {
  it('lives as long as WeCom says', () => {
    const reply = { expires_in: 3600, access_token: 'a' };

    expect(fetchedToken('gettoken', reply, 'access_token')).toEqual({
      value: 'a',
      expiresInSeconds: 3600,
    });
  });

  it.each([
    {},
    { access_token: '', expires_in: 7200 },
    { access_token: 'a' },
    { access_token: 'a', expires_in: 0 },
  ])('%j is none', (reply) => {
    expect(() => fetchedToken('gettoken', reply, 'access_token')).toThrow(
      expect.objectContaining({ code: 'platform_unavailable' }),
    );
  });
});
