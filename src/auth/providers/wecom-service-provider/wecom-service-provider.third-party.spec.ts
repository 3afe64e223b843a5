import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { refused } from '../wecom/testing/fake-wecom.js';
import { cast, openFake, type Opened, request } from './testing/open-fake.js';

const byCode = 'service/auth/getuserinfo3rd';
const member = {
  errcode: 0,
  errmsg: 'ok',
  corpid: cast.corp,
  userid: cast.member,
  open_userid: cast.member,
};
const person = {
  issuer: 'wecom-sp:ww9f3c1a7be20d4651:wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
  subject: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
  tenant: 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
  userId: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
  profile: {},
};

describe('the login page', () => {
  it('is opened for the login suite, not for the app or a corp', async () => {
    const { provider } = await openFake();
    const url = await provider.web.authorizationUrl(request);

    expect(url.href).toBe(
      'https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=ServiceApp&appid=ww71ac05de94b3f862&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&lang=zh',
    );
    expect(provider.web.leaveBy).toBeUndefined();
    expect(provider.tenantChoice).toBeUndefined();
  });

  it('comes back with a code that the login suite’s token takes, once', async () => {
    const { provider, wecom, install } = await openFake();
    await install();
    wecom.addCode(byCode, cast.loginSuite, 'CODE', member);

    expect(provider.web.readCallback(new URLSearchParams('code=CODE&state=s'))).toBe('CODE');
    expect(await provider.web.identify('CODE')).toEqual(person);
    expect(wecom.calls()).toEqual(['service/get_suite_token', byCode]);
    expect(wecom.requests[0]?.json).toMatchObject({ suite_id: 'ww71ac05de94b3f862' });
    expect(wecom.sent(byCode)[0]?.repeatable).toBe(false);
    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      code: 'platform_code_rejected',
    });
  });

  it('takes no code of the client, and the client none of the page', async () => {
    const { provider, wecom, install } = await openFake();
    await install();
    wecom.addCode(byCode, cast.loginSuite, 'WEB', member);
    wecom.addCode(byCode, cast.suite, 'CLIENT', member);

    for (const exchange of [provider.inApp.identify('WEB'), provider.web.identify('CLIENT')])
      await expect(exchange).rejects.toMatchObject({ code: 'platform_code_rejected' });
  });

  it('reports a refusal by saying nothing; the older parameter is none of its', async () => {
    const { provider } = await openFake();

    for (const query of ['state=s', 'state=s&auth_code=AC'])
      expect(() => provider.web.readCallback(new URLSearchParams(query))).toThrow(
        expect.objectContaining({ code: 'user_cancelled' }),
      );
  });
});

describe('the older login page', () => {
  const older = { loginSuite: undefined };
  const login = {
    usertype: 5,
    user_info: {
      userid: cast.member,
      open_userid: cast.member,
      name: cast.member,
      avatar: 'https://wework.example.com/x/0',
    },
    corp_info: { corpid: cast.corp },
    agent: [],
    auth_info: { department: [] },
  };

  it('is left for by a page of ours, for members, with the provider’s corp', async () => {
    const { provider } = await openFake(older);

    expect(provider.web.leaveBy).toBe('page');
    expect((await provider.web.authorizationUrl(request)).href).toBe(
      'https://open.work.weixin.qq.com/wwopen/sso/3rd_qrConnect?appid=ww9f3c1a7be20d4651&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&usertype=member',
    );
  });

  it('comes back with auth_code, which the provider’s token takes; no name is made of the userid', async () => {
    const { provider, wecom, install } = await openFake(older);
    await install();
    wecom.addCode('service/get_login_info', '', 'AC', login);

    expect(provider.web.readCallback(new URLSearchParams('auth_code=AC&code=x&state=s'))).toBe(
      'AC',
    );
    expect(await provider.web.identify('AC')).toEqual(person);
    expect(wecom.requests.map(({ url }) => url.pathname + url.search)).toEqual([
      '/cgi-bin/service/get_provider_token',
      '/cgi-bin/service/get_login_info?access_token=provider-token-1',
    ]);
    expect(wecom.sent('service/get_login_info')[0]?.repeatable).toBe(false);
  });

  it.each([
    ['an outside administrator', { ...login, usertype: 3, user_info: {} }, 'not_a_member'],
    ['no corp', { ...login, corp_info: {} }, 'platform_unavailable'],
    ['nobody', { corp_info: { corpid: cast.corp } }, 'platform_unavailable'],
  ])('of %s lets nobody in', async (_, reply, code) => {
    const { provider, wecom, install } = await openFake(older);
    await install();
    wecom.addCode('service/get_login_info', '', 'AC', reply);

    await expect(provider.web.identify('AC')).rejects.toMatchObject({ code });
  });
});

