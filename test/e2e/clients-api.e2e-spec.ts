import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { expectScopeAsked } from '../fixtures/scopes.js';
import { admin, openTestBed, portal, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  await bed.query('delete from clients where not managed_by_file');
});
afterAll(() => bed.stop());

const fields = (body: unknown): string[] =>
  (body as { errors: { field: string }[] }).errors.map(({ field }) => field).sort();

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

  it('goes on when a connection that it names is deleted', async () => {
    await api('POST', '/connections', {
      body: { slug: 'phone', platform: 'local', displayName: '手机' },
    });
    await api('POST', '/clients', { body: { ...client, connections: ['phone', 'dingtalk'] } });
    expect((await api('DELETE', '/connections/phone')).status).toBe(204);
    expect((await api('POST', '/clients/intranet/secret')).status).toBe(201);
    const renamed = await api('PATCH', '/clients/intranet', { body: { displayName: 'New' } });
    expect(renamed.body).toMatchObject({ connections: ['phone', 'dingtalk'] });
    const other = await api('PATCH', '/clients/intranet', {
      body: { connections: ['phone', 'nowhere'] },
    });
    expect(other.body).toMatchObject({
      status: 422,
      errors: [{ field: 'connections', message: 'no connection has the slug nowhere' }],
    });
  });

  it('takes null for what is left out', async () => {
    const made = await api('POST', '/clients', {
      body: { ...client, clientSecret: null, audience: null, connections: null },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ hasSecret: false });
    const some = { audience: 'https://api.example.com' };
    expect((await api('PATCH', '/clients/intranet', { body: some })).body).toMatchObject(some);
    const none = await api('PATCH', '/clients/intranet', { body: { audience: null } });
    expect(none.body).not.toHaveProperty('audience');
    const both = await api('POST', '/clients', { body: { ...client, generateSecret: 'yes' } });
    expect(both.body).toMatchObject({ status: 400, errors: [{ field: 'generateSecret' }] });
  });

  it('is seen by other replicas within seconds', async () => {
    const robot = { clientId: 'robot', clientSecret: 'Xk3vQ9sN7xW0aTq5-robot' };
    const there = bed.replicas[1]?.url ?? '';
    const calls = async () => {
      const token = await machineToken({ ...bed, issuer: there }, robot, 'accounts:read').catch(
        (error: unknown) => (error as Error).message,
      );
      return token.startsWith('no token') ? token : 'a token';
    };
    expect(await calls()).toBe('no token for robot (401)');
    await api('POST', '/clients', {
      body: {
        ...robot,
        displayName: 'Robot',
        grantTypes: ['client_credentials'],
        scopes: ['accounts:read'],
      },
    });
    bed.clock.advance(7);
    expect(await calls()).toBe('a token');
    await api('DELETE', '/clients/robot');
    bed.clock.advance(7);
    expect(await calls()).toBe('no token for robot (401)');
    bed.clock.reset();
  });

  it('is audited by the names of what changed, never by the values', async () => {
    await api('POST', '/clients', { body: client });
    await api('PATCH', '/clients/intranet', {
      body: { clientSecret: 'pW8vQ2nL5xR9tY3m-another', scopes: ['openid'] },
    });
    await api('POST', '/clients/intranet/secret');
    await api('DELETE', '/clients/intranet');
    const { items } = (await api('GET', '/audit-events?limit=4')).body as { items: object[] };
    expect(items).toMatchObject([
      { action: 'client.delete', actor: 'client:admin', details: { clientId: 'intranet' } },
      { action: 'client.secret', details: { clientId: 'intranet' } },
      {
        action: 'client.update',
        details: { clientId: 'intranet', changed: ['clientSecret', 'scopes'] },
      },
      { action: 'client.create', actor: 'client:admin', details: { clientId: 'intranet' } },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/pW8vQ2nL5xR9tY3m|kW8vQ2nL5xR9tY3m/);
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

describe('who may', () => {
  it.each([
    ['GET', '/clients', 'clients:read'],
    ['POST', '/clients', 'clients:write'],
    ['POST', '/clients/portal/secret', 'clients:write'],
  ])('%s %s wants %s', async (method, path, scope) => {
    await expectScopeAsked(bed, method, path, scope);
  });
});
