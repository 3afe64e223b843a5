import { type ExecutionContext, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { engineRoutes } from '../../src/auth/issuer/engine-routes.js';
import { assets } from '../../src/auth/sign-in/pages/assets.js';
import { type Access, accessMark } from '../../src/common/access.js';
import { type Limiting, limitingOf } from '../../src/common/limited.js';
import { machineToken } from '../fixtures/api.js';
import { admin, openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { routeTable } from './routes.table.js';

/** One route as it is found in the running service. */
interface Route {
  readonly method: string;
  /** As Express writes it. */
  readonly path: string;
  readonly guard: string;
  readonly limit: string;
}

let bed: TestBed;
let token: string;

beforeAll(async () => {
  bed = await openTestBed();
  token = await machineToken(bed, admin);
});
afterAll(() => bed.stop());

/** The table's rows, each as written there. */
const rows = routeTable
  .trim()
  .split('\n')
  .map((line) => {
    const [method = '', path = '', guard = '', limit = '', ...answer] = line.trim().split(/ +/);
    return { method, path, guard, limit, answer: answer.join(' ') };
  });

const app = () => bed.replicas[0]!.service.app;

/** What the controllers declare. */
function controllerRoutes(): Route[] {
  const scanner = new MetadataScanner();
  return new DiscoveryService(app().get(ModulesContainer)).getControllers().flatMap((wrapper) => {
    const controller = wrapper.metatype as new () => Record<string, () => unknown>;
    const prototype = controller.prototype as Record<string, () => unknown>;
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name]!;
      const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
      if (method === undefined) return [];
      const context = { getHandler: () => handler, getClass: () => controller };
      const access = [handler, controller]
        .map((place) => Reflect.getMetadata(accessMark, place) as Access | undefined)
        .find((each) => each !== undefined);
      return pathsOf(controller).flatMap((outer) =>
        pathsOf(handler).map((inner) => ({
          method: RequestMethod[method],
          path: `/${outer}/${inner}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1'),
          guard: guardOf(access),
          limit: limitOf(limitingOf(context as unknown as ExecutionContext)),
        })),
      );
    });
  });
}

function pathsOf(place: object): string[] {
  return [Reflect.getMetadata('path', place) as string | string[]].flat();
}

function guardOf(access: Access | undefined): string {
  if (access?.kind !== 'scope') return access?.kind ?? 'none declared';
  return access.who === 'machines' ? access.scope : `${access.scope}+person`;
}

function limitOf(limiting: Limiting | undefined): string {
  switch (limiting?.kind) {
    case undefined:
      return 'none declared';
    case 'unlimited':
      return 'unlimited';
    case 'limited':
      return limiting.by;
    case 'limited inside':
      return `inside:${limiting.by}`;
  }
}

/** The engine's own: whether it asks for a client shows when none is named. */
function foundInEngine(): Promise<Route[]> {
  return Promise.all(
    engineRoutes.map(async (route) => {
      const words = await (await ask(route)).text();
      const guard = words.includes('no client authentication mechanism') ? 'client' : 'public';
      return { ...route, guard };
    }),
  );
}

/** What Express has routes for, whoever made them. */
function expressRoutes(): string[] {
  const express = app().getHttpAdapter().getInstance() as {
    readonly router: {
      readonly stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
  };
  return express.router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${route!.path}`),
  );
}

/** Where a route's parameter is none of these, nobody has it. */
const parameters: Record<string, string> = {
  slug: 'dingtalk',
  name: [...assets.keys()][0]!.replace('/assets/', ''),
  code: 'abcdefgh12345678',
  action: 'phone',
  channel: 'data',
};
const nobody = '00000000-0000-4000-8000-000000000000';

const authorization = new URLSearchParams({
  client_id: portal.clientId,
  response_type: 'code',
  scope: 'openid',
  redirect_uri: portal.redirectUri,
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
}).toString();

function ask({ method, path }: { method: string; path: string }, withToken = false) {
  const isApi = path.startsWith('/api/');
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(method);
  const target = path.replace(/:(\w+)/g, (_, name: string) =>
    isApi ? nobody : (parameters[name] ?? nobody),
  );
  const query = /\/authorize$/.test(path) ? `?${authorization}` : '';
  return fetch(bed.issuer + target + query, {
    method,
    redirect: 'manual',
    headers: {
      origin: 'http://localhost:9',
      accept: isApi ? 'application/json' : 'text/html',
      ...(withToken && { authorization: `Bearer ${token}` }),
      ...(hasBody && isApi && { 'content-type': 'application/json' }),
    },
    ...(hasBody && { body: isApi ? '{}' : new URLSearchParams({ x: 'y' }) }),
  });
}

const strict = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";
const nothing = {
  'content-security-policy': strict,
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
  'referrer-policy': 'strict-origin',
};

/** What each kind of answer says, in the table's words. */
const kinds: Record<string, Record<string, unknown>> = {
  json: {
    ...nothing,
    'content-type': expect.stringMatching(/^application\/(?:problem\+)?json; charset=utf-8$/),
  },
  /** A page that an application may have opened in a window of its own. */
  page: {
    ...nothing,
    'content-security-policy': expect.stringMatching(
      /^default-src 'none'; style-src 'self'; img-src 'self' data:; (?:script-src [^;]+; )?form-action [^;]+; base-uri 'none'; frame-ancestors 'none'$/,
    ),
    'cross-origin-opener-policy': 'unsafe-none',
    'content-type': 'text/html; charset=utf-8',
    'referrer-policy': expect.stringMatching(/^(?:strict-)?origin$/),
  },
  redirect: {
    ...nothing,
    'cross-origin-opener-policy': 'unsafe-none',
    'referrer-policy': expect.stringMatching(/^(?:strict-)?origin$/),
    location: expect.any(String),
  },
  'redirect alone': {
    ...nothing,
    'referrer-policy': expect.stringMatching(/^(?:strict-)?origin$/),
    location: expect.any(String),
  },
  /** What a link preview sees. */
  empty: { ...nothing, 'cross-origin-opener-policy': 'unsafe-none' },
  text: { ...nothing, 'content-type': expect.stringMatching(/^text\/plain;/) },
  file: {
    ...nothing,
    'cache-control': 'public, max-age=31536000, immutable',
    etag: expect.any(String),
  },
  published: {
    ...nothing,
    // Less where the replica read its keys a while ago.
    'cache-control': expect.stringMatching(/^public, max-age=(?:300|2\d\d)$/),
    'content-type': expect.stringMatching(/^application\/(?:jwk-set\+)?json; charset=utf-8$/),
  },
};

/** What every answer says. */
const everywhere = {
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-request-id': expect.any(String),
};

function expectHeaders(answer: Response, { answer: declared }: { answer: string }): void {
  const kind = kinds[declared.replace(' cors', '')];
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    ...everywhere,
    ...kind,
    ...(answer.status === 204 && { 'content-type': undefined }),
  });
  expect(answer.headers.get('access-control-allow-origin')).toBe(
    declared.endsWith(' cors') ? 'http://localhost:9' : null,
  );
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
}

describe('the routes', () => {
  it('are those of the table, with the guards and limits that it names', async () => {
    const found = [...controllerRoutes(), ...(await foundInEngine())].map(
      ({ method, path, guard, limit }) => `${method} ${path} ${guard} ${limit}`,
    );
    expect(found.sort()).toEqual(
      rows.map(({ method, path, guard, limit }) => `${method} ${path} ${guard} ${limit}`).sort(),
    );
  });

  it('are all that Express has, beside those of the API’s description', () => {
    const declared = new Set(rows.map(({ method, path }) => `${method} ${path}`));
    expect(expressRoutes().filter((route) => !declared.has(route))).toEqual([
      'GET /docs/swagger-ui-init.js',
      'GET /docs/docs/swagger-ui-init.js',
      'GET /docs',
      'GET /docs/index.html',
      'GET /docs/LICENSE',
      'GET /docs/',
      'GET /docs-json',
    ]);
  });

  it.each(rows)('$method $path answers with its headers: $answer', async (row) => {
    const answer = await ask(row);
    expectHeaders(answer, row);
    expect(answer.headers.has('etag')).toBe(row.answer === 'file');
    if (!['public', 'client'].includes(row.guard)) expect(answer.status).toBe(401);
    // What a caller is let in to has the same headers as what a stranger is refused with.
    if (row.path.startsWith('/api/')) expectHeaders(await ask(row, true), row);
  });
});
