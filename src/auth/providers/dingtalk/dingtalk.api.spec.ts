import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { DingtalkEndpoints } from './dingtalk.settings.js';
import { appToken, ok, openFake } from './testing/fake-dingtalk.js';

const code = '5c1f0e6ab27d3e8f9a0b1c2d3e4f5a6b';

describe('DingTalk’s calls', () => {
  it('fetch the JSAPI ticket with the app token in the header and no body', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer(
      'oauth2/jsapiTickets',
      ok({ jsapiTicket: 'exampleTicketAAAABBBBCCCC0001', expireIn: 7200 }),
    );

    expect((await (await provider.tokenSources()).corpTicket.fetch()).value).toBe(
      'exampleTicketAAAABBBBCCCC0001',
    );
    const [request] = dingtalk.sent('oauth2/jsapiTickets');
    expect(request).toMatchObject({
      method: 'POST',
      headers: { 'x-acs-dingtalk-access-token': appToken },
      repeatable: true,
    });
    expect(request).not.toHaveProperty('json');
    expect(await provider.tokenSources()).not.toHaveProperty('agentTicket');
  });

  it('say what to do about a bad secret, without showing it', async () => {
    const { provider, dingtalk } = openFake();
    dingtalk.answer('oauth2/accessToken', {
      status: 400,
      body: { code: 'invalidClientIdOrSecret', message: '无效的clientSecret exampleSecret01' },
    });
    const error: unknown = await provider.inApp.identify('in-app-code').catch((e: unknown) => e);

    expect(error).toMatchObject({
      code: 'platform_misconfigured',
      operator: {
        call: 'oauth2/accessToken',
        platformMessage: '无效的clientSecret ***',
        fix: expect.stringContaining('clientSecret'),
      },
    });
  });

  it('keep the paths of base URLs', async () => {
    const endpoints = Object.assign(new DingtalkEndpoints(), {
      api: 'http://127.0.0.1:4000/api.dingtalk.com',
      oapi: 'http://127.0.0.1:4000/oapi.dingtalk.com',
    });
    const { provider, dingtalk } = openFake({ endpoints });
    await provider.inApp.identify('in-app-code');

    expect(dingtalk.requests.map(({ url }) => url.href)).toEqual([
      'http://127.0.0.1:4000/api.dingtalk.com/v1.0/oauth2/accessToken',
      `http://127.0.0.1:4000/oapi.dingtalk.com/topapi/v2/user/getuserinfo?access_token=${appToken}`,
    ]);
  });

  it('are made again while the platform is busy, except the one that spends a code', async () => {
    const { provider, dingtalk } = openFake();
    await provider.web.identify(code);
    const busy = { status: 500, body: { code: 'systemBusy', message: 'busy' } };
    const asked = (call: string) => dingtalk.sent(call)[0];

    expect(asked('oauth2/accessToken')).toMatchObject({
      repeatable: true,
      credential: 'dingexampleappkey1',
    });
    expect(asked('oauth2/accessToken')?.judge?.(busy)).toEqual({
      code: 'systemBusy',
      trouble: 'busy',
    });
    expect(asked('oauth2/accessToken')?.judge?.(ok({ expireIn: 7200, accessToken: 'x' }))).toEqual({
      code: 'ok',
    });
    const judge = asked('topapi/user/getbyunionid')?.judge;
    expect(judge?.(ok({ errcode: -1, errmsg: '系统繁忙' }))).toEqual({
      code: '-1',
      trouble: 'busy',
    });
    expect(judge?.(ok({ errcode: 88, sub_code: '90018', sub_msg: '' }))).toEqual({
      code: '90018',
      trouble: 'too-fast',
    });
    expect(judge?.(ok({ errcode: 60121, errmsg: '' }))).toEqual({
      code: '60121',
      isAboutPerson: true,
    });
    expect(asked('oauth2/userAccessToken')?.repeatable).toBe(false);
  });
});
