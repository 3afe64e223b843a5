import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { ok, refused } from '../wecom/testing/fake-wecom.js';
import { openFake, samples } from './testing/open-fake.js';

describe('a code from inside WeCom', () => {
  it('brings what the person consented to, without a name', async () => {
    const { provider, wecom } = openFake({ scope: 'snsapi_privateinfo' });

    expect(await provider.inApp.identify('CODE')).toEqual({
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      userId: 'lin.qiao',
      profile: {
        gender: 'female',
        avatarUrl: 'https://wework.example.com/avatar/7d1f/0',
        email: 'lin.qiao@corp.example',
        phone: { number: '+8613900000017', trusted: true },
      },
    });
    const [detail] = wecom.sent('auth/getuserdetail');
    expect(detail?.json).toEqual({ user_ticket: 'Tq8mB2hV0' });
    expect(detail?.url.href).toBe(
      'https://qyapi.weixin.qq.com/cgi-bin/auth/getuserdetail?access_token=Zk3vQ9sNxW0aTq',
    );
  });

  it('without a ticket asks for no details', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', ok({ errcode: 0, errmsg: 'ok', userid: 'lin.qiao' }));

    expect((await provider.inApp.identify('CODE')).profile).toEqual({});
    expect(wecom.sent('auth/getuserdetail')).toEqual([]);
  });

  it.each([84014, 84015, 92000, 92001, 60020, 45009, -1, 40014])(
    'signs in all the same when the details are refused with %d',
    async (errcode) => {
      const { provider, wecom, warnings } = openFake();
      wecom.answer('auth/getuserdetail', refused(errcode, 'no Tq8mB2hV0'));

      expect(await provider.inApp.identify('CODE')).toMatchObject({
        subject: 'lin.qiao',
        profile: {},
      });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]?.details).toMatchObject({
        call: 'auth/getuserdetail',
        platformCode: String(errcode),
        fix: expect.any(String),
      });
      expect(JSON.stringify(warnings)).not.toContain('Tq8mB2hV0');
    },
  );

  it('signs in all the same when there is no answer', async () => {
    const { provider, wecom, warnings } = openFake();
    wecom.answer('auth/getuserdetail', () => {
      throw new AppError('platform_unavailable', 'no answer');
    });

    expect((await provider.inApp.identify('CODE')).subject).toBe('lin.qiao');
    expect(warnings).toHaveLength(1);
  });

  it.each([{ userid: 'wang.m' }, { userid: '' }])(
    'does not take details that are not the person’s own: %j',
    async (changes) => {
      const { provider, wecom, warnings } = openFake();
      wecom.answer('auth/getuserdetail', ok({ ...samples.detail, ...changes }));

      expect(await provider.inApp.identify('CODE')).toMatchObject({
        subject: 'lin.qiao',
        profile: {},
      });
      expect(warnings).toHaveLength(1);
    },
  );

  it('does not hide a fault of ours', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserdetail', () => {
      throw new TypeError('a bug');
    });

    await expect(provider.inApp.identify('CODE')).rejects.toThrow('a bug');
  });
});

describe('a mini program’s code', () => {
  it('has its own exchange; the session key goes no further', async () => {
    const { provider, wecom } = openFake();

    expect(await provider.miniProgram?.identify('js-code')).toEqual({
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      userId: 'lin.qiao',
      profile: {},
    });
    const [exchange] = wecom.sent('miniprogram/jscode2session');
    expect(exchange?.repeatable).toBe(false);
    expect([...(exchange?.url.searchParams ?? [])].sort()).toEqual([
      ['access_token', 'Zk3vQ9sNxW0aTq'],
      ['grant_type', 'authorization_code'],
      ['js_code', 'js-code'],
    ]);
  });

  it.each([
    ['another corp', { corpid: 'wwffffffffffffffff' }, 'tenant_not_allowed'],
    ['no corp', { corpid: '' }, 'platform_unavailable'],
    ['nobody', { userid: '' }, 'platform_unavailable'],
    ['a linked corp', { userid: 'wwother/lin.qiao' }, 'not_a_member'],
  ])('of %s is refused', async (_, changes, code) => {
    const { provider, wecom } = openFake();
    wecom.answer('miniprogram/jscode2session', ok({ ...samples.session, ...changes }));

    await expect(provider.miniProgram?.identify('js-code')).rejects.toMatchObject({ code });
  });

  it.each([40029, 42013])('that is spent or late (%d) is rejected', async (errcode) => {
    const { provider, wecom } = openFake();
    wecom.answer('miniprogram/jscode2session', refused(errcode, 'invalid code'));

    await expect(provider.miniProgram?.identify('js-code')).rejects.toMatchObject({
      code: 'platform_code_rejected',
    });
  });
});
