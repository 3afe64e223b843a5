import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Logger } from '../../src/common/logger.js';
import { Secret } from '../../src/common/secret.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createDataSource } from '../../src/database/data-source.js';
import { startService } from '../../src/service.js';
import { adminApi, machineToken } from '../fixtures/api.js';
import { freePort } from '../fixtures/ports.js';
import { rawRequest } from '../fixtures/raw-request.js';
import { admin, MovableClock, openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

const strictPolicy = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

/** What every answer has, whatever it is. */
const everywhere = {
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
  'x-xss-protection': '0',
};

let bed: TestBed;

beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.stop());

describe('a request that nobody would make by hand', () => {
  it.each([
    ['GET', '/%zz', 404],
    ['GET', '//evil.example', 404],
    ['GET', '//evil.example/..', 404],
    ['GET', '/\\evil.example', 404],
    ['GET', '/login/%zz', 400],
    ['GET', '/login/%00/dingtalk', 400],
    ['GET', '/assets/..%2f..%2fpackage.json', 404],
    ['GET', '/docs/..%2f..%2fpackage.json', 404],
    ['GET', '/authorize/', 404],
    ['GET', '/nothing', 404],
    ['GET', '/token', 404],
    ['HEAD', '/token', 404],
    ['HEAD', '/nothing', 404],
    ['TRACE', '/token', 404],
    ['TRACE', '/account', 404],
    ['DELETE', '/token', 404],
    ['PUT', '/authorize', 404],
    ['OPTIONS', '/authorize', 404],
    ['OPTIONS', '/introspect', 404],
    ['OPTIONS', '*', 404],
    ['PROPFIND', '/', 404],
    ['PATCH', '/docs', 404],
    ['POST', '/.well-known/jwks.json', 404],
  ])('gets a plain refusal: %s %s', async (method, target, status) => {
    const answer = await rawRequest(bed.replicas[0]!.url, target, {
      method,
      headers: { origin: 'http://localhost:9' },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      ...everywhere,
      'cache-control': target.startsWith('/docs') ? 'no-cache' : 'no-store',
      'referrer-policy': 'strict-origin',
      'content-type': expect.stringMatching(/^(?:application\/problem\+json|text\/html); charset/),
      'x-request-id': expect.any(String),
    });
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; ?.*form-action 'none'; ?.*frame-ancestors 'none'$/,
    );
    expect(Object.keys(answer.headers).filter((name) => /^access-control|etag/.test(name))).toEqual(
      [],
    );
    for (const absent of ['location', 'server', 'x-powered-by', 'set-cookie', 'allow'])
      expect(answer.headers[absent]).toBeUndefined();
    expect(answer.body).not.toMatch(/node_modules|\bat .*\.js|"name":/);
  });

  it.each([
    `/authorize?client_id=portal&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(portal.redirectUri)}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`,
    '/connections/dingtalk/authorize?client_id=nobody',
    '/account',
    '/logout',
    '/entry/dingtalk?client_id=portal',
    '/callback/dingtalk?state=x',
    '/.well-known/openid-configuration',
    '/docs-json',
    '/api/v1/me',
    '/nothing',
  ])('says nothing of the host that it named: %s', async (target) => {
    const answer = await rawRequest(bed.replicas[0]!.url, target, {
      headers: {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil.example',
      },
    });
    expect(answer.status).toBeLessThan(500);
    expect(JSON.stringify(answer)).not.toMatch(/evil\.example|gopher/);
  });

  it('is none of ours with another host’s whole address', async () => {
    const answer = await rawRequest(bed.replicas[0]!.url, 'http://evil.example/authorize');
    expect(answer.status).toBe(404);
    expect(answer.headers).toMatchObject(everywhere);
  });
});