describe('inside the client', () => {
  it('the OAuth link names the suite, and ends as WeCom wants it', async () => {
    const { provider } = await openFake();
    if (provider.inApp.handOff !== 'redirect') throw new Error('not by redirect');

    expect((await provider.inApp.authorizationUrl(request)).href).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww2b7d60e1f4c8a935&redirect_uri=https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-any&response_type=code&scope=snsapi_base&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K#wechat_redirect',
    );
  });

  it.each([
    ['today’s spelling', member],
    ['no errcode', { ...member, errcode: undefined }],
    ['the older spelling', { CorpId: cast.corp, UserId: cast.member, DeviceId: 'd' }],
    ['empty fields beside', { ...member, openid: '', external_userid: '' }],
  ])('a member comes back in %s', async (_, reply) => {
    const { provider, wecom, install } = await openFake();
    await install();
    wecom.addCode(byCode, cast.suite, 'CODE', reply);

    expect(await provider.inApp.identify('CODE')).toEqual(person);
  });

  it('a plain corp’s member is their open_userid, beside the userid as WeCom spells it', async () => {
    const { provider, wecom, install } = await openFake();
    await install({ corpId: 'wwCust01' });
    wecom.addCode(byCode, cast.suite, 'CODE', { ...member, corpid: 'wwCust01', userid: 'Lin.Q' });

    expect(await provider.inApp.identify('CODE')).toMatchObject({
      issuer: 'wecom-sp:ww9f3c1a7be20d4651:wwCust01',
      subject: 'woSimUAAAAe5Jg8pTn1QsXc3HrK6vMyB',
      userId: 'Lin.Q',
    });
  });

  it('without open_userid the userid is the subject, with its case', async () => {
    const { provider, wecom, install } = await openFake();
    await install();
    const { open_userid: _, ...reply } = { ...member, userid: 'Lin.Q' };
    wecom.addCode(byCode, cast.suite, 'CODE', reply);

    expect(await provider.inApp.identify('CODE')).toMatchObject({ subject: 'Lin.Q' });
  });

  it.each([
    ['a visitor', { errcode: 0, openid: 'oSim4x' }, 'not_a_member'],
    ['a visitor, spelt the older way', { OpenId: 'oSim4x', DeviceId: 'd' }, 'not_a_member'],
    ['an external contact', { errcode: 0, external_userid: 'woSim4x' }, 'not_a_member'],
    ['a member of a linked corp', { ...member, userid: 'wwother/lin' }, 'not_a_member'],
    ['both', { ...member, openid: 'oSim4x' }, 'platform_unavailable'],
    ['nobody', { errcode: 0 }, 'platform_unavailable'],
    ['no corp', { ...member, corpid: '' }, 'platform_unavailable'],
  ])('%s is refused', async (_, reply, code) => {
    const { provider, wecom, install } = await openFake();
    await install();
    wecom.addCode(byCode, cast.suite, 'CODE', reply);

    await expect(provider.inApp.identify('CODE')).rejects.toMatchObject({ code });
  });

  it.each([
    [40029, 'platform_code_rejected'],
    [42003, 'platform_code_rejected'],
    [42022, 'platform_code_rejected'],
    [50001, 'platform_misconfigured'],
    [60020, 'platform_misconfigured'],
    [701099, 'platform_misconfigured'],
    [45009, 'platform_rate_limited'],
    [-1, 'platform_unavailable'],
  ])('a code that WeCom answers with %d is %s, after one try', async (errcode, code) => {
    const { provider, wecom } = await openFake();
    wecom.force(byCode, refused(errcode, 'refused'));

    await expect(provider.inApp.identify('CODE')).rejects.toMatchObject({ name: 'AppError', code });
    expect(wecom.sent(byCode)).toHaveLength(1);
  });

  it('what is no code of WeCom’s is refused without asking', async () => {
    const { provider, wecom } = await openFake();

    for (const way of [provider.web, provider.inApp])
      for (const code of ['', 'x'.repeat(513)])
        await expect(way.identify(code)).rejects.toMatchObject({ code: 'platform_code_rejected' });
    expect(wecom.requests).toEqual([]);
  });

  it('consent gives gender and picture; the userid is no name, and a phone proves nothing', async () => {
    const { provider, wecom, install } = await openFake({ scope: 'snsapi_privateinfo' });
    await install();
    wecom.addCode(byCode, cast.suite, 'CODE', { ...member, user_ticket: 'UTK-1', expires_in: 1 });
    wecom.addCode('service/auth/getuserdetail3rd', cast.suite, 'UTK-1', {
      errcode: 0,
      corpid: cast.corp,
      userid: cast.member,
      name: cast.member,
      gender: '1',
      avatar: 'https://wework.example.com/x/0',
      mobile: '13900000017',
    });

    expect((await provider.inApp.identify('CODE')).profile).toEqual({
      gender: 'male',
      avatarUrl: 'https://wework.example.com/x/0',
      phone: { number: '+8613900000017', trusted: false },
    });
  });

  it('somebody else’s details, or none, fail no sign-in and are not taken', async () => {
    const { provider, wecom, install, warnings } = await openFake();
    await install();
    for (const code of ['C1', 'C2'])
      wecom.addCode(byCode, cast.suite, code, { ...member, user_ticket: 'UTK-1' });
    wecom.addCode('service/auth/getuserdetail3rd', cast.suite, 'UTK-1', {
      ...member,
      userid: 'woSomebodyElse',
      gender: '1',
    });

    expect(await provider.inApp.identify('C1')).toEqual(person);
    wecom.force('service/auth/getuserdetail3rd', refused(84014, 'expired'));
    expect(await provider.inApp.identify('C2')).toEqual(person);
    expect(warnings).toHaveLength(2);
  });
});

