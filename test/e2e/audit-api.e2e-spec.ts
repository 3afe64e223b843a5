import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';

import { AuditService } from '../../src/audit/audit.service.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type Replica, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;
let audit: AuditService;

beforeAll(async () => {
  bed = await openTestBed({ env: { AUDIT_RETENTION_DAYS: '30' } });
  api = await adminApi(bed);
  audit = first().service.app.get(AuditService);
});
beforeEach(async () => {
  bed.clock.reset();
  await audit.flush();
  await bed.query(
    `with allowed as (select set_config('lingpai.audit_retention', 'on', true)) delete from audit_events using allowed`,
  );
});
afterAll(() => bed.stop());

interface Event {
  readonly id: string;
  readonly action: string;
  readonly [field: string]: unknown;
}

async function list(query = ''): Promise<{ items: Event[]; nextCursor: string | null }> {
  const answer = await api('GET', `/audit-events${query}`);
  expect(answer.status).toBe(200);
  return answer.body as { items: Event[]; nextCursor: string | null };
}

const first = () => bed.replicas[0] as Replica;
const sweep = () => first().service.app.get(Sweeper).run();
const actions = async () =>
  (await bed.query<{ action: string }>('select action from audit_events order by id')).map(
    ({ action }) => action,
  );

const accountId = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

