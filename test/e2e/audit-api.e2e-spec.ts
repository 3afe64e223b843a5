import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AuditService } from '../../src/audit/audit.service.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;
let audit: AuditService;

beforeAll(async () => {
  bed = await openTestBed({ env: { AUDIT_RETENTION_DAYS: '30' } });
  api = await adminApi(bed);
  audit = bed.replicas[0]?.service.app.get(AuditService) as AuditService;
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

  it.each(['?from=yesterday', '?accountId=1', '?outcome=good', '?cursor=x', '?limit=1000', '?x=1'])(
    'are not listed for a broken query: %s',
    async (query) => {
      expect((await api('GET', `/audit-events${query}`)).status).toBe(400);
    },
  );

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
    const sweeper = bed.replicas[0]?.service.app.get(Sweeper) as Sweeper;
    bed.clock.advance(29 * 86_400);
    await sweeper.run();
    audit.record({ action: 'new', outcome: 'ok' });
    await audit.flush();
    bed.clock.advance(2 * 86_400);
    await sweeper.run();
    expect(await bed.query('select action from audit_events')).toEqual([{ action: 'new' }]);
  });
});
