import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { openFake, request, settingsOf } from './testing/open-fake.js';
import { loginUrl, oauthUrl, readCallback } from './wecom-self-built.links.js';

const encodedCallback = 'https%3A%2F%2Fportal.example.com%2Fcallback%2Fwecom-hq';

describe('the login page', () => {
  it('is asked for the app, the way back and the language', () => {
    expect(loginUrl(settingsOf(), request).href).toBe(
      `https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=ww1a2b3c4d5e6f7a8b&agentid=1000017&redirect_uri=${encodedCallback}&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&lang=zh`,
    );
  });

  it('takes English', () => {
    const url = loginUrl(settingsOf(), { ...request, language: 'en' });

    expect(url.searchParams.get('lang')).toBe('en');
  });

  it('may live under a path of another host', () => {
    const settings = settingsOf();
    settings.endpoints.login = 'http://127.0.0.1:4000/login.work.weixin.qq.com';

    expect(loginUrl(settings, request).href).toMatch(
      /^http:\/\/127\.0\.0\.1:4000\/login\.work\.weixin\.qq\.com\/wwlogin\/sso\/login\?login_type=CorpApp&/,
    );
  });
});

describe('the OAuth link', () => {
  it('ends with the literal fragment and is silent unless set otherwise', () => {
    expect(oauthUrl(settingsOf(), request).href).toBe(
      `https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1a2b3c4d5e6f7a8b&redirect_uri=${encodedCallback}&response_type=code&scope=snsapi_base&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&agentid=1000017#wechat_redirect`,
    );
  });

  it('encodes the way back once, with its own query', () => {
    const callbackUrl = new URL('https://portal.example.com:8443/cb?next=/a b&x=1');
    const url = oauthUrl(settingsOf({ scope: 'snsapi_privateinfo' }), { ...request, callbackUrl });

    expect(url.href).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1a2b3c4d5e6f7a8b&redirect_uri=https%3A%2F%2Fportal.example.com%3A8443%2Fcb%3Fnext%3D%2Fa%2520b%26x%3D1&response_type=code&scope=snsapi_privateinfo&state=p7Xn2c9KdL4wp7Xn2c9KdL4wp7Xn2c9K&agentid=1000017#wechat_redirect',
    );
  });

  it('may live under a path of another host', () => {
    const settings = settingsOf();
    settings.endpoints.open = 'http://127.0.0.1:4000/open.weixin.qq.com';
    const { href } = oauthUrl(settings, request);

    expect(href).toMatch(
      /^http:\/\/127\.0\.0\.1:4000\/open\.weixin\.qq\.com\/connect\/oauth2\/authorize\?appid=/,
    );
    expect(href).toMatch(/&agentid=1000017#wechat_redirect$/);
  });
});

describe('the callback', () => {
  it('gives the code, whatever else stands there', () => {
    expect(readCallback(new URLSearchParams('appid=ww1&state=s&code=Kd92-m_P'))).toBe('Kd92-m_P');
  });

  it.each(['state=s', 'state=s&code=', ''])('%j is a refusal', (query) => {
    expect(() => readCallback(new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'user_cancelled' }),
    );
  });
});

it('sends a browser to the page and WeCom’s own client to the OAuth link', async () => {
  const { provider } = openFake();
  const { inApp } = provider;

  expect((await provider.web.authorizationUrl(request)).host).toBe('login.work.weixin.qq.com');
  expect(inApp.handOff === 'redirect' && (await inApp.authorizationUrl(request)).host).toBe(
    'open.weixin.qq.com',
  );
});