describe('a database that fails', () => {
  it('leaves the answer of the protocol engine what it is to be', async () => {
    const configuration = await discoverPortal(bed);
    const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const { access_token: token } = await redeem(configuration, began, back);
    await bed.query('alter table oidc_entries rename to away');
    try {
      const answer = await fetch(`${bed.issuer}/introspect`, {
        method: 'POST',
        body: new URLSearchParams({
          token,
          client_id: portal.clientId,
          client_secret: portal.clientSecret,
        }),
      });
      expect(answer.status).toBe(500);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        ...everywhere,
        'content-security-policy': strictPolicy,
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'x-request-id': expect.any(String),
      });
      expect(await answer.json()).toEqual({
        error: 'server_error',
        error_description: 'oops! something went wrong',
      });
    } finally {
      await bed.query('alter table away rename to oidc_entries');
    }
  });
});

describe('what may be kept', () => {
  const cacheControl = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(bed.issuer + path, { headers, redirect: 'manual' })).headers.get('cache-control');

  it('is what is the same for everybody', async () => {
    // Less than five minutes where the replica read its keys a while ago.
    for (const name of ['jwks.json', 'openid-configuration'])
      expect(await cacheControl(`/.well-known/${name}`)).toMatch(/^public, max-age=(?:300|2\d\d)$/);
    const login = await (await fetch(`${bed.issuer}/authorize?client_id=nobody`)).text();
    const style = /href="(\/assets\/[^"]+\.css)"/.exec(login)![1]!;
    expect(await cacheControl(style)).toBe('public, max-age=31536000, immutable');
    expect(await cacheControl('/assets/lingpai.000000000000.css')).toBe('no-store');
  });

  it('is the viewer of the API, as long as its files are still the same', async () => {
    const read = (headers: Record<string, string> = {}) =>
      rawRequest(bed.issuer, '/docs/swagger-ui-bundle.js', { headers });
    const first = await read();
    expect(first.headers['cache-control']).toBe('no-cache');
    const etag = first.headers['etag'] ?? '';
    expect(etag).not.toBe('');
    expect((await read({ 'if-none-match': etag })).status).toBe(304);
  });

  it('is nothing else, and nothing else says whether it changed', async () => {
    const token = await machineToken(bed, admin);
    const headers = { authorization: `Bearer ${token}` };
    for (const path of [
      '/account',
      '/authorize?client_id=nobody',
      '/logout/success',
      '/health/live',
      '/health/ready',
      '/docs-json',
      '/userinfo',
      '/api/v1/me',
      '/api/v1/accounts',
      '/api/v1/connections',
      '/api/v1/connections/wecom-hq/access-token',
      '/api/v1/signing-keys',
      '/api/v1/audit-events',
    ]) {
      const answer = await fetch(bed.issuer + path, { headers, redirect: 'manual' });
      expect([path, answer.headers.get('cache-control'), answer.headers.get('etag')]).toEqual([
        path,
        'no-store',
        null,
      ]);
    }
  });

  it('is no token', async () => {
    const answer = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: admin.clientId,
        client_secret: admin.clientSecret,
      }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('etag')).toBeNull();
  });

  it('leaves the tags by which changes are made safe', async () => {
    const api = await adminApi(bed);
    const made = await api('POST', '/accounts', { body: { displayName: 'Lin' } });
    const path = `/accounts/${(made.body as { id: string }).id}`;
    const read = await api('GET', path);
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    const change = { body: { displayName: 'Lin Qiao' }, headers: { 'if-match': etag } };
    expect((await api('PATCH', path, change)).status).toBe(200);
    expect((await api('PATCH', path, change)).status).toBe(412);
  });
});

describe('before the service is ready', () => {
  it('its refusal has the headers too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-headers-'));
    const port = await freePort();
    const config = loadConfig(
      {
        PORT: String(port),
        HOST: '127.0.0.1',
        ISSUER_URL: 'https://sso.example.com',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        SECRET_KEY: randomBytes(32).toString('base64'),
      },
      folder,
    );
    const service = await startService(
      {
        config,
        dataSource: createDataSource(
          new Secret('postgres://nobody@127.0.0.1:1/none'),
          1,
          () => undefined,
        ),
        clock: new MovableClock(),
        logger: new Logger('silent'),
      },
      {},
    );
    try {
      const answer = await rawRequest(`http://127.0.0.1:${port}`, '/authorize?client_id=portal');
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({
        ...everywhere,
        'content-security-policy': strictPolicy,
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=63072000',
        'retry-after': '5',
      });
    } finally {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
