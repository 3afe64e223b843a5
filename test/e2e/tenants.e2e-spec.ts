import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';

import { AuditService } from '../../src/audit/audit.service.js';
import { OidcStore } from '../../src/auth/issuer/oidc-store.js';
import { Secret } from '../../src/common/secret.js';
import { TenantPeople } from '../../src/connections/tenants/tenant-people.js';
import { adminApi, type Api } from '../fixtures/api.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';
import { type InstallableApp, standInApp } from './installable-connection.js';

let bed: TestBed;
let api: Api;
let app: InstallableApp;

beforeAll(async () => {
  bed = await openTestBed();
  app = standInApp(bed, 'sp');
  api = await adminApi(bed);
});
beforeEach(async () => {
  await bed.query('delete from tenants');
});
afterAll(() => bed.stop());

const install = (corpId: string, code = 'permanent-code-1') =>
  app.installations.save({
    corpId,
    name: '示例贸易',
    agentId: '1000017',
    permanentCode: new Secret(code),
  });

const suspend = (corpId: string) =>
  api('PATCH', `/connections/sp/tenants/${corpId}`, { body: { status: 'suspended' } });

const suspended = async (corpId: string) => {
  await install(corpId);
  return suspend(corpId);
};

const cancelled = async (corpId: string) => {
  await install(corpId);
  return app.installations.cancel(corpId);
};

describe('a tenant', () => {
  it('is shown without its secrets', async () => {
    await install('wpCorpA');
    const read = await api('GET', '/connections/sp/tenants/wpCorpA');
    expect(read.body).toEqual({
      corpId: 'wpCorpA',
      name: '示例贸易',
      status: 'active',
      agentId: '1000017',
      installedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      cancelledAt: null,
    });
    expect(read.headers.get('etag')).toBe('"1"');
    expect((await api('GET', '/connections/sp/tenants')).body).toEqual({
      items: [read.body],
      nextCursor: null,
    });
    expect(JSON.stringify(await bed.query('select * from tenants'))).not.toContain(
      'permanent-code',
    );
  });

  it('is one other than the corp whose id differs in case alone', async () => {
    await install('wpCorpA');
    await install('wpcorpa');
    await suspend('wpcorpa');
    const statusOf = async (corpId: string) =>
      ((await api('GET', `/connections/sp/tenants/${corpId}`)).body as { status: string }).status;
    expect(await statusOf('wpCorpA')).toBe('active');
    expect(await statusOf('wpcorpa')).toBe('suspended');
    expect((await api('GET', '/connections/sp/tenants/WPCORPA')).body).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    });
  });

  it('of which we know neither name nor agent says so', async () => {
    await app.installations.save({ corpId: 'wpCorpB', permanentCode: new Secret('code') });
    expect((await api('GET', '/connections/sp/tenants/wpCorpB')).body).toMatchObject({
      name: null,
      agentId: null,
    });
  });

  it('that cancelled stays listed, and cannot be made active', async () => {
    await install('wpCorpA');
    await app.installations.cancel('wpCorpA');
    expect((await api('GET', '/connections/sp/tenants/wpCorpA')).body).toMatchObject({
      status: 'cancelled',
      cancelledAt: expect.stringMatching(/Z$/),
    });
    const refused = await api('PATCH', '/connections/sp/tenants/wpCorpA', {
      body: { status: 'active' },
    });
    expect(refused.body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field: 'status' }],
    });
    await install('wpCorpA', 'permanent-code-2');
    expect((await api('GET', '/connections/sp/tenants/wpCorpA')).body).toMatchObject({
      status: 'active',
      cancelledAt: null,
    });
  });

  it('that is suspended cannot come in again by cancelling and installing anew', async () => {
    await install('wpCorpA');
    expect((await suspend('wpCorpA')).body).toMatchObject({ status: 'suspended' });
    await app.installations.cancel('wpCorpA');
    const lifted = await api('PATCH', '/connections/sp/tenants/wpCorpA', {
      body: { status: 'active' },
    });
    expect(lifted.status).toBe(422);
    await install('wpCorpA', 'permanent-code-2');
    expect((await api('GET', '/connections/sp/tenants/wpCorpA')).body).toMatchObject({
      status: 'suspended',
      cancelledAt: null,
    });
    const again = await api('PATCH', '/connections/sp/tenants/wpCorpA', {
      body: { status: 'active' },
    });
    expect(again.body).toMatchObject({ status: 'active' });
  });

  it('is changed and deleted by who has seen how it stands', async () => {
    await install('wpCorpA');
    const path = '/connections/sp/tenants/wpCorpA';
    const headers = { 'if-match': '"1"' };
    const suspended = await api('PATCH', path, { body: { status: 'suspended' }, headers });
    expect([suspended.status, suspended.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await api('PATCH', path, { body: { status: 'active' }, headers });
    expect(late.body).toMatchObject({ status: 412, code: 'precondition_failed' });
    expect((await api('DELETE', path, { headers })).status).toBe(412);
    expect((await api('DELETE', path, { headers: { 'if-match': '"2"' } })).status).toBe(204);
    expect((await api('DELETE', path)).body).toMatchObject({ code: 'tenant_not_found' });
    expect((await api('PATCH', path, { body: { status: 'active' } })).status).toBe(404);
  });

  it.each([
    [{}, 'status'],
    [{ status: 'cancelled' }, 'status'],
    [{ status: 'active', name: 'x' }, 'name'],
  ])('is not changed by %j', async (body, field) => {
    await install('wpCorpA');
    const answer = await api('PATCH', '/connections/sp/tenants/wpCorpA', { body });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ field }] });
  });

  it.each(['%00', '%20', '..%2F..', 'x'.repeat(3000)])('is nothing called %s', async (corpId) => {
    const answer = await api('GET', `/connections/sp/tenants/${corpId}`);
    expect([400, 404]).toContain(answer.status);
  });

  it('leaves audit lines that name it', async () => {
    await install('wpCorpA');
    await suspend('wpCorpA');
    await api('DELETE', '/connections/sp/tenants/wpCorpA');
    await bed.replicas[0]!.service.app.get(AuditService).flush();
    const lines = await bed.query<{ action: string; details: unknown; connection: string }>(
      `select action, connection, details from audit_events where action in ('tenant.update', 'tenant.delete') order by id desc limit 2`,
    );
    expect(lines).toEqual([
      { action: 'tenant.delete', connection: 'sp', details: { tenant: 'wpCorpA' } },
      {
        action: 'tenant.update',
        connection: 'sp',
        details: { tenant: 'wpCorpA', status: 'suspended' },
      },
    ]);
  });
});

