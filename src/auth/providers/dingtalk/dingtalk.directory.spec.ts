import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { entry, ok, openFake } from './testing/fake-dingtalk.js';

const wang = {
  issuer: 'dingtalk:dingexamplecorp01',
  subject: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
  tenant: 'dingexamplecorp01',
  userId: 'manager0042',
  profile: {},
};

function read(body: unknown) {
  const { provider, dingtalk, warnings } = openFake();
  dingtalk.answer('topapi/v2/user/get', ok(body));
  return { profile: provider.directory!.read(wang), dingtalk, warnings };
}

describe('the corp’s directory', () => {
  it('vouches for a phone, and prefers the corp’s mailbox', async () => {
    const { profile, dingtalk } = read(entry({ email: 'private@example.com' }));

    expect(await profile).toEqual({
      displayName: '王小明',
      email: 'xiaoming@corp.example.com',
      phone: { number: '+8613800000000', trusted: true },
    });
    expect(dingtalk.sent('topapi/v2/user/get')[0]?.json).toEqual({
      userid: 'manager0042',
      language: 'zh_CN',
    });
  });

  it('gives the other mailbox where the corp has none', async () => {
    const { profile } = read(entry({ org_email: '', email: 'private@example.com' }));

    expect((await profile)?.email).toBe('private@example.com');
  });

  it('is read also where every value is a text', async () => {
    const texts = { active: 'true', disable_status: 'false', state_code: 86, mobile: 13800000000 };
    const { profile } = read({ ...(entry(texts) as object), errcode: '0' });

    expect((await profile)?.phone?.number).toBe('+8613800000000');
  });

  it('gives no masked phone', async () => {
    const { profile } = read(entry({ mobile: '138****0000' }));

    expect(await profile).not.toHaveProperty('phone');
  });

  it.each([[60121], [33012], [50002]])('has no entry of who left (%s)', async (errcode) => {
    const { profile } = read({ errcode, errmsg: '找不到该用户' });

    await expect(profile).rejects.toMatchObject({ code: 'not_a_member' });
  });

  it.each([[true], ['true'], [1], ['1']])(
    'turns a disabled account away (%j)',
    async (disabled) => {
      const { profile } = read(entry({ exclusive_account: true, disable_status: disabled }));

      await expect(profile).rejects.toMatchObject({ code: 'not_a_member' });
    },
  );

  it('takes a userid that was given to another person for that: not this one', async () => {
    const { profile } = read(entry({ unionid: 'somebodyElse' }));

    await expect(profile).rejects.toMatchObject({ code: 'not_a_member' });
  });

  it('does not hold against a member that DingTalk calls them inactive', async () => {
    const { profile } = read(entry({ active: false }));

    expect((await profile)?.displayName).toBe('王小明');
  });

  it('says nothing, and warns, where the app may not read it', async () => {
    const { profile, warnings } = read({
      errcode: 88,
      sub_code: '60011',
      sub_msg: '应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可',
    });

    expect(await profile).toBeUndefined();
    expect(warnings).toEqual([
      {
        message: 'the DingTalk directory may not be read: names and phones come from the sign-in',
        details: expect.objectContaining({ call: 'topapi/v2/user/get', platformCode: '60011' }),
      },
    ]);
  });

  it('is not taken for empty when DingTalk is down', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('topapi/v2/user/get', { status: 503, body: {} });

    await expect(provider.directory!.read(wang)).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
  });

  it('is not there without a corp', () => {
    expect(openFake({ corpId: undefined, tenantPolicy: 'any' }).provider).not.toHaveProperty(
      'directory',
    );
  });
});
