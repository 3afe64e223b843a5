import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith } from '../fixtures/api.js';
import { TestBrowser } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs } from '../fixtures/sign-in.js';

const page = 'https://portal.example.com/app/home?tab=1&next=%2Fa%20b';
const corpId = 'ww1a2b3c4d5e6f7a8b';
let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed({
    // So that the caller's token outlives the platform's, when the clock moves on.
    env: { ACCESS_TOKEN_TTL_SECONDS: '14400' },
    provision: ({ connections, clients }) => {
      for (const connection of connections)
        connection['jsapiOrigins'] = ['https://portal.example.com'];
      connections.push(
        { slug: 'phone', platform: 'local', displayName: '手机号' },
        { ...connections[0], slug: 'old-ding', jsapiHash: 'sha1' },
      );
      (clients[0]?.['scopes'] as string[]).push('jsapi:sign');
      delete clients[0]?.['audience'];
    },
  });
  bed.sandbox.control.wecom.trustDomain(corpId, 1000017, 'portal.example.com');
  api = await adminApi(bed);
});
beforeEach(() => bed.clock.reset());
afterAll(() => bed.stop());

const sign = (
  slug: string,
  body: object,
  over: { api?: Api; headers?: Record<string, string> } = {},
) =>
  (over.api ?? api)('POST', `/connections/${slug}/jsapi-signatures`, {
    body,
    headers: over.headers ?? {},
  });
const jsApiList = ['checkJsApi'];
const faulty = (field: string) => ({ code: 'value_not_allowed', status: 422, errors: [{ field }] });

describe('a page’s signature', () => {
  it('is what wx.config and wx.agentConfig want', async () => {
    const corp = await sign('wecom-hq', { url: `${page}#/somewhere`, ticket: 'corp' });
    expect(corp.status).toBe(200);
    expect(corp.headers.get('cache-control')).toBe('no-store');
    expect(corp.body).toEqual({
      beta: true,
      appId: corpId,
      timestamp: expect.any(Number),
      nonceStr: expect.stringMatching(/^[A-Za-z0-9]{16}$/),
      signature: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const agent = await sign('wecom-hq', { url: page, ticket: 'agent' });
    expect(agent.body).toMatchObject({ corpid: corpId, agentid: '1000017' });

    const { verifyJsapi } = bed.sandbox.control.wecom;
    const asked = (body: unknown) => ({ ...(body as object), jsApiList });
    const shown = { url: page, hasConfig: true };
    expect(verifyJsapi('config', { configured: asked(corp.body), ...shown })).toBe(0);
    expect(verifyJsapi('agentConfig', { configured: asked(agent.body), ...shown })).toBe(0);
    const elsewhere = { ...shown, url: `${page}&more` };
    expect(verifyJsapi('config', { configured: asked(corp.body), ...elsewhere })).toBe(40093);
  });

  it('is what dd.config wants, with the hash of the setting', async () => {
    const { verifyJsapi, settings } = bed.sandbox.control.dingtalk;
    const { body } = await sign('dingtalk', { url: `${page}#/somewhere` });
    expect(body).toEqual({
      agentId: '100000001',
      corpId: 'dingexamplecorp01',
      timeStamp: expect.stringMatching(/^\d{10}$/),
      nonceStr: expect.stringMatching(/^[A-Za-z0-9]{16}$/),
      signature: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const asked = (answer: unknown) => ({
      configured: { ...(answer as object), jsApiList },
      url: page,
    });
    expect(verifyJsapi(asked(body))).toBe(0);
    const old = await sign('old-ding', { url: page });
    expect(old.body).toMatchObject({ signature: expect.stringMatching(/^[0-9a-f]{40}$/) });
    expect(verifyJsapi(asked(old.body))).toBe(52013);
    settings.jsapiHash = 'sha1';
    expect(verifyJsapi(asked(old.body))).toBe(0);
    settings.jsapiHash = 'sha256';
  });

  it('asks the platform for a ticket once', async () => {
    bed.clock.advance(7200);
    bed.sandbox.control.advance(7200);
    const call = 'qyapi.weixin.qq.com/cgi-bin/get_jsapi_ticket';
    const before = bed.sandbox.control.callCount(call);
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => sign('wecom-hq', { url: page })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(bed.sandbox.control.callCount(call) - before).toBe(1);
  });

  it('is given for the connection’s origins alone', async () => {
    for (const url of ['https://evil.example.com/', 'http://portal.example.com/', 'nonsense']) {
      expect((await sign('wecom-hq', { url })).body).toMatchObject(faulty('url'));
    }
    expect((await sign('dingtalk', { url: `${page}&x=%E4%` })).body).toMatchObject(faulty('url'));
  });

  it('is refused for what the connection does not have', async () => {
    expect((await sign('dingtalk', { url: page, ticket: 'agent' })).body).toMatchObject(
      faulty('ticket'),
    );
    expect((await sign('wecom-hq', { url: page, tenant: 'wwother' })).body).toMatchObject(
      faulty('tenant'),
    );
    expect((await sign('phone', { url: page })).body).toMatchObject(faulty('slug'));
    expect((await sign('nowhere', { url: page })).body).toMatchObject({
      code: 'connection_not_found',
    });
    expect((await sign('wecom-hq', { url: page, ticket: 'other', more: 1 })).body).toMatchObject({
      code: 'request_invalid',
      status: 400,
    });
  });
});

describe('a page may ask itself,', () => {
  const origin = new URL(portal.redirectUri).origin;

  async function personWith(scope: string): Promise<Api> {
    const configuration = await discoverPortal(bed);
    const began = await begin(configuration, {
      connection: 'dingtalk',
      resource: bed.issuer,
      scope,
    });
    const { location } = await scanAs(new TestBrowser(), began.url, 'manager0042');
    const { access_token: token } = await redeem(configuration, began, location ?? new URL('x:'));
    return apiWith(bed, token);
  }

  it('with the token of the person before it', async () => {
    const person = await personWith('openid jsapi:sign');
    const answer = await sign('wecom-hq', { url: page }, { api: person, headers: { origin } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect((await person('GET', '/connections/wecom-hq/access-token')).status).toBe(403);
  });

  it('but not without the scope', async () => {
    const answer = await sign('wecom-hq', { url: page }, { api: await personWith('openid') });
    expect(answer.body).toMatchObject({ status: 403, code: 'scope_insufficient' });
  });

  it('from registered origins, as the browser learns beforehand', async () => {
    const preflight = (from: string) =>
      fetch(`${bed.issuer}/api/v1/connections/wecom-hq/jsapi-signatures`, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
    const known = await preflight(origin);
    expect(known.status).toBe(204);
    expect(known.headers.get('access-control-allow-origin')).toBe(origin);
    expect(known.headers.get('access-control-allow-methods')).toContain('POST');
    const stranger = await preflight('https://evil.example.com');
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    const token = await fetch(`${bed.issuer}/api/v1/connections/wecom-hq/access-token`, {
      headers: { origin },
    });
    expect(token.headers.get('access-control-allow-origin')).toBeNull();
  });
});