describe('audit events', () => {
  it('are there at once, with who, what, when, from where, outcome and reason', async () => {
    audit.record({
      action: 'identity.unbind',
      outcome: 'refused',
      reason: 'last_sign_in_method',
      actor: 'client:robot',
      accountId,
      connection: 'dingtalk',
      clientId: 'robot',
      ip: '203.0.113.7',
      requestId: 'request-1',
      details: { phone: '+8613800000001' },
    });
    expect((await list()).items).toEqual([
      {
        id: expect.stringMatching(/^\d+$/),
        at: expect.stringMatching(/Z$/),
        action: 'identity.unbind',
        outcome: 'refused',
        reason: 'last_sign_in_method',
        actor: 'client:robot',
        accountId,
        connection: 'dingtalk',
        clientId: 'robot',
        ip: '203.0.113.7',
        requestId: 'request-1',
        details: { phone: '+86138****0001' },
      },
    ]);
  });

  it('tell of what was refused, too', async () => {
    const phone = { phone: '13800000001', phoneVerified: true };
    await api('POST', '/accounts', { body: phone });
    expect((await api('POST', '/accounts', { body: phone })).status).toBe(409);
    const { body } = await api('POST', '/accounts', { body: { displayName: 'Lin' } });
    const { id } = body as { id: string };
    expect((await api('PATCH', `/accounts/${id}`, { body: phone })).status).toBe(409);
    const stale = { body: phone, headers: { 'if-match': '"99"' } };
    expect((await api('PATCH', `/accounts/${id}`, stale)).status).toBe(412);
    const refused = (await list('?outcome=refused')).items;
    expect(refused.map((event) => [event.action, event['reason'], event['accountId']])).toEqual([
      ['account.update', 'precondition_failed', id],
      ['account.update', 'phone_taken', id],
      ['account.create', 'phone_taken', null],
    ]);
  });

  it('are found by each of their fields, and by time', async () => {
    audit.record({
      action: 'one',
      outcome: 'ok',
      actor: 'client:a',
      clientId: 'a',
      connection: 'x',
    });
    audit.record({ action: 'two', outcome: 'failed', accountId, requestId: 'request-2' });
    await list();
    bed.clock.advance(3600);
    audit.record({ action: 'three', outcome: 'ok', clientId: 'a' });
    bed.clock.reset();
    const found = async (query: string) =>
      (await list(query)).items.map(({ action }) => action).join(' ');
    expect(await found('')).toBe('three two one');
    expect(await found('?action=two')).toBe('two');
    expect(await found('?outcome=ok')).toBe('three one');
    expect(await found('?outcome=ok&actor=client:a')).toBe('one');
    expect(await found(`?accountId=${accountId}`)).toBe('two');
    expect(await found('?connection=x')).toBe('one');
    expect(await found('?clientId=a')).toBe('three one');
    expect(await found('?requestId=request-2')).toBe('two');
    const soon = new Date(Date.now() + 1_800_000).toISOString();
    expect(await found(`?from=${soon}`)).toBe('three');
    expect(await found(`?to=${soon}`)).toBe('two one');
  });

  it('are listed page by page, each once, while others are added', async () => {
    for (let index = 0; index < 5; index += 1) audit.record({ action: `a${index}`, outcome: 'ok' });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await list(`?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ action }) => action));
      cursor = page.nextCursor;
      audit.record({ action: 'later', outcome: 'ok' });
    }
    expect(seen).toEqual(['a4', 'a3', 'a2', 'a1', 'a0']);
  });

  it.each([
    ['?from=yesterday', 'from'],
    ['?from=2026-01-31', 'from'],
    ['?from=2026-01-31T08:00:00', 'from'],
    ['?from=2026-W05', 'from'],
    ['?to=2026-02-30T08:00:00Z', 'to'],
    ['?to=2026-01-31T08:00:00%2B99:00', 'to'],
    ['?accountId=1', 'accountId'],
    ['?outcome=good', 'outcome'],
    ['?action=a&action=b', 'action'],
    ['?cursor=x', 'cursor'],
    ['?limit=1000', 'limit'],
    ['?x=1', 'x'],
  ])('are not listed for a broken query: %s', async (query, field) => {
    expect((await api('GET', `/audit-events${query}`)).body).toMatchObject({
      status: 400,
      code: 'request_invalid',
      errors: [{ field }],
    });
  });

  it('are found by an instant of any zone', async () => {
    audit.record({ action: 'now', outcome: 'ok' });
    const there = new Date(Date.now() - 60_000 + 8 * 3_600_000)
      .toISOString()
      .replace('Z', '+08:00');
    const query = `?from=${encodeURIComponent(there)}`;
    expect((await list(query)).items).toMatchObject([{ action: 'now' }]);
  });

  it('are kept whatever they were sent with', async () => {
    const half = '😀'.slice(0, 1);
    audit.record({ action: 'odd', outcome: 'ok', clientId: 'a\u0000b', details: { half } });
    audit.record({ action: 'odd', outcome: 'ok', reason: 'phone 13800000001', clientId: half });
    const [second, first] = (await list()).items;
    expect(first).toMatchObject({ clientId: 'a\uFFFDb', details: { half: '\uFFFD' } });
    expect(second).toMatchObject({ clientId: '\uFFFD', reason: 'phone 138****0001' });
  });

  it('are for who holds audit:read', async () => {
    const other = apiWith(bed, await machineToken(bed, admin, 'accounts:read'));
    expect((await other('GET', '/audit-events')).status).toBe(403);
    expect((await apiWith(bed, undefined)('GET', '/audit-events')).status).toBe(401);
  });

  it('are only ever added', async () => {
    audit.record({ action: 'kept', outcome: 'ok' });
    await list();
    for (const sql of [
      `update audit_events set outcome = 'failed'`,
      'delete from audit_events',
      'truncate audit_events',
    ]) {
      await expect(bed.query(sql)).rejects.toThrow('only ever added');
    }
    expect((await list()).items).toMatchObject([{ action: 'kept', outcome: 'ok' }]);
  });

  it('are taken away when their time is over, and not before', async () => {
    audit.record({ action: 'old', outcome: 'ok' });
    await list();
    bed.clock.advance(29 * 86_400);
    await sweep();
    audit.record({ action: 'new', outcome: 'ok' });
    await audit.flush();
    expect(await actions()).toEqual(['old', 'new']);
    bed.clock.advance(2 * 86_400);
    await sweep();
    expect(await actions()).toEqual(['new']);
  });

  it('are taken away however many they are', async () => {
    await bed.query(
      `insert into audit_events (at, action, outcome)
       select now() - interval '31 days', 'old', 'ok' from generate_series(1, 25000)`,
    );
    await sweep();
    expect(await actions()).toEqual([]);
  });

  it('are taken away by one replica at a time', async () => {
    await bed.query(
      `insert into audit_events (at, action, outcome) values (now() - interval '31 days', 'old', 'ok')`,
    );
    const dataSource = first().service.app.get(DataSource);
    await dataSource.transaction(async (other) => {
      await other.query('select pg_advisory_xact_lock(7265004)');
      await sweep();
      expect(await actions()).toEqual(['old']);
    });
    await sweep();
    expect(await actions()).toEqual([]);
  });

  it('cannot be taken away by a session in which the sweep has run', async () => {
    audit.record({ action: 'kept', outcome: 'ok' });
    await list();
    await sweep();
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => bed.query('delete from audit_events')),
    );
    expect(tries.map(({ status }) => status)).toEqual(Array(10).fill('rejected'));
    expect(await actions()).toEqual(['kept']);
  });

  it('stay for ever where the operator says so', async () => {
    const other = await openTestBed({ env: { AUDIT_RETENTION_DAYS: '0' } });
    try {
      await other.query(
        `insert into audit_events (at, action, outcome) values ('2001-01-01T00:00:00Z', 'ancient', 'ok')`,
      );
      await other.replicas[0]?.service.app.get(Sweeper).run();
      expect(
        await other.query(`select action from audit_events where action = 'ancient'`),
      ).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it('of another replica are listed here', async () => {
    const replica = await bed.addReplica();
    const there = replica.service.app.get(AuditService);
    there.record({ action: 'there', outcome: 'ok' });
    const answer = await api('GET', '/audit-events', { base: replica.url });
    expect(answer.body).toMatchObject({ items: [{ action: 'there' }] });
    expect((await list('?action=there')).items).toHaveLength(1);
  });
});