describe('a thousand tenants', () => {
  it('are listed page by page, each once, byte for byte in order', async () => {
    await bed.query(
      `insert into tenants (connection, corp_id, status, installed_at, updated_at)
       select c, 'wp' || md5(n::text), 'active', now(), now() from generate_series(1, 1001) n, unnest(array['sp', 'other']) c`,
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const path = `/connections/sp/tenants?limit=200${cursor ? `&cursor=${cursor}` : ''}`;
      const { body } = await api('GET', path);
      const page = body as { items: { corpId: string }[]; nextCursor: string | null };
      seen.push(...page.items.map(({ corpId }) => corpId));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor && pages < 20);
    expect([pages, seen.length, new Set(seen).size]).toEqual([6, 1001, 1001]);
    expect(seen).toEqual([...seen].sort());
  });

  it('cost the same on the last page as on the first', async () => {
    await bed.query(
      `insert into tenants (connection, corp_id, status, installed_at, updated_at)
       select 'sp', 'wp' || lpad(n::text, 6, '0'), 'active', now(), now() from generate_series(1, 20000) n`,
    );
    await bed.query('analyze tenants');
    const dataSource = bed.replicas[0]!.service.app.get(DataSource);
    const asked = jest.spyOn(dataSource, 'query');
    const cursor = Buffer.from('["wp019000"]').toString('base64url');
    expect((await api('GET', `/connections/sp/tenants?cursor=${cursor}`)).body).toMatchObject({
      items: { 0: { corpId: 'wp019001' }, 49: { corpId: 'wp019050' } },
    });
    const [sql, parameters] = asked.mock.calls.find(([text]) => / from tenants /.test(text)) ?? [];
    asked.mockRestore();
    const plan = await bed.query(`explain (analyze, format json) ${sql}`, parameters as unknown[]);
    const text = JSON.stringify(plan);
    expect(text).toContain('tenants_pkey');
    expect(text).not.toContain('"Sort"');
    expect(text).not.toContain('Rows Removed by Filter');
  });

  it('begin after no cursor that is not ours', async () => {
    for (const cursor of ['x', Buffer.from('["a b"]').toString('base64url'), 'W10']) {
      const answer = await api('GET', `/connections/sp/tenants?cursor=${cursor}`);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ field: 'cursor' }] });
    }
  });
});

describe('a connection', () => {
  it.each(['wecom-hq', 'dingtalk'])(
    'whose app no corp installs has no tenants: %s',
    async (slug) => {
      for (const [method, path, body] of [
        ['GET', 'tenants', undefined],
        ['GET', 'tenants/wpCorpA', undefined],
        ['PATCH', 'tenants/wpCorpA', { status: 'active' }],
        ['DELETE', 'tenants/wpCorpA', undefined],
      ] as const) {
        const answer = await api(method, `/connections/${slug}/${path}`, { body });
        expect(answer.body).toMatchObject({ status: 422, code: 'value_not_allowed' });
      }
    },
  );

  it('that is not there has none either', async () => {
    expect((await api('GET', '/connections/nowhere/tenants')).body).toMatchObject({
      status: 404,
      code: 'connection_not_found',
    });
  });

  it('that is disabled shows them, and lets them be suspended', async () => {
    await install('wpCorpA');
    app.enabled = false;
    expect((await api('GET', '/connections/sp/tenants/wpCorpA')).status).toBe(200);
    expect((await suspend('wpCorpA')).status).toBe(200);
    app.enabled = true;
  });
});

