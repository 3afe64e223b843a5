import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';

import { TestBrowser, type Visit } from '../fixtures/browser.js';
import { thirdParty } from '../fixtures/service-provider.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }, sandbox) =>
      connections.push(thirdParty(sandbox), {
        slug: 'own',
        platform: 'local',
        displayName: '手机号',
      }),
  });
  configuration = await discoverPortal(bed);
});
afterAll(() => bed.stop());

/** Asks `/token` as the portal. */
async function token(form: Record<string, string>): Promise<[number, Record<string, string>]> {
  const answer = await fetch(`${bed.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: portal.clientId,
      client_secret: portal.clientSecret,
      ...form,
    }),
  });
  return [answer.status, (await answer.json()) as Record<string, string>];
}

const languageOf = (page: Visit): string | undefined => /<html lang="([^"]*)"/.exec(page.text)?.[1];

const form = (url: URL): Record<string, string> => Object.fromEntries(url.searchParams);

describe('what is published', () => {
  it('is what works, and nothing else: libraries use what they find', async () => {
    const answer = await fetch(`${bed.issuer}/.well-known/openid-configuration`);
    const at = (path: string) => `${bed.issuer}${path}`;
    expect(await answer.json()).toEqual({
      issuer: bed.issuer,
      authorization_endpoint: at('/authorize'),
      token_endpoint: at('/token'),
      userinfo_endpoint: at('/userinfo'),
      introspection_endpoint: at('/introspect'),
      revocation_endpoint: at('/revoke'),
      end_session_endpoint: at('/logout'),
      jwks_uri: at('/.well-known/jwks.json'),
      authorization_response_iss_parameter_supported: true,
      claim_types_supported: ['normal'],
      claims_parameter_supported: false,
      claims_supported: [
        ...['sub', 'name', 'picture', 'gender', 'locale', 'updated_at'],
        ...['phone_number', 'phone_number_verified', 'email', 'email_verified'],
        ...['auth_time', 'iss'],
      ],
      code_challenge_methods_supported: ['S256'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:lingpai:grant-type:platform-code',
      ],
      id_token_signing_alg_values_supported: ['RS256'],
      request_uri_parameter_supported: false,
      response_modes_supported: ['form_post', 'fragment', 'query'],
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'offline_access', 'profile', 'phone', 'email'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'none',
      ],
      revocation_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'none',
      ],
      ui_locales_supported: ['zh-CN', 'en'],
    });
  });
});

describe('an authorization request', () => {
  it('may be sent as a form, also by who is signed in', async () => {
    const first = await begin(configuration, { connection: 'dingtalk' });
    const asked = await new TestBrowser().post(`${bed.issuer}/authorize`, form(first.url));
    expect([asked.status, asked.location?.href]).toEqual([303, first.url.href]);

    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const began = await begin(configuration);
    const again = await browser.post(`${bed.issuer}/authorize`, form(began.url));
    const back = await browser.follow(again.location!, atPortal);
    expect((await redeem(configuration, began, back.location!)).claims()).toMatchObject({
      name: '王小明',
    });
  });

  it('sent as a form stays as wrong as it was', async () => {
    const browser = new TestBrowser();
    const empty = await browser.post(`${bed.issuer}/authorize`, {});
    expect((await browser.follow(empty.location!)).status).toBe(400);

    const twice = await fetch(`${bed.issuer}/authorize`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams([
        ['client_id', 'portal'],
        ['scope', 'openid'],
        ['scope', 'profile'],
      ]),
    });
    expect(twice.headers.get('location')).toBe(
      '/authorize?client_id=portal&scope=openid&scope=profile',
    );
  });

  it('names its redirect_uri, as does the request for the token', async () => {
    const { url } = await begin(configuration);
    url.searchParams.delete('redirect_uri');
    const refused = await new TestBrowser().get(url);
    expect([refused.status, refused.text.includes('redirect_uri')]).toEqual([400, true]);

    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const exchange = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      code_verifier: began.verifier,
    };
    expect(await token(exchange)).toMatchObject([400, { error: 'invalid_request' }]);
    const [status] = await token({ ...exchange, redirect_uri: portal.redirectUri });
    expect(status).toBe(200);
  });

  it('with prompt=select_account asks for a sign-in, in which another person may be chosen', async () => {
    const { browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const { url } = await begin(configuration, {
      connection: 'dingtalk',
      prompt: 'select_account consent',
    });
    expect((await browser.get(url)).location?.pathname).toMatch(/^\/login\/[\w-]+\/dingtalk$/);
    url.searchParams.set('prompt', 'create');
    expect((await browser.get(url)).location?.searchParams.get('error')).toBe('invalid_request');
  });
});

describe('`ui_locales`', () => {
  it.each([
    ['en', 'zh-CN', 'en'],
    ['fr zh-CN', 'en', 'zh-CN'],
    ['fr', 'en', 'en'],
  ])('%s is the language of the login page for who reads %s: %s', async (asked, read, shown) => {
    const { url } = await begin(configuration, { ui_locales: asked });
    const page = await new TestBrowser({ 'accept-language': read }).follow(url);
    expect(languageOf(page)).toBe(shown);
  });

  it('is the language of the pages that follow, and of the platform’s', async () => {
    const own = await begin(configuration, { ui_locales: 'en', connection: 'own' });
    expect(languageOf(await new TestBrowser().follow(own.url))).toBe('en');

    const wecom = await begin(configuration, { ui_locales: 'en', connection: 'wecom-hq' });
    const browser = new TestBrowser();
    const left = await browser.get((await browser.get(wecom.url)).location!);
    expect(left.location?.searchParams.get('lang')).toBe('en');
  });
});

describe('a token for our own API', () => {
  it('is had with `resource` when the code is redeemed, or at a refresh', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const [, first] = await token({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      code_verifier: began.verifier,
      redirect_uri: portal.redirectUri,
      resource: bed.issuer,
    });
    expect(decodeJwt(first['access_token'] ?? '').aud).toBe(bed.issuer);

    const refresh = { grant_type: 'refresh_token', refresh_token: first['refresh_token'] ?? '' };
    const [, second] = await token(refresh);
    expect(decodeJwt(second['access_token'] ?? '').aud).toBe('https://api.example.com');
    const own = { ...refresh, refresh_token: second['refresh_token'] ?? '', resource: bed.issuer };
    const [, third] = await token(own);
    expect(decodeJwt(third['access_token'] ?? '')).toMatchObject({
      aud: bed.issuer,
      scope: 'openid profile phone email offline_access',
    });
    const foreign = { ...refresh, refresh_token: third['refresh_token'] ?? '' };
    expect(await token({ ...foreign, resource: 'https://evil.example' })).toMatchObject([
      400,
      { error: 'invalid_target' },
    ]);
  });

  it('is had at the refresh of a sign-in by a platform’s code', async () => {
    const code = bed.sandbox.control.dingtalk.inAppCode({
      clientId: 'dingexampleappkey1',
      corpId: 'dingexamplecorp01',
      userid: 'user0077',
    });
    const [, first] = await token({
      grant_type: 'urn:lingpai:grant-type:platform-code',
      connection: 'dingtalk',
      code,
      scope: 'openid offline_access',
    });
    expect(decodeJwt(first['access_token'] ?? '').aud).toBe('https://api.example.com');
    expect(decodeJwt(first['id_token'] ?? '')['auth_time']).toEqual(expect.any(Number));
    const [, second] = await token({
      grant_type: 'refresh_token',
      refresh_token: first['refresh_token'] ?? '',
      resource: bed.issuer,
    });
    expect(decodeJwt(second['access_token'] ?? '')).toMatchObject({
      aud: bed.issuer,
      scope: 'openid offline_access',
    });
  });
});

describe('a platform’s code', () => {
  it.each([
    ['local', 'own', 'in-app'],
    ['a third-party app', 'wecom-any', 'mini-program'],
  ])('of a kind that %s does not take is a fault of the request', async (_, slug, kind) => {
    expect(
      await token({
        grant_type: 'urn:lingpai:grant-type:platform-code',
        connection: slug,
        code: 'abc',
        code_type: kind,
      }),
    ).toMatchObject([400, { error: 'invalid_request' }]);
  });
});

describe('/userinfo', () => {
  it('answers a POST as it answers a GET', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const { access_token: accessToken } = await redeem(configuration, began, back);
    const answer = await fetch(`${bed.issuer}/userinfo`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: accessToken }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { name: '王小明' }]);
  });

  it('names no error where there was no token', async () => {
    const none = await fetch(`${bed.issuer}/userinfo`);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const wrong = await fetch(`${bed.issuer}/userinfo`, { headers: { authorization: 'Bearer x' } });
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
  });
});

describe('signing out', () => {
  it('may be sent as a form', async () => {
    const { began, back, browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    const left = await browser.post(`${bed.issuer}/logout`, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: portal.postLogoutRedirectUri,
      state: 'bye',
    });
    const end = await browser.follow(left.location!, atPortal);
    expect(end.location?.href).toBe(`${portal.postLogoutRedirectUri}?state=bye`);
    expect(browser.cookie('lingpai_session')).toBeUndefined();
  });
});
