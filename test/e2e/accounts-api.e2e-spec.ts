import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';

import { AuditService } from '../../src/audit/audit.service.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      connections.push({ slug: 'phone', platform: 'local', displayName: '手机号' });
    },
  });
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.clock.reset();
  for (const table of ['accounts', 'account_events', 'oidc_entries'])
    await bed.query(`delete from ${table}`);
});
afterAll(() => bed.stop());

interface AccountBody {
  readonly id: string;
  readonly [field: string]: unknown;
}

async function create(fields: object = {}): Promise<AccountBody> {
  const answer = await api('POST', '/accounts', { body: fields });
  expect(answer.status).toBe(201);
  return answer.body as AccountBody;
}

const events = async () =>
  (await bed.query<{ type: string }>('select type from account_events order by seq')).map(
    ({ type }) => type,
  );

/** As if the person had signed in. */
const issueTo = (accountId: string) =>
  bed.query(
    `insert into oidc_entries (model, id, payload, account_id, expires_at)
     select model, $1::text || model, '{}', $1::uuid, now() + interval '1 hour'
       from unnest(array['Session', 'Grant', 'RefreshToken']) model`,
    [accountId],
  );

/** The accounts for which something that was issued still holds. */
const holders = async () =>
  (
    await bed.query<{ id: string }>(
      'select distinct account_id as id from oidc_entries where account_id is not null',
    )
  ).map(({ id }) => id);

const nobody = '00000000-0000-4000-8000-000000000000';