describe('which corps are let in', () => {
  const arrives = async (
    changes: Parameters<typeof openFake>[0],
    prepare?: (fake: Opened) => Promise<unknown>,
    asked?: string,
  ): Promise<string> => {
    const fake = await openFake(changes);
    await prepare?.(fake);
    fake.wecom.addCode(byCode, cast.suite, 'CODE', member);
    try {
      return (await fake.provider.inApp.identify('CODE', asked)).tenant ?? '';
    } catch (error) {
      return error instanceof AppError ? error.code : String(error);
    }
  };
  const suspended = async ({ install, installations }: Opened) => {
    await install();
    const before = installations.kept.get(cast.corp);
    if (before) installations.kept.set(cast.corp, { ...before, status: 'suspended' });
  };
  const cancelled = async ({ install, installations }: Opened) => {
    await install();
    await installations.cancel(cast.corp);
  };

  it.each<[Parameters<typeof openFake>[0], string]>([
    [{ tenantPolicy: 'installed' }, 'tenant_not_allowed'],
    [{ tenantPolicy: 'any' }, 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE'],
    [
      { tenantPolicy: 'listed', tenants: ['wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE'] },
      'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE',
    ],
    [{ tenantPolicy: 'listed', tenants: ['wpOther'] }, 'tenant_not_allowed'],
  ])('one that installed nothing, with %j', async (changes, outcome) => {
    expect(await arrives(changes)).toBe(outcome);
  });

  it('only in their own case of letters', async () => {
    const changes = { tenantPolicy: 'listed' as const, tenants: [cast.corp.toLowerCase()] };

    expect(await arrives(changes)).toBe('tenant_not_allowed');
  });

  it.each(['installed', 'any'] as const)(
    'never a suspended or cancelled one: %s',
    async (tenantPolicy) => {
      expect(await arrives({ tenantPolicy }, ({ install }) => install())).toBe(cast.corp);
      expect(await arrives({ tenantPolicy }, suspended)).toBe('tenant_not_allowed');
      expect(await arrives({ tenantPolicy }, cancelled)).toBe('tenant_not_allowed');
    },
  );

  it('only the one that the sign-in was begun for', async () => {
    const any = { tenantPolicy: 'any' } as const;

    expect(await arrives(any, undefined, cast.corp)).toBe(cast.corp);
    expect(await arrives(any, undefined, 'wpOther')).toBe('tenant_not_allowed');
  });
});

it('one userid in two corps is two people', async () => {
  const { provider, wecom } = await openFake({ tenantPolicy: 'any' });
  wecom.addCode(byCode, cast.suite, 'C1', { corpid: 'wwA001', userid: 'lin' });
  wecom.addCode(byCode, cast.suite, 'C2', { corpid: 'wwB001', userid: 'lin' });
  const [a, b] = [await provider.inApp.identify('C1'), await provider.inApp.identify('C2')];

  expect([a.issuer, b.issuer]).toEqual([
    'wecom-sp:ww9f3c1a7be20d4651:wwA001',
    'wecom-sp:ww9f3c1a7be20d4651:wwB001',
  ]);
  expect(wecom.sent('service/get_suite_token')).toHaveLength(1);
});
