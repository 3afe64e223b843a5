import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api } from '../fixtures/api.js';
import { expectScopeAsked } from '../fixtures/scopes.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

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
    const account = (await api('POST', '/accounts', { body: { displayName: 'Lin' } })).body as {
      id: string;
    };
    const bind = async (base: string) => {
      const body = { connection: 'wecom-new', subject: 'lin.qiao' };
      return (await api('POST', `/accounts/${account.id}/identities`, { body, base })).status;
    };
    const [here, there] = bed.replicas.map(({ url }) => url);
    if (!here || !there) throw new Error('there are no two replicas');
    expect([await bind(here), await bind(there)]).toEqual([404, 404]);
    await api('POST', '/connections', { body: { ...wecom(), slug: 'wecom-new' } });
    expect(await bind(here)).toBe(201);
    bed.clock.advance(7);
    expect(await bind(there)).toBe(200);
    await api('DELETE', '/connections/wecom-new');
    bed.clock.advance(7);
    expect(await bind(there)).toBe(404);
    // The identity names its connection still.
    expect((await api('GET', `/accounts/${account.id}/identities`)).body).toMatchObject({
      items: [{ connection: 'wecom-new', subject: 'lin.qiao' }],
    });
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

  it('takes null for what is left out and numbers for ids, and says what is missing', async () => {
    const { corpId: _corpId, ...without } = wecom();
    const made = await api('POST', '/connections', {
      body: { ...wecom(), agentId: 1000017, eventToken: null, defaultRoles: null },
    });
    expect(made.body).toMatchObject({
      agentId: '1000017',
      secretsSet: ['secret'],
      defaultRoles: [],
    });
    const missing = await api('PATCH', '/connections/wecom-2', { body: { secret: null } });
    expect(missing.body).toMatchObject({ status: 400, errors: [{ field: 'secret' }] });
    const none = await api('POST', '/connections', { body: { ...without, slug: 'wecom-3' } });
    expect(none.body).toMatchObject({ status: 400, errors: [{ field: 'corpId' }] });
  });

  it.each([
    ['..%2f', 404],
    ['a'.repeat(300), 404],
    ["'", 404],
    ['%00', 400],
  ])('is not found as %s', async (slug, status) => {
    expect((await api('GET', `/connections/${slug}`)).status).toBe(status);
  });

  it('is audited by the names of what changed, never by the values', async () => {
    await api('POST', '/connections', { body: wecom() });
    await api('PATCH', '/connections/wecom-2', {
      body: { secret: 'another-secret-0123456789', displayName: '新名' },
    });
    await api('DELETE', '/connections/wecom-2');
    const { items } = (await api('GET', '/audit-events?connection=wecom-2&limit=3')).body as {
      items: { action: string; details?: object }[];
    };
    expect(items).toMatchObject([
      { action: 'connection.delete', actor: 'client:admin', outcome: 'ok' },
      { action: 'connection.update', details: { changed: ['secret', 'displayName'] } },
      { action: 'connection.create', actor: 'client:admin', outcome: 'ok' },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/another-secret|新名/);
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

  it('takes its corps and their codes along, and those of no other', async () => {
    await api('POST', '/connections', { body: wecom() });
    await bed.query(
      `insert into tenants (connection, corp_id, status, permanent_code, installed_at, updated_at)
       select slug, 'wpCorpA', 'active', 'sealed', now(), now()
         from unnest(array['wecom-2', 'wecom-3']) slug`,
    );
    await bed.query(
      `insert into install_links (ticket_hash, connection, created_at, expires_at)
       select slug, slug, now(), now() + interval '1 day'
         from unnest(array['wecom-2', 'wecom-3']) slug`,
    );
    expect((await api('DELETE', '/connections/wecom-2')).status).toBe(204);
    expect(await bed.query('select connection from tenants')).toEqual([{ connection: 'wecom-3' }]);
    expect(await bed.query('select connection from install_links')).toEqual([
      { connection: 'wecom-3' },
    ]);
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

describe('the description of a connection', () => {
  interface Schema {
    readonly properties: Record<string, { readonly enum?: string[]; readonly writeOnly?: boolean }>;
    readonly required?: string[];
  }
  let schemas: Record<string, Schema>;

  beforeAll(async () => {
    const document = (await (await fetch(`${bed.issuer}/docs-json`)).json()) as {
      components: { schemas: Record<string, Schema> };
    };
    schemas = document.components.schemas;
  });

  it('knows the fields of each platform, and which of them must be given', () => {
    expect(schemas['NewWecomSelfBuiltConnection']).toMatchObject({
      properties: { platform: { enum: ['wecom-self-built'] }, secret: { writeOnly: true } },
      required: ['slug', 'platform', 'displayName', 'corpId', 'agentId', 'secret'],
    });
    expect(schemas['NewDingtalkConnection']?.required).toEqual([
      'slug',
      'platform',
      'displayName',
      'clientId',
      'clientSecret',
    ]);
    expect(schemas['NewLocalConnection']?.required).toEqual(['slug', 'platform', 'displayName']);
    expect(schemas['ChangeDingtalkConnection']?.required).toBeUndefined();
  });

  it('shows no secret in an answer', () => {
    const answers = ['DingtalkConnection', 'WecomSelfBuiltConnection', 'LocalConnection'];
    expect(answers.map((name) => schemas[name]?.required?.includes('secretsSet'))).toEqual([
      true,
      true,
      true,
    ]);
    const secret = answers.flatMap((name) =>
      Object.entries(schemas[name]?.properties ?? {}).filter(
        ([field, { writeOnly }]) => writeOnly || /secret$|token|key/i.test(field),
      ),
    );
    expect(secret).toEqual([]);
  });

  it('has no default, of which generators make a field that must be given', () => {
    const own = Object.entries(schemas).filter(([name]) => /Connection$|Client/.test(name));
    expect(own.length).toBeGreaterThan(10);
    const fields = own.flatMap(([, { properties }]) => Object.values(properties));
    expect(fields.filter((field) => 'default' in field)).toEqual([]);
  });
});

describe('who may', () => {
  it.each([
    ['GET', '/connections', 'connections:read'],
    ['POST', '/connections', 'connections:write'],
    ['POST', '/connections/dingtalk/check', 'connections:write'],
  ])('%s %s wants %s', async (method, path, scope) => {
    await expectScopeAsked(bed, method, path, scope);
  });
});
