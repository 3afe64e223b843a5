import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { appToken, me, ok, openFake } from './testing/fake-dingtalk.js';

const code = '5c1f0e6ab27d3e8f9a0b1c2d3e4f5a6b';

describe('a browser’s code', () => {
  it('gives the person, with the corp’s id of them, and a profile that nobody vouches for', async () => {
    const { provider, dingtalk } = openFake();

    expect(await provider.web.identify(code)).toEqual({
      issuer: 'dingtalk:dingexamplecorp01',
      subject: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
      tenant: 'dingexamplecorp01',
      userId: 'manager0042',
      profile: {
        displayName: '王小明',
        avatarUrl: 'https://static-legacy.dingtalk.com/media/example.jpg',
        email: 'xiaoming@example.com',
        phone: { number: '+8613800000000', trusted: false },
      },
    });
    expect(
      dingtalk.requests.map(({ method, url }) => `${method} ${url.origin}${url.pathname}`),
    ).toEqual([
      'POST https://api.dingtalk.com/v1.0/oauth2/userAccessToken',
      'GET https://api.dingtalk.com/v1.0/contact/users/me',
      'POST https://api.dingtalk.com/v1.0/oauth2/accessToken',
      'POST https://oapi.dingtalk.com/topapi/user/getbyunionid',
    ]);
  });

  it('is sent once, as JSON, and the two tokens go where each family reads them', async () => {
    const { provider, dingtalk } = openFake();
    await provider.web.identify(code);

    expect(dingtalk.sent('oauth2/userAccessToken')[0]).toMatchObject({
      repeatable: false,
      json: {
        clientId: 'dingexampleappkey1',
        clientSecret: 'exampleSecret01',
        code,
        grantType: 'authorization_code',
      },
    });
    expect(dingtalk.sent('contact/users/me')[0]?.headers).toEqual({
      'x-acs-dingtalk-access-token': '0f3b6c9d2e5a48718f0c1d2e3b4a5968',
    });
    expect(dingtalk.sent('oauth2/accessToken')[0]?.json).toEqual({
      appKey: 'dingexampleappkey1',
      appSecret: 'exampleSecret01',
    });
    const [test] = dingtalk.sent('topapi/user/getbyunionid');
    expect(test?.url.search).toBe(`?access_token=${appToken}`);
    expect(test?.headers).toBeUndefined();
    expect(test?.json).toEqual({ unionid: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE' });
  });

  it('of two people in succession gives each their own identity: no user token is kept', async () => {
    const { provider, dingtalk, tokens } = openFake();
    dingtalk
      .answer('oauth2/userAccessToken', ({ json }) =>
        ok({ expireIn: 7200, accessToken: `token-of-${(json as { code: string }).code}` }),
      )
      .answer('contact/users/me', ({ headers }) =>
        ok({ ...me, unionId: `union-${headers?.['x-acs-dingtalk-access-token']}` }),
      );

    expect((await provider.web.identify('wang')).subject).toBe('union-token-of-wang');
    expect((await provider.web.identify('li')).subject).toBe('union-token-of-li');
    expect([...tokens.kept]).toEqual([['dingtalk-app-token dingexampleappkey1', appToken]]);
    expect(dingtalk.sent('oauth2/accessToken')).toHaveLength(1);
  });

  it('of an outsider is refused by the membership test', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(
      'topapi/user/getbyunionid',
      ok({ errcode: 60121, errmsg: '找不到该用户', request_id: '15rk8example4' }),
    );

    await expect(provider.web.identify(code)).rejects.toMatchObject({
      code: 'tenant_not_allowed',
      operator: { call: 'topapi/user/getbyunionid', platformCode: '60121' },
    });
  });

  it.each([[1], ['1']])('of an external contact (contact_type %j) is refused', async (type) => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(
      'topapi/user/getbyunionid',
      ok({ errcode: 0, errmsg: 'ok', result: { contact_type: type, userid: 'ext01' } }),
    );

    await expect(provider.web.identify(code)).rejects.toMatchObject({ code: 'not_a_member' });
  });

  it('lets nobody in while the membership test itself is not permitted', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(
      'topapi/user/getbyunionid',
      ok({
        errcode: 88,
        sub_code: '60011',
        sub_msg: '应用尚未开通所需的权限：[qyapi_get_member]，',
      }),
    );

    await expect(provider.web.identify(code)).rejects.toMatchObject({
      code: 'platform_misconfigured',
    });
  });

  it('of anybody is good where any corp may come, and the chosen corp is the tenant', async () => {
    const { provider, dingtalk } = openFake({ corpId: undefined, tenantPolicy: 'any' });

    expect(await provider.web.identify(code)).toMatchObject({
      issuer: 'dingtalk:dingexampleappkey1',
      subject: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
      tenant: 'dingexamplecorp01',
    });
    expect(dingtalk.sent('topapi/user/getbyunionid')).toEqual([]);
  });

  it('that is spent stops there: nobody is asked for a profile', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('oauth2/userAccessToken', {
      status: 400,
      body: {
        requestid: '7A1C',
        code: 'invalidParameter.authCode.notFound',
        message: '不合法的临时授权码',
      },
    });

    await expect(provider.web.identify(code)).rejects.toMatchObject({
      code: 'platform_code_rejected',
    });
    expect(dingtalk.requests).toHaveLength(1);
  });

  it('ends as an outcome of ours when the person’s own token is refused', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('contact/users/me', {
      status: 400,
      body: { requestid: '7A1C', code: 'InvalidAuthentication', message: '不合法的access_token' },
    });

    await expect(provider.web.identify(code)).rejects.toMatchObject({
      name: 'AppError',
      code: 'platform_unavailable',
    });
  });

  it.each([
    ['masked', { mobile: '155****3240' }],
    ['no phone of its country', { mobile: '123' }],
    ['absent', { mobile: '' }],
  ])('gives no phone that is %s', async (_what, change) => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('contact/users/me', ok({ ...me, ...change }));

    expect((await provider.web.identify(code)).profile).not.toHaveProperty('phone');
  });

  it('gives a phone of another country in E.164', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('contact/users/me', ok({ ...me, mobile: '51234567', stateCode: '852' }));

    expect((await provider.web.identify(code)).profile.phone?.number).toBe('+85251234567');
  });

  it.each([
    ['oauth2/userAccessToken', { expireIn: 7200 }],
    ['contact/users/me', { nick: '王小明' }],
    ['topapi/user/getbyunionid', { errcode: 0, result: { contact_type: 0 } }],
  ])('fails when the answer of %s lacks what it is for', async (call, body) => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(call, ok(body));

    await expect(provider.web.identify(code)).rejects.toMatchObject({
      code: 'platform_unavailable',
      operator: { call, platformMessage: expect.stringContaining('lacks') },
    });
  });
});
