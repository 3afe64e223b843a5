import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';

import { adminApi, machineToken } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { thirdParty } from '../fixtures/service-provider.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  begin,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
  tokenAsPortal,
} from '../fixtures/sign-in.js';

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

describe('a token for our own API', () => {
  it('is had with `resource` when the code is redeemed, or at a refresh', async () => {
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const [, first] = await tokenAsPortal(bed, {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      code_verifier: began.verifier,
      redirect_uri: portal.redirectUri,
      resource: bed.issuer,
    });
    expect(decodeJwt(first['access_token'] ?? '').aud).toBe(bed.issuer);

    const refresh = { grant_type: 'refresh_token', refresh_token: first['refresh_token'] ?? '' };
    const [, second] = await tokenAsPortal(bed, refresh);
    expect(decodeJwt(second['access_token'] ?? '').aud).toBe('https://api.example.com');
    const own = { ...refresh, refresh_token: second['refresh_token'] ?? '', resource: bed.issuer };
    const [, third] = await tokenAsPortal(bed, own);
    expect(decodeJwt(third['access_token'] ?? '')).toMatchObject({
      aud: bed.issuer,
      scope: 'openid profile phone email offline_access',
    });
    const foreign = { ...refresh, refresh_token: third['refresh_token'] ?? '' };
    expect(
      await tokenAsPortal(bed, { ...foreign, resource: 'https://evil.example' }),
    ).toMatchObject([400, { error: 'invalid_target' }]);
  });

  it('is had at the refresh of a sign-in by a platform’s code', async () => {
    const code = bed.sandbox.control.dingtalk.inAppCode({
      clientId: 'dingexampleappkey1',
      corpId: 'dingexamplecorp01',
      userid: 'user0077',
    });
    const [, first] = await tokenAsPortal(bed, {
      grant_type: 'urn:lingpai:grant-type:platform-code',
      connection: 'dingtalk',
      code,
      scope: 'openid offline_access',
    });
    expect(decodeJwt(first['access_token'] ?? '').aud).toBe('https://api.example.com');
    expect(decodeJwt(first['id_token'] ?? '')['auth_time']).toEqual(expect.any(Number));
    const [, second] = await tokenAsPortal(bed, {
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
      await tokenAsPortal(bed, {
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

it('a scope that is taken from a client is gone at once: at /userinfo, at /introspect, and from what a refresh gives', async () => {
  const api = await adminApi(bed);
  const reader = { client_id: 'reader', client_secret: 'reader-Zk3vQ9sN7xW0aTq5' };
  await api('POST', '/clients', {
    body: {
      clientId: reader.client_id,
      clientSecret: reader.client_secret,
      displayName: 'Reader',
      redirectUris: [portal.redirectUri],
      scopes: ['openid', 'phone', 'offline_access'],
    },
  });
  const began = await begin(configuration, {
    client_id: reader.client_id,
    connection: 'dingtalk',
    scope: 'openid phone offline_access',
  });
  const { location } = await scanAs(new TestBrowser(), began.url, 'manager0042');
  const [, first] = await tokenAsPortal(bed, {
    ...reader,
    grant_type: 'authorization_code',
    code: location?.searchParams.get('code') ?? '',
    code_verifier: began.verifier,
    redirect_uri: portal.redirectUri,
  });
  const asked = async (): Promise<unknown> => {
    const headers = { authorization: `Bearer ${first['access_token']}` };
    return (await fetch(`${bed.issuer}/userinfo`, { headers })).json();
  };
  expect(decodeJwt(first['id_token'] ?? '')).toHaveProperty('phone_number', '+8613800000000');
  expect(await asked()).toHaveProperty('phone_number', '+8613800000000');

  await api('PATCH', '/clients/reader', { body: { scopes: ['openid', 'offline_access'] } });
  const [status, second] = await tokenAsPortal(bed, {
    ...reader,
    grant_type: 'refresh_token',
    refresh_token: first['refresh_token'] ?? '',
  });
  expect([status, second['scope']]).toEqual([200, 'openid offline_access']);
  expect(decodeJwt(second['id_token'] ?? '')).not.toHaveProperty('phone_number');
  expect(await asked()).toEqual({ sub: decodeJwt(first['id_token'] ?? '').sub });
  const told = await client.tokenIntrospection(configuration, first['access_token'] ?? '');
  expect(told).toMatchObject({ active: true, scope: 'openid offline_access' });
});

describe('introspection', () => {
  it('says of a machine’s token that it is over when its client is disabled', async () => {
    const machine = { clientId: 'machine', clientSecret: 'machine-Zk3vQ9sN7xW0aTq5' };
    const api = await adminApi(bed);
    await api('POST', '/clients', {
      body: {
        ...machine,
        displayName: 'Machine',
        grantTypes: ['client_credentials'],
        scopes: ['jsapi:sign'],
      },
    });
    const accessToken = await machineToken(bed, machine, 'jsapi:sign');
    const isActive = async (): Promise<unknown> => {
      const answer = await client.tokenIntrospection(configuration, accessToken);
      return answer.active;
    };
    expect(await isActive()).toBe(true);
    await api('PATCH', '/clients/machine', { body: { enabled: false } });
    expect(await isActive()).toBe(false);
  });
});
