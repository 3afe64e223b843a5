import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWK } from 'jose';
import type { Configuration } from 'openid-client';

import { adminScopes, ClientRegistry } from '../../src/auth/issuer/clients/client.registry.js';
import { adminApi, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs, signInOnWeb } from '../fixtures/sign-in.js';
import { TestBrowser } from '../fixtures/browser.js';

let bed: TestBed;
let configuration: Configuration;
let operations: { method: string; path: string; scope: string }[];
/** The same calls as Express writes them. */
let described: string[];

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
  described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((m) => `${m.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
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

/** What Express really answers, whatever the API's description says. */
function registeredCalls(): string[] {
  const express = bed.replicas[0]!.service.app.getHttpAdapter().getInstance() as {
    readonly router: {
      readonly stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
  };
  return express.router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${route!.path}`),
  );
}

describe('every call of the API', () => {
  it('is known here', () => {
    const registered = registeredCalls().filter((call) => call.includes(' /api/'));
    expect(registered.length).toBeGreaterThan(45);
    const questions = registered.filter((call) => call.startsWith('OPTIONS '));
    expect(questions).toEqual(['OPTIONS /api/v1/me']);
    expect(registered.filter((call) => !questions.includes(call)).sort()).toEqual(
      [...described].sort(),
    );
    expect(operations.filter(({ scope }) => !scope || scope === 'none')).toEqual([]);
  });

  it('is closed to who brings no token', async () => {
    for (const { method, path } of operations) {
      const answer = await apiWith(bed, undefined)(method, path, bodyOf(method));
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('is closed to a machine that holds every scope but its own', async () => {
    const tokens = new Map<string, string>();
    for (const { method, path, scope } of operations) {
      const others = adminScopes.filter((each) => each !== scope).join(' ');
      const token = tokens.get(others) ?? (await machineToken(bed, admin, others));
      tokens.set(others, token);
      const answer = await apiWith(bed, token)(method, path, bodyOf(method));
      expect([method, path, answer.body]).toMatchObject([
        method,
        path,
        { status: 403, code: 'scope_insufficient' },
      ]);
    }
    // Each scope of the API, and a machine at a person's door.
    expect(tokens.size).toBe(11);
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

  it('answers registered origins at /me, and no origin anywhere else', async () => {
    const { access_token: token } = await personTokens(bed.issuer);
    const [person, machine] = [apiWith(bed, token), apiWith(bed, await machineToken(bed, admin))];
    const allowed = async (method: string, path: string, origin: string) => {
      const headers = { origin, 'access-control-request-method': 'GET' };
      const api = path.startsWith('/me') ? person : machine;
      const answer = await api(method, path, { headers, ...bodyOf(method) });
      return answer.headers.get('access-control-allow-origin');
    };
    for (const { method, path } of operations.filter(({ path }) => path !== '/me')) {
      for (const asked of [method, 'OPTIONS'])
        expect([asked, path, await allowed(asked, path, 'http://localhost:9')]).toEqual([
          asked,
          path,
          null,
        ]);
    }
    for (const asked of ['GET', 'OPTIONS']) {
      expect(await allowed(asked, '/me', 'http://localhost:9')).toBe('http://localhost:9');
      expect(await allowed(asked, '/me', 'https://evil.example')).toBe(bed.issuer);
    }
  });

  // The last of them, since these calls are really made.
  it('is open to a machine with its scope alone', async () => {
    const own = new Map<string, string>();
    for (const { method, path, scope } of operations.filter(({ scope }) => scope !== 'openid')) {
      const token = own.get(scope) ?? (await machineToken(bed, admin, scope));
      own.set(scope, token);
      const { status } = await apiWith(bed, token)(method, path, bodyOf(method));
      expect([method, path, [401, 403].includes(status), status < 500]).toEqual([
        method,
        path,
        false,
        true,
      ]);
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
    // The public key as the secret of an HMAC.
    const { keys } = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
      keys: JWK[];
    };
    const jwk = keys.find((key) => key.kid === kid)!;
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = `${encode({ kid, alg: 'HS256', typ: 'at+jwt' })}.${payload}`;
    for (const token of [
      'nonsense',
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ kid, alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${forged}.${other.toString('base64url')}`,
      `${header}.${encode({ ...claims(good), scope: 'accounts:read accounts:write' })}.${signature}`,
      `${encode({ kid, alg, typ: 'JWT' })}.${payload}.${signature}`,
      `${hmac}.${createHmac('sha256', publicKey).update(hmac).digest('base64url')}`,
    ]) {
      expect(await status(token)).toBe(401);
    }
  });

  it('for signing in is none for the API', async () => {
    const { back, began } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
    const tokens = await redeem(configuration, began, back);
    for (const token of [tokens.id_token, tokens.refresh_token]) {
      const answer = await apiWith(bed, token)('GET', '/me');
      expect(answer.body).toMatchObject({ status: 401, code: 'token_invalid' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await status(token ?? '')).toBe(401);
    }
    expect((await apiWith(bed, tokens.access_token)('GET', '/me')).status).toBe(200);
  });

  it('opens nothing any more when its time is over', async () => {
    const good = await machineToken(bed, admin, 'accounts:read');
    bed.clock.advance(601);
    expect(await status(good)).toBe(401);
    bed.clock.reset();
    expect(await status(good)).toBe(200);
  });

  it('of a client that is disabled opens nothing, nor one of a client that is gone', async () => {
    const api = await adminApi(bed);
    const secret = 'robot-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0';
    const robot = await api('POST', '/clients', {
      body: {
        clientId: 'robot',
        displayName: 'Robot',
        clientSecret: secret,
        grantTypes: ['client_credentials'],
        scopes: ['accounts:read'],
      },
    });
    expect(robot.status).toBe(201);
    const token = await machineToken(
      bed,
      { clientId: 'robot', clientSecret: secret },
      'accounts:read',
    );
    expect(await status(token)).toBe(200);
    expect((await api('PATCH', '/clients/robot', { body: { enabled: false } })).status).toBe(200);
    expect(await status(token)).toBe(401);
    expect((await api('PATCH', '/clients/robot', { body: { enabled: true } })).status).toBe(200);
    expect((await api('PATCH', '/clients/robot', { body: { scopes: [] } })).status).toBe(200);
    expect(await status(token)).toBe(403);
    expect((await api('DELETE', '/clients/robot')).status).toBe(204);
    expect(await status(token)).toBe(401);
  });

  it('of a person opens nothing once the application that they signed in to is disabled', async () => {
    const { access_token: token } = await personTokens(bed.issuer);
    const api = apiWith(bed, token);
    expect((await api('GET', '/me')).status).toBe(200);
    await bed.query(`update clients set enabled = false where client_id = 'portal'`);
    await bed.replicas[0]!.service.app.get(ClientRegistry).refresh();
    expect((await api('GET', '/me')).body).toMatchObject({ status: 401, code: 'token_invalid' });
    expect((await api('GET', '/me/identities')).status).toBe(401);
  });
});
