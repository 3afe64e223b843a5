import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { adminScopes } from '../../src/auth/issuer/clients/client.registry.js';
import { adminApi, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal, redeem, scanAs } from '../fixtures/sign-in.js';
import { TestBrowser } from '../fixtures/browser.js';

const robot = { clientId: 'robot', clientSecret: 'robot-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0' };

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
  const api = await adminApi(bed);
  const body = { ...robot, displayName: 'Robot', grantTypes: ['client_credentials'] };
  const made = await api('POST', '/clients', {
    body: { ...body, scopes: ['openid', 'accounts:read'] },
  });
  expect(made.status).toBe(201);
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
    expect([...registered].sort()).toEqual([...described].sort());
  });

  it('asks for the scope of its resource: one to read, one to change', () => {
    const wanted = operations.map(
      ({ method, path, scope }) =>
        `${method === 'GET' ? 'read' : 'change'} ${path.split('/')[1]}: ${scope}`,
    );
    expect([...new Set(wanted)].sort()).toEqual([
      'change account-requests: accounts:write',
      'change accounts: accounts:write',
      'change clients: clients:write',
      'change connections: connections:write',
      'change connections: jsapi:sign',
      'change connections: platform-tokens:read',
      'change me: openid',
      'change signing-keys: keys:write',
      'change webhooks: webhooks:write',
      'read account-requests: accounts:read',
      'read accounts: accounts:read',
      'read audit-events: audit:read',
      'read clients: clients:read',
      'read connections: connections:read',
      'read connections: platform-tokens:read',
      'read me: openid',
      'read signing-keys: keys:write',
      'read webhooks: webhooks:read',
    ]);
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
    expect(tokens.size).toBe(13);
  });

  it('of a person is closed to a machine, also to one that may ask for openid', async () => {
    const token = await machineToken(bed, robot, 'openid');
    const own = operations.filter(({ scope }) => scope === 'openid');
    expect(own.map(({ path }) => path)).toContain('/me');
    for (const { method, path } of own) {
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

  it('answers registered origins at /me and where pages are signed, and no origin anywhere else', async () => {
    const { access_token: token } = await personTokens(bed.issuer);
    const [person, machine] = [apiWith(bed, token), apiWith(bed, await machineToken(bed, admin))];
    const allowed = async (method: string, path: string, origin: string) => {
      const headers = { origin, 'access-control-request-method': 'GET' };
      const api = path.startsWith('/me') ? person : machine;
      const answer = await api(method, path, { headers, ...bodyOf(method) });
      return answer.headers.get('access-control-allow-origin');
    };
    const forBrowsers = operations.filter(
      ({ path, scope }) => path === '/me' || scope === 'jsapi:sign',
    );
    for (const { method, path } of operations.filter((each) => !forBrowsers.includes(each))) {
      for (const asked of [method, 'OPTIONS'])
        expect([asked, path, await allowed(asked, path, 'http://localhost:9')]).toEqual([
          asked,
          path,
          null,
        ]);
    }
    expect(forBrowsers).toHaveLength(2);
    for (const { method, path } of forBrowsers) {
      for (const asked of [method, 'OPTIONS']) {
        expect(await allowed(asked, path, 'http://localhost:9')).toBe('http://localhost:9');
        expect(await allowed(asked, path, 'https://evil.example')).toBeNull();
      }
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
