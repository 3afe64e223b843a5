import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { cast, delegated, openFake, request } from './testing/open-fake.js';

const inCorp = `${cast.template}/${cast.corp}`;
const reply = { errcode: 0, errmsg: 'ok', userid: cast.member };

describe('a delegated app', () => {
  it('opens the login page of the only corp, with its agent id', async () => {
    const { provider, install } = await openFake(delegated);
    await install();

    expect((await provider.web.authorizationUrl(request)).href).toBe(
      'https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE&agentid=1000017&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&lang=zh',
    );
  });

  it('opens the OAuth link of the corp that is named', async () => {
    const { provider, install } = await openFake({ ...delegated, scope: 'snsapi_privateinfo' });
    await install();
    await install({ corpId: 'wpOther', agentId: 1000099 });
    if (provider.inApp.handOff !== 'redirect') throw new Error('not by redirect');

    expect((await provider.inApp.authorizationUrl({ ...request, tenant: 'wpOther' })).href).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wpOther&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&response_type=code&scope=snsapi_privateinfo&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&agentid=1000099#wechat_redirect',
    );
  });

  it('asks WeCom for an agent id that is not known yet, once', async () => {
    const { provider, wecom, install, installations } = await openFake(delegated);
    await install();
    const { agentId: _, ...before } = installations.kept.get(cast.corp)!;
    installations.kept.set(cast.corp, before);

    for (const state of ['first', 'second'])
      expect(
        (await provider.web.authorizationUrl({ ...request, state })).searchParams.get('agentid'),
      ).toBe('1000017');
    expect(wecom.calls()).toEqual(['service/get_suite_token', 'service/get_auth_info']);
  });

  it('offers the corps that are active, by name', async () => {
    const { provider, install, installations } = await openFake(delegated);
    await install();
    await install({ corpId: 'wpGone', name: '离开' });
    await install({ corpId: 'wpOther', name: '另一家' });
    await installations.cancel('wpGone');

    expect(await provider.tenantChoice?.()).toEqual([
      { corpId: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE', name: '示例贸易' },
      { corpId: 'wpOther', name: '另一家' },
    ]);
  });

  it.each([
    ['no corp took it', 0, undefined],
    ['several did and none is named', 2, undefined],
    ['another one is named', 1, 'wpUnknown'],
  ])('signs nobody in where %s', async (_, count, tenant) => {
    const { provider, wecom, install } = await openFake(delegated);
    if (count > 0) await install();
    if (count > 1) await install({ corpId: 'wpOther' });
    const named = tenant === undefined ? {} : { tenant };

    await expect(provider.web.authorizationUrl({ ...request, ...named })).rejects.toMatchObject({
      code: 'tenant_not_allowed',
    });
    await expect(provider.web.identify('CODE', tenant)).rejects.toMatchObject({
      code: 'tenant_not_allowed',
      operator: { fix: expect.any(String) },
    });
    expect(wecom.requests).toEqual([]);
  });

  it('trades the code with the corp’s token, got with the permanent code as secret', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    await install({ corpId: 'wpOther', permanentCode: 'PERM-other' });
    wecom.addCode('auth/getuserinfo', inCorp, 'CODE', reply);

    expect(await provider.web.identify('CODE', cast.corp)).toEqual({
      issuer: 'wecom-sp:ww9f3c1a7be20d4651:wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      subject: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
      tenant: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
      userId: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
      profile: {},
    });
    expect(wecom.requests.map(({ url }) => url.pathname + url.search)).toEqual([
      '/cgi-bin/gettoken?corpid=wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE&corpsecret=PERM-c0Xy6tR2',
      '/cgi-bin/auth/getuserinfo?access_token=corp-token-1&code=CODE',
    ]);
    expect(wecom.sent('auth/getuserinfo')[0]?.repeatable).toBe(false);
  });

  it('takes no code of another corp', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    await install({ corpId: 'wpOther' });
    wecom.addCode('auth/getuserinfo', inCorp, 'CODE', reply);

    await expect(provider.web.identify('CODE', 'wpOther')).rejects.toMatchObject({
      code: 'platform_code_rejected',
    });
  });

  it('takes what the person consented to in the client; the phone proves nothing', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    wecom.addCode('auth/getuserinfo', inCorp, 'CODE', { ...reply, user_ticket: 'UTK-1' });
    wecom.addCode('auth/getuserdetail', inCorp, 'UTK-1', {
      ...reply,
      gender: '2',
      avatar: '',
      mobile: '13900000017',
      email: '',
      biz_mail: 'li@corp.example',
    });

    expect((await provider.inApp.identify('CODE', cast.corp)).profile).toEqual({
      gender: 'female',
      email: 'li@corp.example',
      phone: { number: '+8613900000017', trusted: false },
    });
  });

  it('refuses visitors', async () => {
    const { provider, wecom, install } = await openFake(delegated);
    await install();
    wecom.addCode('auth/getuserinfo', inCorp, 'CODE', { openid: 'o', external_userid: 'woX' });

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({ code: 'not_a_member' });
  });

  it.each([40084, 48004])(
    'ends with the corp’s authorization (%d), and asks no more',
    async (gone) => {
      const { provider, wecom, install, installations } = await openFake(delegated);
      const corp = await install();
      corp.gone = gone;

      for (const code of ['C1', 'C2'])
        await expect(provider.web.identify(code, cast.corp)).rejects.toMatchObject({
          code: 'tenant_not_allowed',
        });
      expect(wecom.calls()).toEqual(['gettoken']);
      expect(installations.kept.get(cast.corp)).toEqual({
        corpId: cast.corp,
        name: '示例贸易',
        agentId: '1000017',
        status: 'cancelled',
      });
    },
  );

  it('whose secret is wrong in one corp is not taken for gone', async () => {
    const { provider, install, installations } = await openFake(delegated);
    (await install()).permanentCode = 'PERM-reset';

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      code: 'platform_misconfigured',
      operator: { platformCode: '40001' },
    });
    expect(installations.kept.get(cast.corp)?.status).toBe('active');
  });
});
