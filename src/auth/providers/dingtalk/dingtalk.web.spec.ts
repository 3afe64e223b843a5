import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { authorizationUrl, readCallback } from './dingtalk.web.js';
import { DingtalkEndpoints } from './dingtalk.settings.js';
import { settingsOf } from './testing/fake-dingtalk.js';

const request = {
  state: 'Zk3p9QZk3p9QZk3p9QZk3p9QZk3p9Q42',
  callbackUrl: new URL('https://id.example.com/callback/dingtalk'),
  language: 'zh',
} as const;

describe('the way to DingTalk’s login page', () => {
  it('asks for the person alone where a corp is configured', () => {
    expect(authorizationUrl(settingsOf(), request).href).toBe(
      'https://login.dingtalk.com/oauth2/auth?redirect_uri=https%3A%2F%2Fid.example.com%2Fcallback%2Fdingtalk' +
        '&response_type=code&client_id=dingexampleappkey1&scope=openid' +
        '&state=Zk3p9QZk3p9QZk3p9QZk3p9QZk3p9Q42&prompt=consent',
    );
  });

  it('asks for the corp too where any corp may come, separated by a space', () => {
    const settings = settingsOf({ corpId: undefined, tenantPolicy: 'any' });
    const url = authorizationUrl(settings, request);

    expect(url.search).toContain('&scope=openid+corpid&');
    expect(url.searchParams.get('scope')).toBe('openid corpid');
  });

  it('keeps the path of the base URL', () => {
    const login = 'http://127.0.0.1:4000/login.dingtalk.com';
    const endpoints = Object.assign(new DingtalkEndpoints(), { login });

    expect(authorizationUrl(settingsOf({ endpoints }), request).href).toMatch(
      /^http:\/\/127\.0\.0\.1:4000\/login\.dingtalk\.com\/oauth2\/auth\?redirect_uri=/,
    );
  });
});

describe('the callback', () => {
  it.each([
    ['authCode=5c1f0e6a&state=x', '5c1f0e6a'],
    ['code=5c1f0e6a&authCode=5c1f0e6a&state=x', '5c1f0e6a'],
    ['code=5c1f0e6a&state=x', '5c1f0e6a'],
    ['authCode=&code=5c1f0e6a&state=x', '5c1f0e6a'],
    ['error=&authCode=5c1f0e6a&state=x', '5c1f0e6a'],
  ])('of %s holds a code', (query, code) => {
    expect(readCallback(new URLSearchParams(query))).toBe(code);
  });

  it.each([['error=access_denied&state=x'], ['error=access_denied&code=5c1f0e6a&state=x']])(
    'of %s is a refusal',
    (query) => {
      expect(() => readCallback(new URLSearchParams(query))).toThrow(
        expect.objectContaining({
          code: 'user_cancelled',
          operator: { call: 'oauth2/auth', platformCode: 'access_denied' },
        }),
      );
    },
  );

  it.each([['state=x'], [''], ['code=&authCode=&state=x']])('of "%s" says nothing', (query) => {
    expect(() => readCallback(new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'callback_incomplete' }),
    );
  });
});
