import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { ok, openFake } from './testing/fake-dingtalk.js';

const invalidToken = ok({
  errcode: 88,
  sub_code: '40014',
  sub_msg: '不合法的access_token',
  errmsg: 'ding talk error[subcode=40014,submsg=不合法的access_token]',
  request_id: '15rk8example5',
});

describe('a code from inside DingTalk', () => {
  it('gives the same person, by the corp’s own name', async () => {
    const { provider, dingtalk } = openFake();

    expect(await provider.inApp.identify('in-app-code')).toEqual({
      issuer: 'dingtalk:dingexamplecorp01',
      subject: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
      tenant: 'dingexamplecorp01',
      userId: 'manager0042',
      profile: { displayName: '王小明' },
    });
    expect(dingtalk.sent('topapi/v2/user/getuserinfo')[0]).toMatchObject({
      repeatable: false,
      json: { code: 'in-app-code' },
    });
  });

  it('of a mini program takes the same exchange', async () => {
    const { provider, dingtalk } = openFake();

    expect((await provider.miniProgram?.identify('mini'))?.userId).toBe('manager0042');
    expect(dingtalk.sent('topapi/v2/user/getuserinfo')[0]?.json).toEqual({ code: 'mini' });
  });

  it('is tried once more with a new app token when the old one is refused', async () => {
    const { provider, dingtalk, tokens } = openFake();
    tokens.kept.set('dingtalk-app-token dingexampleappkey1', 'stale');
    const good = { userid: 'manager0042', unionid: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE' };
    dingtalk.answer('topapi/v2/user/getuserinfo', ({ url }) =>
      url.searchParams.get('access_token') === 'stale'
        ? invalidToken
        : ok({ errcode: 0, result: good }),
    );

    expect((await provider.inApp.identify('in-app-code')).userId).toBe('manager0042');
    expect(dingtalk.sent('oauth2/accessToken')).toHaveLength(1);
    expect(dingtalk.sent('topapi/v2/user/getuserinfo')).toHaveLength(2);
  });

  it('ends as an outcome of ours when the new token is refused as well', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('topapi/v2/user/getuserinfo', invalidToken);

    await expect(provider.inApp.identify('in-app-code')).rejects.toMatchObject({
      name: 'AppError',
      operator: {
        platformCode: '40014',
        platformMessage: '不合法的access_token (request id 15rk8example5)',
      },
    });
    expect(dingtalk.sent('topapi/v2/user/getuserinfo')).toHaveLength(2);
  });

  it('without a unionid is nobody', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(
      'topapi/v2/user/getuserinfo',
      ok({ errcode: 0, result: { userid: 'manager0042' } }),
    );

    await expect(provider.inApp.identify('in-app-code')).rejects.toMatchObject({
      code: 'platform_unavailable',
      operator: { platformMessage: 'the answer lacks unionid' },
    });
  });
});

describe('the DingTalk client', () => {
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 AliApp(DingTalk/7.6.0) com.laiwang.DingTalk/1';
  const desktop = 'Mozilla/5.0 (Windows NT 10.0) Chrome/98.0 Safari/537.36 dingtalk-win/1.0.0';

  it('is recognised by its User-Agent, and is told for whom it makes the code', () => {
    const { inApp } = openFake().provider;

    expect([phone, desktop].map((userAgent) => inApp.recognises(userAgent))).toEqual([true, true]);
    expect(inApp.recognises('Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 wxwork/4.1')).toBe(false);
    expect(inApp).toMatchObject({
      handOff: 'script',
      bridge: { clientId: 'dingexampleappkey1', corpId: 'dingexamplecorp01' },
    });
  });

  it('is an ordinary browser where there is no corp to ask a code for', () => {
    const { inApp } = openFake({ corpId: undefined, tenantPolicy: 'any' }).provider;

    expect(inApp.recognises(phone)).toBe(false);
  });
});
