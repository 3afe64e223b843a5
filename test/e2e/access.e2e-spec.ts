import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';
import { scanAs } from '../fixtures/sign-in.js';
import { TestBrowser } from '../fixtures/browser.js';

let bed: TestBed;
let configuration: Configuration;
let operations: { method: string; path: string; scope: string }[];

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ clients }) => {
      // An operator who gives an application that people sign in to an administrative scope.
      (clients[0]?.['scopes'] as string[]).push('accounts:read');
    },
  });
  configuration = await discoverPortal(bed);
  const document = (await (await fetch(`${bed.issuer}/docs-json`)).json()) as {
    paths: Record<string, Record<string, { 'x-scope': string }>>;
  };
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace('/api/v1', '').replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000'),
      scope: operation['x-scope'],
    })),
  );
});
afterAll(() => bed.stop());

const bodyOf = (method: string) => (['POST', 'PUT', 'PATCH'].includes(method) ? { body: {} } : {});

async function personTokens(resource?: string) {
  const began = await begin(configuration, {
    connection: 'dingtalk',
    ...(resource && { resource }),
  });
  const visit = await scanAs(new TestBrowser(), began.url, 'manager0042');
  return redeem(configuration, began, visit.location ?? new URL('x:'));
}

describe('every call of the API', () => {
  it('is known here', () => {
    expect(operations.length).toBeGreaterThan(45);
    expect(operations.filter(({ scope }) => !scope || scope === 'none')).toEqual([]);
  });

  it('is closed to who brings no token', async () => {
    for (const { method, path } of operations) {
      const answer = await apiWith(bed, undefined)(method, path, bodyOf(method));
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('is closed to a machine without its scope', async () => {
    const [audit, accounts] = [
      await machineToken(bed, admin, 'audit:read'),
      await machineToken(bed, admin, 'accounts:read'),
    ];
    for (const { method, path, scope } of operations) {
      const token = scope === 'audit:read' ? accounts : audit;
      const answer = await apiWith(bed, token)(method, path, bodyOf(method));
      expect([method, path, answer.body]).toMatchObject([
        method,
        path,
        { status: 403, code: 'scope_insufficient' },
      ]);
    }
  });

  it('is closed to a person, but for their own', async () => {
    const { access_token: token } = await personTokens(bed.issuer);
    for (const { method, path, scope } of operations) {
      const { status } = await apiWith(bed, token)(method, path, bodyOf(method));
      if (scope === 'openid') expect([method, path, status]).not.toEqual([method, path, 403]);
      else expect([method, path, status]).toEqual([method, path, 403]);
    }
  });

  it('is closed to a person, whatever the application that they signed in to may ask for', async () => {
    const began = await begin(configuration, {
      connection: 'dingtalk',
      resource: bed.issuer,
      scope: 'openid accounts:read',
    });
    const visit = await scanAs(new TestBrowser(), began.url, 'manager0042');
    const tokens = await redeem(configuration, began, visit.location ?? new URL('x:'));
    expect(tokens.scope).toContain('accounts:read');
    const answer = await apiWith(bed, tokens.access_token)('GET', '/accounts');
    expect(answer.body).toMatchObject({ status: 403, code: 'scope_insufficient' });
  });

  it('is closed to a token for another API, but for /me', async () => {
    const { access_token: token } = await personTokens();
    for (const { method, path } of operations) {
      const { status } = await apiWith(bed, token)(method, path, bodyOf(method));
      expect([method, path, status]).toEqual([method, path, path === '/me' ? 200 : 401]);
    }
  });

  it('answers no other origin', async () => {
    const api = apiWith(bed, await machineToken(bed, admin));
    const headers = { origin: 'http://localhost:9' };
    for (const { method, path } of operations.filter(({ path }) => path !== '/me')) {
      const answer = await api(method, path, { headers, ...bodyOf(method) });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a token', () => {
  const claims = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const status = async (token: string): Promise<number> =>
    (await apiWith(bed, token)('GET', '/accounts')).status;

  it('that is none of ours, or not for this, opens nothing', async () => {
    const good = await machineToken(bed, admin, 'accounts:read');
    expect(await status(good)).toBe(200);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as {
      kid: string;
      alg: string;
    };
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const forged = `${header}.${payload}`;
    const other = sign(
      'sha256',
      Buffer.from(forged),
      createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    );
    for (const token of [
      'nonsense',
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${forged}.${other.toString('base64url')}`,
      `${header}.${encode({ ...claims(good), scope: 'accounts:read accounts:write' })}.${signature}`,
      `${encode({ kid, alg, typ: 'JWT' })}.${payload}.${signature}`,
      `${encode({ kid, alg: 'HS256', typ: 'at+jwt' })}.${payload}.${signature}`,
    ]) {
      expect(await status(token)).toBe(401);
    }
  });

  it('for signing in is none for the API', async () => {
    const { back, began } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    const api = apiWith(bed, tokens.id_token);
    expect((await api('GET', '/me')).status).toBe(401);
    expect((await apiWith(bed, tokens.refresh_token)('GET', '/me')).status).toBe(401);
  });

  it('opens nothing any more when its time is over', async () => {
    const good = await machineToken(bed, admin, 'accounts:read');
    bed.clock.advance(601);
    expect(await status(good)).toBe(401);
    bed.clock.reset();
    expect(await status(good)).toBe(200);
  });
});
