import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { TestBrowser, type Visit } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  discoverPortal,
  redeem,
  signInOnWeb,
  tokenAsPortal,
} from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) =>
      connections.push({ slug: 'own', platform: 'local', displayName: '手机号' }),
  });
  configuration = await discoverPortal(bed);
});
afterAll(() => bed.stop());

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

  it('sent as a form that no address can hold is refused by a page', async () => {
    const { url } = await begin(configuration, { state: 's'.repeat(16_000) });
    const refused = await new TestBrowser().post(`${bed.issuer}/authorize`, form(url));
    expect([refused.status, refused.location]).toEqual([400, undefined]);
    expect(refused.text).toContain('request_invalid');
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
    expect(await tokenAsPortal(bed, exchange)).toMatchObject([400, { error: 'invalid_request' }]);
    const [status] = await tokenAsPortal(bed, { ...exchange, redirect_uri: portal.redirectUri });
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
