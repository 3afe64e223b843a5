import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  await bed.query('delete from connections where not managed_by_file');
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

describe('who may', () => {
  it.each([
    ['GET', '/connections', 'connections:read'],
    ['POST', '/connections', 'connections:write'],
    ['POST', '/connections/dingtalk/check', 'connections:write'],
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
