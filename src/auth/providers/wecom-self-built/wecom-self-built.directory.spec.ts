import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import type { PlatformIdentity } from '../provider.js';
import { ok, refused } from '../wecom/testing/fake-wecom.js';
import { openFake, samples } from './testing/open-fake.js';

const linQiao: PlatformIdentity = {
  issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
  subject: 'lin.qiao',
  tenant: 'ww1a2b3c4d5e6f7a8b',
  userId: 'Lin.Qiao',
  profile: {},
};

describe('the corp’s directory', () => {
  it('gives a name, asked for by the userid as WeCom spells it', async () => {
    const { provider, wecom } = openFake();

    expect(await provider.directory?.read(linQiao)).toEqual({ displayName: 'Lin Qiao' });
    expect(wecom.sent('user/get')[0]?.url.href).toBe(
      'https://qyapi.weixin.qq.com/cgi-bin/user/get?access_token=Zk3vQ9sNxW0aTq&userid=Lin.Qiao',
    );
  });

  it('gives an older app phone, mailbox, avatar and gender too', async () => {
    const { provider, wecom } = openFake();
    const fields = { mobile: '13900000017', email: '', gender: '1', biz_mail: 'l@corp.example' };
    wecom.answer('user/get', ok({ ...samples.entry, ...fields, avatar: 'https://a.example/1' }));

    expect(await provider.directory?.read(linQiao)).toEqual({
      displayName: 'Lin Qiao',
      gender: 'male',
      avatarUrl: 'https://a.example/1',
      email: 'l@corp.example',
      phone: { number: '+8613900000017', trusted: true },
    });
  });

  it.each([60111, 60011, 60021, 50002, 40003])(
    'does not know who left or is out of range (%d)',
    async (errcode) => {
      const { provider, wecom } = openFake();
      wecom.answer('user/get', ok({ errcode, errmsg: 'userid not found', department: [] }));

      await expect(provider.directory?.read(linQiao)).rejects.toMatchObject({
        code: 'not_a_member',
        operator: { call: 'user/get', platformCode: String(errcode) },
      });
    },
  );

  it.each([2, 5, '5'])('turns away a member of status %j', async (status) => {
    const { provider, wecom } = openFake();
    wecom.answer('user/get', ok({ ...samples.entry, status }));

    await expect(provider.directory?.read(linQiao)).rejects.toMatchObject({ code: 'not_a_member' });
  });

  it.each([1, 4, undefined])('lets in a member of status %j', async (status) => {
    const { provider, wecom } = openFake();
    wecom.answer('user/get', ok({ ...samples.entry, status }));

    expect(await provider.directory?.read(linQiao)).toEqual({ displayName: 'Lin Qiao' });
  });

  it.each([48002, 48006, 48009])('may be closed to the app (%d)', async (errcode) => {
    const { provider, wecom, warnings } = openFake();
    wecom.answer('user/get', refused(errcode, 'api forbidden'));

    expect(await provider.directory?.read(linQiao)).toBeUndefined();
    expect(warnings).toEqual([
      {
        message: expect.stringContaining('without a name'),
        details: expect.objectContaining({ call: 'user/get', platformCode: String(errcode) }),
      },
    ]);
  });

  it.each([
    [60020, 'platform_misconfigured'],
    [45009, 'platform_rate_limited'],
    [-1, 'platform_unavailable'],
  ])('fails with %d as %s', async (errcode, code) => {
    const { provider, wecom, warnings } = openFake();
    wecom.answer('user/get', refused(errcode, 'refused'));

    await expect(provider.directory?.read(linQiao)).rejects.toMatchObject({ code });
    expect(warnings).toEqual([]);
  });

  it.each([{ ...samples.entry, userid: 'wang.m' }, {}])(
    'is not believed when it speaks of nobody or somebody else',
    async (reply) => {
      const { provider, wecom } = openFake();
      wecom.answer('user/get', ok(reply));

      await expect(provider.directory?.read(linQiao)).rejects.toMatchObject({
        code: 'platform_unavailable',
      });
    },
  );

  it('is never asked for a person of another corp', async () => {
    const { provider, wecom } = openFake();
    const stranger = { ...linQiao, issuer: 'wecom:wwffffffffffffffff' };

    await expect(provider.directory?.read(stranger)).rejects.toThrow('wecom:wwffffffffffffffff');
    expect(wecom.requests).toEqual([]);
  });
});
