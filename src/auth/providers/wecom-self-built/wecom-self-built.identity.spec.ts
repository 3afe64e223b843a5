import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { ok, refused } from '../wecom/testing/fake-wecom.js';
import { openFake, request, samples } from './testing/open-fake.js';

const linQiao = {
  issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
  subject: 'lin.qiao',
  tenant: 'ww1a2b3c4d5e6f7a8b',
  userId: 'lin.qiao',
  profile: {},
};

describe('a code from the login page', () => {
  it('is traded once, for the member of the corp', async () => {
    const { provider, wecom } = openFake();

    expect(await provider.web.identify('CODE')).toEqual(linQiao);
    expect(wecom.requests.map(({ call }) => call)).toEqual(['gettoken', 'auth/getuserinfo']);
    expect(wecom.requests.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      'GET https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww1a2b3c4d5e6f7a8b&corpsecret=exampleCorpSecret01',
      'GET https://qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo?access_token=Zk3vQ9sNxW0aTq&code=CODE',
    ]);
    expect(wecom.sent('auth/getuserinfo')[0]?.repeatable).toBe(false);
  });

  it.each([
    ['keys in another order, no errcode', { userid: 'lin.qiao', brand_new: { openid: 'x' } }],
    ['the older spelling', { UserId: 'lin.qiao', DeviceId: '10000712345678QX', errcode: 0 }],
    ['empty fields beside', { errcode: 0, userid: 'lin.qiao', openid: '', external_userid: '' }],
  ])('may come back with %s', async (_, reply) => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', ok(reply));

    expect(await provider.web.identify('CODE')).toEqual(linQiao);
  });

  it('makes one person of two spellings, and keeps WeCom’s own', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', ok({ errcode: 0, userid: 'Lin.QIAO' }));

    expect(await provider.web.identify('CODE')).toMatchObject({
      subject: 'lin.qiao',
      userId: 'Lin.QIAO',
    });
  });

  it.each([
    ['a visitor', { errcode: 0, openid: 'oExample7Kd92mPqRsTuV0wXyZ1' }, 'not_a_member'],
    ['an external contact', samples.visitor, 'not_a_member'],
    ['an external contact without openid', { external_userid: 'wmExampleAAAA' }, 'not_a_member'],
    ['a visitor, spelt the older way', { OpenId: 'oExample7Kd92' }, 'not_a_member'],
    ['a member of a linked corp', { errcode: 0, userid: 'wwother/lin.qiao' }, 'not_a_member'],
    ['both', { ...samples.visitor, userid: 'lin.qiao' }, 'platform_unavailable'],
    ['nobody', { errcode: 0, errmsg: 'ok' }, 'platform_unavailable'],
    ['nobody but a name', { errcode: 0, userid: '', name: 'Lin Qiao' }, 'platform_unavailable'],
  ])('of %s is refused', async (_, reply, code) => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', ok(reply));

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      code,
      operator: { call: 'auth/getuserinfo', fix: expect.any(String) },
    });
  });

  it.each([
    [40029, 'platform_code_rejected'],
    [42003, 'platform_code_rejected'],
    [42022, 'platform_code_rejected'],
    [41008, 'platform_code_rejected'],
    [50001, 'platform_misconfigured'],
    [60020, 'platform_misconfigured'],
    [45009, 'platform_rate_limited'],
    [-1, 'platform_unavailable'],
  ])('that WeCom answers with %d is %s, after one try', async (errcode, code) => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', refused(errcode, 'refused'));

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({ name: 'AppError', code });
    expect(wecom.sent('auth/getuserinfo')).toHaveLength(1);
  });

  it('that is none of WeCom’s is refused without asking', async () => {
    const { provider, wecom } = openFake();

    for (const code of ['', 'x'.repeat(513)]) {
      await expect(provider.web.identify(code)).rejects.toMatchObject({
        code: 'platform_code_rejected',
      });
      await expect(provider.miniProgram?.identify(code)).rejects.toMatchObject({
        code: 'platform_code_rejected',
      });
    }
    expect(wecom.requests).toEqual([]);
  });

  it('names our own host to the operator when WeCom does not trust it', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', refused(50001, 'redirect_uri unauthorized'));
    await provider.web.authorizationUrl(request);

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      operator: { fix: expect.stringContaining('Enter portal.example.com,') },
    });
  });
});