describe('an account', () => {
  it('is created with all its fields, read, and listed', async () => {
    const fields = {
      displayName: '林巧',
      phone: '138 0000 0001',
      phoneVerified: true,
      email: 'lin@example.com',
      emailVerified: true,
      avatarUrl: 'https://example.com/lin.png',
      gender: 'female',
      locale: 'zh-CN',
      roles: ['staff', 'hr:read'],
      status: 'active',
    };
    const created = await create(fields);
    expect(created).toEqual({
      ...fields,
      phone: '+8613800000001',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      lastSignInAt: null,
    });
    const read = await api('GET', `/accounts/${created.id}`);
    expect(read.body).toEqual(created);
    expect(read.headers.get('etag')).toBe('"1"');
    expect((await api('GET', '/accounts')).body).toEqual({ items: [created], nextCursor: null });
    expect(await events()).toEqual(['account.created']);
  });

  it('is found by phone, e-mail, a part of the name, status and identity', async () => {
    const lin = await create({ displayName: 'Lin 100%_Q', phone: '13800000001', email: 'A@b.cn' });
    await create({ displayName: 'Wang', phone: '13800000002', status: 'disabled' });
    await api('POST', `/accounts/${lin.id}/identities`, {
      body: { connection: 'wecom-hq', subject: 'Lin.Qiao' },
    });
    const found = async (query: string) =>
      ((await api('GET', `/accounts?${query}`)).body as { items: AccountBody[] }).items.map(
        (item) => item['displayName'],
      );
    expect(await found('phone=%2B8613800000001')).toEqual(['Lin 100%_Q']);
    expect(await found('phone=138-0000-0001')).toEqual(['Lin 100%_Q']);
    expect(await found('email=a@B.cn')).toEqual(['Lin 100%_Q']);
    expect(await found('q=wan')).toEqual(['Wang']);
    expect(await found('q=0%25_')).toEqual(['Lin 100%_Q']);
    expect(await found('q=%25%25')).toEqual([]);
    expect(await found('status=disabled')).toEqual(['Wang']);
    expect(await found('issuer=wecom:ww1a2b3c4d5e6f7a8b&subject=lin.qiao')).toEqual(['Lin 100%_Q']);
  });

  it('is listed page by page, each once, while others are added', async () => {
    for (let index = 0; index < 5; index += 1) await create({ displayName: `old ${index}` });
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page = (
        await api(
          'GET',
          `/accounts?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        )
      ).body as { items: AccountBody[]; nextCursor: string | null };
      seen.push(...page.items.map((item) => item['displayName']));
      ({ nextCursor: cursor } = page);
      await create({ displayName: 'new' });
    } while (cursor !== null);
    expect(seen).toEqual(['old 4', 'old 3', 'old 2', 'old 1', 'old 0']);
  });

  it('is listed right where many were made in one instant', async () => {
    await bed.query(
      `insert into accounts (display_name, created_at) select 'n' || n, '2026-01-01' from generate_series(1, 25) n`,
    );
    const names = new Set<unknown>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = (await api('GET', `/accounts?limit=7${cursor && `&cursor=${cursor}`}`)).body as {
        items: AccountBody[];
        nextCursor: string | null;
      };
      for (const item of page.items) names.add(item['displayName']);
      cursor = page.nextCursor;
    }
    expect(names.size).toBe(25);
  });

  it('is changed field by field; null clears; a changed phone is not verified any more', async () => {
    const { id } = await create({ displayName: 'A', phone: '13800000001', phoneVerified: true });
    const changed = await api('PATCH', `/accounts/${id}`, {
      body: { displayName: null, phone: '13800000002' },
    });
    expect(changed.body).toMatchObject({
      displayName: null,
      phone: '+8613800000002',
      phoneVerified: false,
    });
    expect(changed.headers.get('etag')).toBe('"2"');
    const proven = await api('PATCH', `/accounts/${id}`, {
      body: { phone: '13800000003', phoneVerified: true },
    });
    expect(proven.body).toMatchObject({ phone: '+8613800000003', phoneVerified: true });
    const same = await api('PATCH', `/accounts/${id}`, { body: { phone: '13800000003' } });
    expect(same.body).toMatchObject({ phoneVerified: true });
    expect(same.headers.get('etag')).toBe('"3"');
  });

  it('loses the proof with what it proved, and keeps no proof of nothing', async () => {
    const { id } = await create({
      phone: '13800000001',
      phoneVerified: true,
      email: 'a@b.cn',
      emailVerified: true,
    });
    const change = (body: object) => api('PATCH', `/accounts/${id}`, { body });
    expect((await change({ phone: null, phoneVerified: true })).body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field: 'phoneVerified' }],
    });
    expect((await change({ email: 'c@d.cn' })).body).toMatchObject({
      email: 'c@d.cn',
      emailVerified: false,
      phoneVerified: true,
    });
    expect((await change({ phone: null, email: null })).body).toMatchObject({
      phone: null,
      phoneVerified: false,
      email: null,
      emailVerified: false,
    });
    expect((await change({ emailVerified: true })).body).toMatchObject({
      status: 422,
      errors: [{ field: 'emailVerified' }],
    });
  });

  it('takes no verified phone from another, neither one after the other nor at once', async () => {
    const phone = '13800000001';
    const { id: owner } = await create({ phone, phoneVerified: true });
    const others = await Promise.all(Array.from({ length: 6 }, () => create({ phone })));
    const proven = { body: { phoneVerified: true } };
    const refused = await api('PATCH', `/accounts/${others[0]?.id ?? ''}`, proven);
    expect(refused.body).toMatchObject({
      status: 409,
      code: 'phone_taken',
      errors: [{ field: 'phone' }],
    });
    await api('PATCH', `/accounts/${owner}`, { body: { phone: null } });
    const answers = await Promise.all(
      others.map(({ id }, index) =>
        api('PATCH', `/accounts/${id}`, { ...proven, base: bed.replicas[index % 2]?.url ?? '' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it('has a new version and time with every change, and not without one', async () => {
    const made = await create({ displayName: 'A', roles: ['staff'] });
    bed.clock.advance(5);
    const same = await api('PATCH', `/accounts/${made.id}`, {
      body: { displayName: 'A', roles: ['staff'] },
      headers: { 'if-match': '"1"' },
    });
    expect(same.body).toEqual(made);
    expect(same.headers.get('etag')).toBe('"1"');
    const changed = await api('PATCH', `/accounts/${made.id}`, {
      body: { roles: ['staff', 'hr'] },
      headers: { 'if-match': '"0", "1"' },
    });
    expect(changed.headers.get('etag')).toBe('"2"');
    const { createdAt, updatedAt } = changed.body as { createdAt: string; updatedAt: string };
    expect(createdAt).toBe(made['createdAt']);
    expect(Date.parse(updatedAt) - Date.parse(createdAt)).toBeGreaterThanOrEqual(5000);
    for (const stale of ['"1"', 'W/"2"', '2']) {
      const refused = await api('PATCH', `/accounts/${made.id}`, {
        body: { displayName: 'B' },
        headers: { 'if-match': stale },
      });
      expect(refused.body).toMatchObject({ status: 412, code: 'precondition_failed' });
    }
    const whatever = await api('PATCH', `/accounts/${made.id}`, {
      body: { displayName: 'B' },
      headers: { 'if-match': '*' },
    });
    expect(whatever.headers.get('etag')).toBe('"3"');
  });

  it('is changed by one of two who read the same', async () => {
    const { id } = await create();
    const both = await Promise.all(
      ['one', 'two'].map((displayName, index) =>
        api('PATCH', `/accounts/${id}`, {
          body: { displayName },
          headers: { 'if-match': '"1"' },
          base: bed.replicas[index]?.url ?? '',
        }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const refused = both.find(({ status }) => status === 412);
    expect(refused?.body).toMatchObject({ code: 'precondition_failed' });
  });

  it('that is disabled is signed out in the same instant', async () => {
    const { id } = await create();
    await issueTo(id);
    await api('PATCH', `/accounts/${id}`, { body: { status: 'disabled' } });
    expect(await holders()).toEqual([]);
    expect(await events()).toEqual(['account.created', 'account.disabled']);
    await api('PATCH', `/accounts/${id}`, { body: { status: 'disabled' } });
    await api('PATCH', `/accounts/${id}`, { body: { status: 'active' } });
    expect(await events()).toEqual(['account.created', 'account.disabled']);
  });

  it('that is signed out everywhere, or deleted, is so at once, and nobody else', async () => {
    const [one, two, other] = [await create(), await create(), await create()];
    for (const { id } of [one, two, other]) await issueTo(id);
    expect((await api('DELETE', `/accounts/${one.id}/sessions`)).status).toBe(204);
    expect((await api('DELETE', `/accounts/${two.id}`)).status).toBe(204);
    expect(await holders()).toEqual([other.id]);
    expect((await api('GET', `/accounts/${one.id}`)).body).toMatchObject({ status: 'active' });
  });

  it('is deleted with what hangs on it', async () => {
    const { id } = await create({ phone: '13800000001', phoneVerified: true });
    await api('PUT', `/accounts/${id}/password`, { body: { password: 'correct horse' } });
    await api('POST', `/accounts/${id}/identities`, {
      body: { connection: 'wecom-hq', subject: 'lin.qiao' },
    });
    expect((await api('DELETE', `/accounts/${id}`)).status).toBe(204);
    expect((await api('GET', `/accounts/${id}`)).body).toMatchObject({
      status: 404,
      code: 'account_not_found',
    });
    for (const table of ['identities', 'account_passwords'])
      expect(await bed.query(`select 1 from ${table}`)).toEqual([]);
    expect(await events()).toEqual(['account.created', 'account.bound', 'account.deleted']);
    expect((await api('DELETE', `/accounts/${id}`)).body).toMatchObject({
      code: 'account_not_found',
    });
  });

  it('has a verified phone of its own, also when ten are made at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        api('POST', '/accounts', { body: { phone: '13800000001', phoneVerified: true } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'phone_taken',
      errors: [{ field: 'phone' }],
    });
    expect((await api('POST', '/accounts', { body: { phone: '13800000001' } })).status).toBe(201);
  });

  it.each([
    [{ nonsense: 1, roles: 'admin', gender: 'x' }, ['gender', 'nonsense', 'roles']],
    [
      { phone: '12', email: 'no', avatarUrl: 'javascript:alert(1)' },
      ['avatarUrl', 'email', 'phone'],
    ],
    [{ roles: ['ok', 'not ok'], status: 'gone', locale: '?' }, ['locale', 'roles', 'status']],
    [{ id: nobody, createdAt: 'now', phoneVerified: null }, ['createdAt', 'id', 'phoneVerified']],
  ])('with faulty fields is refused, and each is named: %j', async (fields, named) => {
    const answer = await api('POST', '/accounts', { body: fields });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const { code, errors } = answer.body as { code: string; errors: { field: string }[] };
    expect(code).toBe('request_invalid');
    expect(errors.map(({ field }) => field).sort()).toEqual(named);
  });

  it.each([
    ['POST', '/accounts', { displayName: 'a\u0000b' }],
    ['GET', '/accounts?q=%00', undefined],
    [
      'GET',
      `/accounts?cursor=${Buffer.from('["2026-99-99T00:00:00.000000Z","00000000-0000-4000-8000-000000000000"]').toString('base64url')}`,
      undefined,
    ],
  ])(
    'that Postgres cannot hold is refused, not a fault of ours: %s %s',
    async (method, path, body) => {
      expect((await api(method, path, body && { body })).status).toBe(400);
    },
  );

  it.each(['[]', '[{}]', '"text"', '5', 'null', 'true', '{', '{"a":', ''])(
    'is made of no body that is not one: %s',
    async (body) => {
      const headers = { 'content-type': 'application/json' };
      for (const [method, path] of [
        ['POST', '/accounts'],
        ['PATCH', `/accounts/${nobody}`],
        ['POST', `/accounts/${nobody}/identities`],
        ['POST', `/accounts/${nobody}/merge`],
        ['PUT', `/accounts/${nobody}/password`],
        ['POST', '/connections'],
        ['POST', '/clients'],
        ['POST', '/webhooks'],
      ] as const) {
        const { status } = await api(method, path, { body, headers });
        // Nothing at all is as good as no fields.
        const known = path.startsWith('/accounts') && body === '' ? [201, 400, 404] : [400, 404];
        expect([path, body, known.includes(status)]).toEqual([path, body, true]);
      }
    },
  );

  it('has nothing verified that is not there', async () => {
    const answer = await api('POST', '/accounts', { body: { phoneVerified: true } });
    expect(answer.body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field: 'phoneVerified' }],
    });
  });

  it.each(['?limit=0', '?limit=abc', '?cursor=nonsense', '?cursor=WzFd', '?issuer=x', '?foo=1'])(
    'is not listed for a broken query: %s',
    async (query) => {
      const answer = await api('GET', `/accounts${query}`);
      expect(answer.status).toBe(400);
      expect((answer.body as { errors: unknown[] }).errors.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['GET', '/identities'],
    ['POST', '/identities'],
    ['DELETE', '/sessions'],
    ['PUT', '/password'],
    ['DELETE', '/password'],
    ['POST', '/merge'],
  ])('that is not there: %s /accounts/:id%s', async (method, path) => {
    const bodies: Record<string, object> = {
      PATCH: {},
      'POST/identities': { connection: 'wecom-hq', subject: 'x' },
      'PUT/password': { password: 'correct horse' },
      'POST/merge': { from: '00000000-0000-4000-8000-000000000001' },
    };
    for (const id of [nobody, 'nonsense', "1'--"]) {
      const body = bodies[`${method}${path}`];
      const answer = await api(
        method,
        `/accounts/${encodeURIComponent(id)}${path}`,
        body && { body },
      );
      expect(answer.body).toMatchObject({ status: 404, code: 'account_not_found' });
    }
  });
});

/** Until a statement waits for a lock that this test holds. */
async function untilSomebodyWaits(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const waiting = await bed.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nobody waits');
}

describe('a password', () => {
  const put = (id: string, body: object) => api('PUT', `/accounts/${id}/password`, { body });
  const stored = () =>
    bed.query<{ hash: string; must_change: boolean }>(
      'select hash, must_change from account_passwords',
    );

  it('goes with a verified phone, and is stored as argon2id', async () => {
    for (const fields of [{}, { phone: '13800000001' }]) {
      const { id } = await create(fields);
      expect((await put(id, { password: 'correct horse' })).body).toMatchObject({
        status: 422,
        code: 'value_not_allowed',
      });
    }
    const { id } = await create({ phone: '13800000001', phoneVerified: true });
    expect((await put(id, { password: 'correct horse' })).status).toBe(204);
    const [first] = await stored();
    expect(first?.hash).toMatch(/^\$argon2id\$/);
    expect(first?.must_change).toBe(true);
    expect((await put(id, { password: 'battery staple', mustChange: false })).status).toBe(204);
    const [second, ...others] = await stored();
    expect(others).toEqual([]);
    expect(second?.hash).not.toBe(first?.hash);
    expect(second?.must_change).toBe(false);
    for (let times = 0; times < 2; times += 1)
      expect((await api('DELETE', `/accounts/${id}/password`)).status).toBe(204);
    expect(await stored()).toEqual([]);
    expect(bed.log()).not.toMatch(/correct horse|battery staple/);
  });

  it.each([
    [{ password: 'short' }, 422, 'password_unsuitable', 'password'],
    [{ password: '+86 138-1234-5678' }, 422, 'password_unsuitable', 'password'],
    [{ password: 'x'.repeat(201) }, 400, 'request_invalid', 'password'],
    [{}, 400, 'request_invalid', 'password'],
    [{ password: 'correct horse', mustChange: null }, 400, 'request_invalid', 'mustChange'],
    [{ password: 'correct horse', hash: 'x' }, 400, 'request_invalid', 'hash'],
  ])('is refused with the field at fault: %j', async (body, status, code, field) => {
    const { id } = await create({ phone: '13812345678', phoneVerified: true });
    expect((await put(id, body)).body).toMatchObject({ status, code, errors: [{ field }] });
    expect(await stored()).toEqual([]);
  });

  it('that is set signs the person out', async () => {
    const { id } = await create({ phone: '13800000001', phoneVerified: true });
    await issueTo(id);
    await put(id, { password: 'correct horse' });
    expect(await holders()).toEqual([]);
  });

  it('is not set where the phone is gone by the time that it is hashed', async () => {
    const { id } = await create({ phone: '13800000001', phoneVerified: true });
    const dataSource = bed.replicas[1]!.service.app.get(DataSource);
    const answer = await dataSource.transaction(async (manager) => {
      await manager.query('update accounts set phone_verified = false where id = $1', [id]);
      const setting = put(id, { password: 'correct horse' });
      await untilSomebodyWaits();
      return { setting };
    });
    expect((await answer.setting).body).toMatchObject({ status: 422, code: 'value_not_allowed' });
    expect(await stored()).toEqual([]);
  });

  it('is set once by ten who do it at once', async () => {
    const { id } = await create({ phone: '13800000001', phoneVerified: true });
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, n) => put(id, { password: `correct horse ${n}` })),
    );
    expect(many.map(({ status }) => status)).toEqual(Array<number>(10).fill(204));
    expect(await stored()).toHaveLength(1);
  });
});

describe('merging', () => {
  const merge = (into: string, from: string, base?: string) =>
    api('POST', `/accounts/${into}/merge`, { body: { from }, ...(base && { base }) });
  const bind = (id: string, connection: string, subject: string) =>
    api('POST', `/accounts/${id}/identities`, { body: { connection, subject } });

  it('moves identities, fills in what is missing, and deletes the other', async () => {
    const kept = await create({ displayName: 'Lin', roles: ['staff'] });
    const gone = await create({
      displayName: 'Lin Q.',
      phone: '13800000001',
      phoneVerified: true,
      roles: ['admin'],
    });
    await bind(kept.id, 'wecom-hq', 'lin.qiao');
    await bind(gone.id, 'dingtalk', 'unionid-lin');
    const merged = await merge(kept.id, gone.id);
    expect(merged.status).toBe(200);
    expect(merged.body).toMatchObject({
      id: kept.id,
      displayName: 'Lin',
      phone: '+8613800000001',
      phoneVerified: true,
      roles: ['staff'],
    });
    expect(await bed.query('select account_id from identities')).toEqual([
      { account_id: kept.id },
      { account_id: kept.id },
    ]);
    expect((await api('GET', `/accounts/${gone.id}`)).status).toBe(404);
    expect((await events()).slice(-2)).toEqual(['account.bound', 'account.deleted']);
  });

  it('is refused with the reason', async () => {
    const [one, two] = [await create(), await create()];
    await bind(one.id, 'wecom-hq', 'lin.qiao');
    await bind(two.id, 'wecom-hq', 'wang.m');
    expect((await merge(one.id, one.id)).body).toMatchObject({
      status: 409,
      code: 'merge_conflict',
      title: 'An account cannot be merged into itself.',
    });
    const twoPeople = await merge(one.id, two.id);
    expect(twoPeople.body).toMatchObject({ status: 409, code: 'merge_conflict' });
    expect((twoPeople.body as { title: string }).title).toContain('wecom:ww1a2b3c4d5e6f7a8b');
    expect((await merge(one.id, nobody)).body).toMatchObject({ code: 'account_not_found' });
    expect((await merge(one.id, 'nonsense')).body).toMatchObject({ errors: [{ field: 'from' }] });
    await api('PATCH', `/accounts/${one.id}`, { body: { status: 'disabled' } });
    const three = await create();
    expect((await merge(one.id, three.id)).body).toMatchObject({ code: 'merge_conflict' });
  });

  it('of two into each other at once leaves one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, two] = [await create(), await create()];
      await bind(one.id, 'wecom-hq', `lin${round}`);
      await bind(two.id, 'dingtalk', `unionid-${round}`);
      const answers = await Promise.all([
        merge(one.id, two.id, bed.replicas[0]?.url),
        merge(two.id, one.id, bed.replicas[1]?.url),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
      const kept = await bed.query(
        'select 1 from identities i join accounts a on a.id = i.account_id where a.id in ($1, $2)',
        [one.id, two.id],
      );
      expect(kept).toHaveLength(2);
    }
  });

  it('that breaks off in the middle leaves everything as it was', async () => {
    const [one, two] = [await create(), await create({ displayName: 'Two' })];
    await bind(two.id, 'dingtalk', 'unionid-lin');
    await bed.query(`
      create function break_off() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$`);
    await bed.query(
      `create trigger break_off before insert on account_events for each row execute function break_off()`,
    );
    expect((await merge(one.id, two.id)).status).toBe(500);
    await bed.query('drop function break_off cascade');
    expect((await api('GET', `/accounts/${two.id}`)).status).toBe(200);
    expect(await bed.query('select account_id from identities')).toEqual([{ account_id: two.id }]);
    expect((await merge(one.id, two.id)).status).toBe(200);
  });
});

describe('who may', () => {
  it('read is who holds accounts:read, change is who holds accounts:write', async () => {
    const reader = apiWith(bed, await machineToken(bed, admin, 'accounts:read'));
    const writer = apiWith(bed, await machineToken(bed, admin, 'accounts:write'));
    const stranger = apiWith(bed, await machineToken(bed, admin, 'audit:read'));
    const { id } = await create();
    expect((await reader('GET', '/accounts')).status).toBe(200);
    expect((await writer('GET', '/accounts')).status).toBe(403);
    expect((await reader('POST', '/accounts', { body: {} })).body).toMatchObject({
      status: 403,
      code: 'scope_insufficient',
    });
    expect((await writer('POST', '/accounts', { body: {} })).status).toBe(201);
    for (const path of ['/accounts', `/accounts/${id}`, `/accounts/${id}/identities`])
      expect((await stranger('GET', path)).status).toBe(403);
    expect((await apiWith(bed, undefined)('GET', '/accounts')).status).toBe(401);
    expect(
      (await apiWith(bed, 'nonsense')('GET', '/accounts')).headers.get('www-authenticate'),
    ).toBe('Bearer error="invalid_token"');
  });

  it('is written down: who, what, to whom, from where; no number', async () => {
    const { id } = await create({ phone: '13811112222', phoneVerified: true });
    const path = `/accounts/${id}`;
    await api('PUT', `${path}/password`, { body: { password: 'correct horse' } });
    await api('DELETE', `${path}/password`);
    await api('DELETE', `${path}/sessions`);
    await api('PATCH', path, { body: { phone: '13833334444', displayName: 'Lin' } });
    await api('PATCH', path, { body: { status: 'disabled' } });
    await api('DELETE', path);
    await bed.replicas[0]!.service.app.get(AuditService).flush();
    const rows = await bed.query<Record<string, unknown>>(
      `select action, outcome, actor, client_id, ip, request_id is not null as traced, details
         from audit_events where account_id = $1 order by id`,
      [id],
    );
    const event = { outcome: 'ok', actor: 'client:admin', client_id: 'admin', ip: '127.0.0.1' };
    expect(rows).toEqual(
      [
        ['account.create', null],
        ['password.set', null],
        ['password.remove', null],
        ['sessions.end', null],
        ['account.update', { changed: ['phoneVerified', 'displayName', 'phone'] }],
        ['account.disable', { changed: ['status'] }],
        ['account.delete', null],
      ].map(([action, details]) => ({ ...event, action, details, traced: true })),
    );
    expect(bed.log()).not.toMatch(/13811112222|13833334444|correct horse/);
  });
});