/** Signs somebody in, and makes their identity one of a corp that installed the app. */
async function personOf(corpId: string) {
  const configuration = await discoverPortal(bed);
  const { began, back } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  const { refresh_token: refreshToken = '' } = await redeem(configuration, began, back);
  await bed.query(`update identities set issuer = $1`, [`wecom-sp:wwprovider01:${corpId}`]);
  return async () => {
    const answer = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('portal:portal-Zk3vQ9sN7xW0aTq5').toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    return answer.status;
  };
}

describe("a corp's people", () => {
  const change = {
    suspended: (corpId: string) => suspend(corpId),
    deleted: (corpId: string) => api('DELETE', `/connections/sp/tenants/${corpId}`),
  };

  it.each(['suspended', 'deleted'] as const)(
    'are signed out at once when it is %s; accounts and identities stay',
    async (what) => {
      await bed.query('delete from accounts');
      await install('wpCorpA');
      const refresh = await personOf('wpCorpA');
      await change[what]('wpCorpA');
      expect(await refresh()).toBe(400);
      expect(await bed.query(`select 1 from oidc_entries where model = 'Session'`)).toEqual([]);
      expect(
        await bed.query(
          `select i.issuer, a.status from identities i join accounts a on a.id = i.account_id`,
        ),
      ).toEqual([{ issuer: 'wecom-sp:wwprovider01:wpCorpA', status: 'active' }]);
    },
  );

  it('are signed out before the corp is forgotten: what fails in between is done again', async () => {
    await bed.query('delete from accounts');
    await install('wpCorpA');
    const refresh = await personOf('wpCorpA');
    const people = bed.replicas[0]!.service.app.get(TenantPeople);
    const failing = jest.spyOn(people, 'signOut').mockRejectedValueOnce(new Error('away'));
    const path = '/connections/sp/tenants/wpCorpA';
    expect((await api('DELETE', path)).status).toBe(500);
    expect((await api('GET', path)).body).toMatchObject({ status: 'suspended' });
    expect((await api('DELETE', path)).status).toBe(204);
    expect(failing.mock.calls).toHaveLength(2);
    failing.mockRestore();
    expect((await api('GET', path)).status).toBe(404);
    expect(await refresh()).toBe(400);
  });

  it('keep their corp where it installs anew while it is being deleted', async () => {
    await install('wpCorpA');
    const people = bed.replicas[0]!.service.app.get(TenantPeople);
    const signOut = jest
      .spyOn(people, 'signOut')
      .mockImplementationOnce(() => install('wpCorpA', 'permanent-code-2'));
    const path = '/connections/sp/tenants/wpCorpA';
    expect((await api('DELETE', path)).status).toBe(412);
    signOut.mockRestore();
    expect((await api('GET', path)).body).toMatchObject({ status: 'suspended' });
    expect((await api('DELETE', path)).status).toBe(204);
  });

  it('are signed out again by who suspends it again', async () => {
    await bed.query('delete from accounts');
    await install('wpCorpA');
    await suspend('wpCorpA');
    const refresh = await personOf('wpCorpA');
    const again = await suspend('wpCorpA');
    expect([again.status, again.headers.get('etag')]).toEqual([200, '"2"']);
    expect(await refresh()).toBe(400);
  });

  it('of another corp stay signed in', async () => {
    await bed.query('delete from accounts');
    await install('wpcorpa');
    const refresh = await personOf('wpCorpA');
    await suspend('wpcorpa');
    expect(await refresh()).toBe(200);
  });
});

describe('a sign-in that is under way', () => {
  const written = async (id: string) => {
    await bed.query('delete from accounts');
    await personOf('wpCorpA');
    await bed.query(`update identities set connection = 'sp', tenant = 'wpCorpA'`);
    const [{ accountId, identityId } = {}] = await bed.query<Record<string, string>>(
      `select account_id as "accountId", id as "identityId" from identities`,
    );
    const store = bed.replicas[0]!.service.app.get(OidcStore, { strict: false });
    const grant = { accountId, signIn: { identityId, connection: 'sp', tenant: 'wpCorpA' } };
    return store.upsert('Grant', id, grant, 60);
  };

  it.each<[string, () => Promise<unknown>, boolean]>([
    ['is installed', () => install('wpCorpA'), true],
    ['is not among the tenants', () => Promise.resolve(), true],
    ['differs in case alone from one that is suspended', () => suspended('wpcorpa'), true],
    ['is suspended', () => suspended('wpCorpA'), false],
    ['took the app away', () => cancelled('wpCorpA'), false],
  ])('of a corp that %s', async (_what, before, isWritten) => {
    await before();
    expect(await written('under-way')).toBe(isWritten);
  });

  it('waits for the suspension that is being written, and then is not written', async () => {
    await install('wpCorpA');
    const { app: service } = bed.replicas[0]!.service;
    const { writing } = await service.get(DataSource).transaction(async (manager) => {
      await manager.query(`update tenants set status = 'suspended'`);
      const writing = written('of-the-instant');
      await eventually(async () => {
        const waiting = await bed.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%oidc_entries%' and datname = current_database()`,
        );
        expect(waiting).toHaveLength(1);
      });
      return { writing };
    });
    expect(await writing).toBe(false);
  });
});