describe('the app’s token', () => {
  it.each([40001, 40014, 42001])('is fetched anew, once, after %d', async (errcode) => {
    const { provider, wecom, tokens } = openFake();
    tokens.kept.set('wecom-access-token ww1a2b3c4d5e6f7a8b/1000017', 'stale');
    wecom.answer('auth/getuserinfo', ({ url }) =>
      url.searchParams.get('access_token') === 'stale'
        ? refused(errcode, 'invalid access_token')
        : ok(samples.member),
    );

    expect((await provider.web.identify('CODE')).subject).toBe('lin.qiao');
    expect(wecom.sent('gettoken')).toHaveLength(1);
    expect(wecom.sent('auth/getuserinfo')).toHaveLength(2);
  });

  it('that is refused even when new ends as an outcome of ours', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', refused(40014, 'invalid access_token'));

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      name: 'AppError',
      code: 'platform_misconfigured',
      operator: { call: 'auth/getuserinfo', platformCode: '40014' },
    });
    expect(wecom.sent('auth/getuserinfo')).toHaveLength(2);
  });

  it.each([40001, 40091])('is not to be had with a wrong secret (%d)', async (errcode) => {
    const { provider, wecom } = openFake();
    wecom.answer('gettoken', refused(errcode, 'invalid credential'));

    await expect(provider.web.identify('CODE')).rejects.toMatchObject({
      code: 'platform_misconfigured',
      operator: { call: 'gettoken', platformCode: String(errcode) },
    });
    expect(wecom.sent('gettoken')).toHaveLength(1);
    expect(wecom.sent('auth/getuserinfo')).toHaveLength(0);
  });
});

describe('two people', () => {
  it('in succession are two people, on one token of the app', async () => {
    const { provider, wecom } = openFake();
    const people = new Map([
      ['code-1', { errcode: 0, userid: 'lin.qiao', user_ticket: 'ticket-1' }],
      ['code-2', { errcode: 0, userid: 'wang.m', user_ticket: 'ticket-2' }],
    ]);
    const phones = new Map([
      ['ticket-1', { errcode: 0, userid: 'lin.qiao', mobile: '13900000017' }],
      ['ticket-2', { errcode: 0, userid: 'wang.m', mobile: '13900000018' }],
    ]);
    wecom.answer('auth/getuserinfo', ({ url }) =>
      ok(people.get(url.searchParams.get('code') ?? '')),
    );
    wecom.answer('auth/getuserdetail', ({ json }) =>
      ok(phones.get((json as { user_ticket: string }).user_ticket)),
    );
    const first = await provider.inApp.identify('code-1');
    const second = await provider.inApp.identify('code-2');

    expect([first.subject, first.profile.phone?.number]).toEqual(['lin.qiao', '+8613900000017']);
    expect([second.subject, second.profile.phone?.number]).toEqual(['wang.m', '+8613900000018']);
    expect(wecom.sent('gettoken')).toHaveLength(1);
  });

  it('with one userid in two corps are two identities, on two tokens', async () => {
    const { provider: here, tokens } = openFake();
    const { provider: there } = openFake({ corpId: 'wwffffffffffffffff' }, tokens);
    const [a, b] = [await here.web.identify('CODE'), await there.web.identify('CODE')];

    expect([a.issuer, b.issuer]).toEqual(['wecom:ww1a2b3c4d5e6f7a8b', 'wecom:wwffffffffffffffff']);
    expect([...tokens.kept.keys()]).toEqual([
      'wecom-access-token ww1a2b3c4d5e6f7a8b/1000017',
      'wecom-access-token wwffffffffffffffff/1000017',
    ]);
  });

  it('that came through two apps of one corp are one identity, on two tokens', async () => {
    const { provider: one, tokens } = openFake();
    const { provider: other } = openFake({ agentId: '1000018' }, tokens);

    expect(await one.web.identify('CODE')).toEqual(await other.web.identify('CODE'));
    expect(tokens.kept.size).toBe(2);
  });
});
