import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, portal, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  await bed.query('delete from connections where not managed_by_file');
  await bed.query('delete from clients where not managed_by_file');
});
afterAll(() => bed.stop());

const fields = (body: unknown): string[] =>
  (body as { errors: { field: string }[] }).errors.map(({ field }) => field).sort();

const wecom = () => ({
  slug: 'wecom-2',
  platform: 'wecom-self-built',
  displayName: '第二个应用',
  corpId: 'ww1a2b3c4d5e6f7a8b',
  agentId: '1000017',
  secret: 'exampleWecomSecret-1000017-Qm4tXw7Zk2Lp9Rv',
  endpoints: bed.sandbox.endpoints.wecom,
});

describe('a connection', () => {
  it('is made, read, listed; its secrets go in and never come out', async () => {
    const made = await api('POST', '/connections', { body: wecom() });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      slug: 'wecom-2',
      platform: 'wecom-self-built',
      displayName: '第二个应用',
      corpId: 'ww1a2b3c4d5e6f7a8b',
      enabled: true,
      signUp: 'auto',
      secretsSet: ['secret'],
      managedByFile: false,
    });
    const read = await api('GET', '/connections/wecom-2');
    expect(read.body).toEqual(made.body);
    expect(read.headers.get('etag')).toMatch(/^"\d+"$/);
    const list = await api('GET', '/connections?limit=2');
    expect(list.body).toMatchObject({
      items: [
        { slug: 'dingtalk', managedByFile: true, secretsSet: ['clientSecret'] },
        { slug: 'wecom-2' },
      ],
    });
    const { nextCursor } = list.body as { nextCursor: string };
    expect((await api('GET', `/connections?cursor=${nextCursor}`)).body).toMatchObject({
      items: [{ slug: 'wecom-hq' }],
      nextCursor: null,
    });
    for (const answer of [made, read, list])
      expect(JSON.stringify(answer.body)).not.toContain('exampleWecomSecret');
    expect(JSON.stringify(await bed.query('select * from connections'))).not.toContain(
      'exampleWecomSecret',
    );
  });

  it('is used at once here, and within seconds by other replicas', async () => {
    await api('POST', '/connections', { body: wecom() });
    const url = '/login/nonsense/wecom-2';
    expect((await fetch(`${bed.issuer}${url}`)).status).toBe(400);
    bed.clock.advance(10);
    const other = await adminApi(bed);
    const check = await other('POST', '/connections/wecom-2/check', {
      base: bed.replicas[1]?.url ?? '',
    });
    expect(check.status).toBe(200);
    bed.clock.reset();
  });

  it('is changed field by field; null takes one away; the slug and the platform stay', async () => {
    await api('POST', '/connections', { body: { ...wecom(), defaultRoles: ['x'] } });
    const changed = await api('PATCH', '/connections/wecom-2', {
      body: { displayName: 'New', signUp: 'phone', defaultRoles: null },
    });
    expect(changed.body).toMatchObject({
      displayName: 'New',
      signUp: 'phone',
      defaultRoles: [],
      secretsSet: ['secret'],
    });
    const fixed = await api('PATCH', '/connections/wecom-2', {
      body: { slug: 'other', platform: 'dingtalk' },
    });
    expect(fixed.body).toMatchObject({ status: 422, code: 'value_not_allowed' });
    expect(fields(fixed.body)).toEqual(['platform', 'slug']);
    const same = { slug: 'wecom-2', enabled: false };
    expect((await api('PATCH', '/connections/wecom-2', { body: same })).body).toMatchObject({
      enabled: false,
    });
  });

  it('is changed by one of two who read the same', async () => {
    const made = await api('POST', '/connections', { body: wecom() });
    const headers = { 'if-match': made.headers.get('etag') ?? '' };
    const both = await Promise.all(
      ['one', 'two'].map((displayName, index) =>
        api('PATCH', '/connections/wecom-2', {
          body: { displayName },
          headers,
          base: bed.replicas[index]?.url ?? '',
        }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('with faulty fields is refused, and each is named', async () => {
    const answer = await api('POST', '/connections', {
      body: { slug: 'Big', platform: 'wecom-self-built', nonsense: 1, signUp: 'maybe' },
    });
    expect(answer.status).toBe(400);
    expect(fields(answer.body)).toEqual(
      expect.arrayContaining(['displayName', 'nonsense', 'secret', 'signUp', 'slug']),
    );
    expect((await api('POST', '/connections', { body: [] })).status).toBe(400);
    expect((await api('POST', '/connections', { body: { platform: 'x' } })).status).toBe(400);
  });

  it('that stands in the file is read-only, and no slug is made twice', async () => {
    for (const [method, body] of [
      ['PATCH', { displayName: 'x' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await api(method, '/connections/dingtalk', body ? { body } : {});
      expect(answer.body).toMatchObject({ status: 409, code: 'managed_by_file' });
    }
    const twice = await api('POST', '/connections', { body: { ...wecom(), slug: 'wecom-hq' } });
    expect(twice.body).toMatchObject({ status: 409, code: 'already_exists' });
  });

  it('is deleted', async () => {
    await api('POST', '/connections', { body: wecom() });
    expect((await api('DELETE', '/connections/wecom-2')).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await api(
        method,
        '/connections/wecom-2',
        method === 'PATCH' ? { body: {} } : {},
      );
      expect(answer.body).toMatchObject({ status: 404, code: 'connection_not_found' });
    }
  });
});

describe('the check of a connection', () => {
  const check = async (slug: string) =>
    (await api('POST', `/connections/${slug}/check`)).body as {
      ok: boolean;
      checks: { name: string; ok: boolean; platformCode?: string; fix?: string }[];
    };

  it('tries what the credentials open', async () => {
    expect(await check('dingtalk')).toEqual({
      ok: true,
      checks: [
        { name: 'app-token', ok: true },
        { name: 'corp-ticket', ok: true },
        { name: 'directory', ok: true },
      ],
    });
    expect(await check('wecom-hq')).toEqual({
      ok: true,
      checks: [
        { name: 'access-token', ok: true },
        { name: 'corp-ticket', ok: true },
        { name: 'agent-ticket', ok: true },
        { name: 'directory', ok: true },
      ],
    });
  });

  it('says what is wrong, with the platform’s own code and what to do', async () => {
    await api('POST', '/connections', {
      body: { ...wecom(), secret: 'a-wrong-secret-0123456789' },
    });
    const { ok, checks } = await check('wecom-2');
    expect(ok).toBe(false);
    expect(checks).toMatchObject([
      { name: 'access-token', ok: false, code: 'platform_misconfigured', platformCode: '40001' },
    ]);
    expect(checks[0]?.fix).toMatch(/secret/i);
    expect(JSON.stringify(checks)).not.toContain('a-wrong-secret');
  });

  it('says that the platform is down', async () => {
    bed.sandbox.control.fault({ kind: 'down', on: 'qyapi.weixin.qq.com' });
    expect((await check('wecom-hq')).checks).toMatchObject([
      { name: 'access-token', ok: false, code: 'platform_unavailable' },
    ]);
  });

  it('of no connection is none', async () => {
    expect((await api('POST', '/connections/nowhere/check')).status).toBe(404);
  });
});

describe('a client', () => {
  const client = {
    clientId: 'intranet',
    displayName: '内网',
    clientSecret: 'kW8vQ2nL5xR9tY3m-intranet',
    redirectUris: ['https://intranet.example.com/callback'],
  };

  it('is made, read and listed without its secret, and may sign people in at once', async () => {
    const made = await api('POST', '/clients', { body: client });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ clientId: 'intranet', hasSecret: true, requirePkce: true });
    expect(JSON.stringify(made.body)).not.toContain('kW8vQ2nL5xR9tY3m');
    const { items } = (await api('GET', '/clients')).body as { items: { clientId: string }[] };
    expect(items.map(({ clientId }) => clientId)).toEqual(['intranet', 'portal', 'spa']);
    const authorize = await fetch(
      `${bed.issuer}/authorize?${new URLSearchParams({
        client_id: 'intranet',
        redirect_uri: 'https://intranet.example.com/callback',
        response_type: 'code',
        scope: 'openid',
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      }).toString()}`,
      { redirect: 'manual' },
    );
    expect(authorize.headers.get('location')).toMatch(/^(?:http:\/\/localhost:\d+)?\/login\//);
  });

  it('gets a secret made for it, which is shown once, and can be renewed', async () => {
    const machine = {
      clientId: 'robot',
      displayName: 'Robot',
      generateSecret: true,
      grantTypes: ['client_credentials'],
      scopes: ['accounts:read'],
    };
    const made = await api('POST', '/clients', { body: machine });
    const { clientSecret } = made.body as { clientSecret: string };
    expect(clientSecret).toMatch(/^[\w-]{43}$/);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const robot = { clientId: 'robot', clientSecret };
    const calls = apiWith(bed, await machineToken(bed, robot, 'accounts:read'));
    expect((await calls('GET', '/accounts')).body).toMatchObject({ items: [] });

    const renewed = await api('POST', '/clients/robot/secret');
    expect(renewed.status).toBe(201);
    await expect(machineToken(bed, robot, 'accounts:read')).rejects.toThrow('401');
    const { clientSecret: next } = renewed.body as { clientSecret: string };
    await machineToken(bed, { clientId: 'robot', clientSecret: next }, 'accounts:read');

    await api('PATCH', '/clients/robot', { body: { scopes: ['audit:read'] } });
    expect((await calls('GET', '/accounts')).status).toBe(403);
    await api('PATCH', '/clients/robot', { body: { enabled: false } });
    expect((await calls('GET', '/accounts')).status).toBe(401);
  });

  it('takes its sessions and tokens along when it goes', async () => {
    await api('POST', '/clients', { body: client });
    await bed.query(
      `insert into oidc_entries (model, id, payload, expires_at) values ('Grant', 'g', '{"clientId":"intranet"}', now() + interval '1 hour')`,
    );
    expect((await api('DELETE', '/clients/intranet')).status).toBe(204);
    expect(await bed.query(`select 1 from oidc_entries where id = 'g'`)).toEqual([]);
    expect((await api('GET', '/clients/intranet')).body).toMatchObject({
      status: 404,
      code: 'client_not_found',
    });
  });

  it('with faulty fields is refused, and each is named', async () => {
    const answer = await api('POST', '/clients', {
      body: {
        clientId: 'x y',
        clientSecret: 'short',
        redirectUris: ['https://a.example/*', 'https://u:p@b.example/'],
        nonsense: true,
      },
    });
    expect(answer.status).toBe(400);
    expect(fields(answer.body)).toEqual(
      expect.arrayContaining(['clientId', 'clientSecret', 'displayName', 'nonsense']),
    );
    expect(fields(answer.body).some((field) => field.startsWith('redirectUris'))).toBe(true);
    const foreign = await api('POST', '/clients', {
      body: { ...client, connections: ['nowhere'] },
    });
    expect(foreign.body).toMatchObject({ status: 422, errors: [{ field: 'connections' }] });
  });

  it('takes nobody’s id, and what stands in the file is read-only', async () => {
    for (const clientId of ['portal', admin.clientId, 'lingpai-account']) {
      const answer = await api('POST', '/clients', { body: { ...client, clientId } });
      expect(answer.body).toMatchObject({ status: 409, code: 'already_exists' });
    }
    for (const [method, path] of [
      ['PATCH', `/clients/${portal.clientId}`],
      ['DELETE', `/clients/${portal.clientId}`],
      ['POST', `/clients/${portal.clientId}/secret`],
    ] as const) {
      const answer = await api(method, path, method === 'PATCH' ? { body: {} } : {});
      expect(answer.body).toMatchObject({ status: 409, code: 'managed_by_file' });
    }
    expect((await api('GET', '/clients/lingpai-account')).status).toBe(404);
  });

  it('is changed by one of two who read the same', async () => {
    const made = await api('POST', '/clients', { body: client });
    const headers = { 'if-match': made.headers.get('etag') ?? '' };
    const both = await Promise.all(
      ['one', 'two'].map((displayName) =>
        api('PATCH', '/clients/intranet', { body: { displayName }, headers }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});

describe('the signing keys', () => {
  it('are listed, and rotated once however often it is asked', async () => {
    const { items } = (await api('GET', '/signing-keys')).body as { items: object[] };
    expect(items).toMatchObject([{ alg: 'RS256', state: 'signing' }]);
    expect(JSON.stringify(items)).not.toContain('"d"');
    const rotated = await Promise.all([
      api('POST', '/signing-keys/rotate'),
      api('POST', '/signing-keys/rotate', { base: bed.replicas[1]?.url ?? '' }),
    ]);
    expect(rotated.map(({ status }) => status)).toEqual([201, 201]);
    expect(rotated[1].body).toEqual(rotated[0].body);
    expect(rotated[0].body).toMatchObject({ alg: 'RS256', state: 'next' });
    const after = (await api('GET', '/signing-keys')).body as { items: { kid: string }[] };
    expect(after.items).toMatchObject([{ state: 'signing' }, { state: 'next' }]);
    const keys = (await (await fetch(`${bed.issuer}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string }[];
    };
    expect(keys.keys.map(({ kid }) => kid).sort()).toEqual(
      after.items.map(({ kid }) => kid).sort(),
    );
  });
});

describe('who may', () => {
  it.each([
    ['GET', '/connections', 'connections:read'],
    ['POST', '/connections', 'connections:write'],
    ['POST', '/connections/dingtalk/check', 'connections:write'],
    ['GET', '/clients', 'clients:read'],
    ['POST', '/clients', 'clients:write'],
    ['POST', '/clients/portal/secret', 'clients:write'],
    ['GET', '/signing-keys', 'keys:write'],
    ['POST', '/signing-keys/rotate', 'keys:write'],
  ])('%s %s wants %s', async (method, path, scope) => {
    const body = method === 'POST' ? { body: {} } : {};
    const others = ['audit:read', scope.replace('write', 'read')].filter((each) => each !== scope);
    const token = await machineToken(
      bed,
      admin,
      others.filter((each) => each !== 'keys:read').join(' '),
    );
    expect((await apiWith(bed, token)(method, path, body)).body).toMatchObject({
      status: 403,
      code: 'scope_insufficient',
    });
    expect((await apiWith(bed, undefined)(method, path, body)).status).toBe(401);
    const holder = apiWith(bed, await machineToken(bed, admin, scope));
    expect([200, 201, 400, 409]).toContain((await holder(method, path, body)).status);
  });
});
