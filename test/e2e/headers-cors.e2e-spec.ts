import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { openTestBed, type TestBed } from '../fixtures/service.js';

const known = 'http://localhost:9';

const calls = [
  ['GET', '/.well-known/openid-configuration', 'GET'],
  ['GET', '/.well-known/oauth-authorization-server', 'GET'],
  ['GET', '/.well-known/jwks.json', 'GET'],
  ['POST', '/token', 'POST'],
  ['GET', '/userinfo', 'GET, POST'],
  ['POST', '/userinfo', 'GET, POST'],
  ['GET', '/api/v1/me', 'GET'],
  ['POST', '/api/v1/connections/wecom-hq/jsapi-signatures', 'POST'],
] as const;

let bed: TestBed;

beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.stop());

async function ask(
  method: string,
  path: string,
  origin?: string,
): Promise<{ status: number; cors: Record<string, string>; vary: string | null }> {
  const answer = await fetch(bed.issuer + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(origin !== undefined && { origin }),
      ...(method === 'OPTIONS' && {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, x-anything',
      }),
    },
  });
  return {
    status: answer.status,
    cors: Object.fromEntries(
      [...answer.headers].filter(([name]) => name.startsWith('access-control-')),
    ),
    vary: answer.headers.get('vary'),
  };
}

it('what applications in a browser call is what the documentation names', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/headers.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (`\/[^|]+) \| ([A-Z, ]+) \|$/gm)];
  const documented = rows.flatMap(([, paths = '', methods = '']) =>
    paths.split(', ').map((path) => [path.replaceAll('`', ''), methods]),
  );
  const called = calls.map(([, path, methods]) => [path.replace('wecom-hq', ':slug'), methods]);
  expect(documented).toEqual(
    called.filter(([path], at) => called.findIndex(([other]) => other === path) === at),
  );
});

describe.each(calls)('what applications in a browser call: %s %s', (method, path, methods) => {
  it('can be read by a registered origin, also where it is refused', async () => {
    expect(await ask(method, path, known)).toMatchObject({
      cors: {
        'access-control-allow-origin': known,
        'access-control-expose-headers': 'Retry-After, WWW-Authenticate, X-Request-Id',
      },
      vary: 'Origin',
    });
  });

  it('is allowed to it beforehand, with the methods and headers that it takes, for a while', async () => {
    expect(await ask('OPTIONS', path, known)).toEqual({
      status: 204,
      cors: {
        'access-control-allow-origin': known,
        'access-control-allow-methods': methods,
        'access-control-allow-headers': 'Authorization, Content-Type',
        'access-control-max-age': '600',
      },
      vary: 'Origin',
    });
  });

  it('tells other origins nothing, and caches apart from them', async () => {
    for (const stranger of [
      'https://evil.example',
      'http://localhost:90',
      'https://localhost:9',
      'http://localhost',
      'http://localhost:9.evil.example',
      'http://LOCALHOST:9',
      'http://localhost:9/',
      'null',
      undefined,
    ]) {
      const { cors, vary } = await ask(method, path, stranger);
      expect([stranger, cors, vary]).toEqual([stranger, {}, 'Origin']);
      expect(await ask('OPTIONS', path, stranger)).toEqual({
        status: 204,
        cors: {},
        vary: 'Origin',
      });
    }
  });
});

it.each([
  ['GET', '/authorize?client_id=portal'],
  ['GET', '/logout'],
  ['POST', '/introspect'],
  ['POST', '/revoke'],
  ['OPTIONS', '/introspect'],
  ['OPTIONS', '/revoke'],
  ['GET', '/token'],
  ['POST', '/.well-known/jwks.json'],
  ['DELETE', '/api/v1/me'],
  ['GET', '/api/v1/me/'],
  ['GET', '/api/v1/me/identities'],
  ['OPTIONS', '/api/v1/me/identities'],
  ['GET', '/api/v1/connections/wecom-hq/jsapi-signatures'],
  ['GET', '/api/v1/connections/wecom-hq/access-token'],
  ['POST', '/api/v1/connections/a/b/jsapi-signatures'],
  ['GET', '/health/ready'],
  ['GET', '/docs-json'],
])('nothing else can be read, by whomever: %s %s', async (method, path) => {
  expect((await ask(method, path, known)).cors).toEqual({});
});

it('an application that is new is let in at once, one that is gone no longer', async () => {
  const { ClientRegistry } = await import('../../src/auth/issuer/clients/client.registry.js');
  const registry = bed.replicas[0]!.service.app.get(ClientRegistry);
  const origin = 'https://new.example.com';
  const allowed = async () =>
    (await ask('GET', '/.well-known/jwks.json', origin)).cors['access-control-allow-origin'];
  expect(await allowed()).toBeUndefined();
  await bed.query(
    `update clients set settings = jsonb_set(settings, '{redirectUris}', '["https://new.example.com/x"]') where client_id = 'spa'`,
  );
  await registry.refresh();
  expect(await allowed()).toBe(origin);
  await bed.query(`update clients set enabled = false where client_id = 'spa'`);
  await registry.refresh();
  expect(await allowed()).toBeUndefined();
});
