import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AuditService } from '../../src/audit/audit.service.js';
import { adminApi, apiWith, machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let token: string;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  token = await machineToken(bed, admin);
});
beforeEach(async () => {
  await bed.query('delete from accounts');
  await bed.query('delete from account_events');
});
afterAll(() => bed.stop());

type Result = { line: number; status: string; [field: string]: unknown };

async function importText(body: string, base = bed.issuer): Promise<Result[]> {
  const answer = await fetch(`${base}/api/v1/accounts/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
  const text = await answer.text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Result);
}

const importRows = (rows: readonly unknown[], base?: string): Promise<Result[]> =>
  importText(rows.map((row) => JSON.stringify(row)).join('\n'), base);

const wecom = (subject: string) => [{ connection: 'wecom-hq', subject }];
const count = async (table: string) => (await bed.query(`select 1 from ${table}`)).length;

describe('an import', () => {
  it('makes an account of each row, with its identities, and tells which', async () => {
    const results = await importRows([
      {
        displayName: '林巧',
        phone: '13800000001',
        phoneVerified: true,
        email: 'lin@example.com',
        roles: ['staff'],
        locale: 'zh-CN',
        identities: [...wecom('Lin.Qiao'), { connection: 'dingtalk', subject: 'unionid-lin' }],
      },
      { id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', displayName: 'Known', status: 'disabled' },
    ]);
    expect(results).toEqual([
      { line: 1, status: 'created', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { line: 2, status: 'created', id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' },
    ]);
    expect(
      await bed.query(
        'select display_name, phone, phone_verified, roles, status from accounts order by display_name',
      ),
    ).toEqual([
      {
        display_name: 'Known',
        phone: null,
        phone_verified: false,
        roles: [],
        status: 'disabled',
      },
      {
        display_name: '林巧',
        phone: '+8613800000001',
        phone_verified: true,
        roles: ['staff'],
        status: 'active',
      },
    ]);
    expect(await bed.query('select issuer, subject from identities order by issuer')).toEqual([
      { issuer: 'dingtalk:dingexamplecorp01', subject: 'unionid-lin' },
      { issuer: 'wecom:ww1a2b3c4d5e6f7a8b', subject: 'lin.qiao' },
    ]);
    expect(await count('account_events')).toBe(2);
  });

  it('of thousands is safe to repeat', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => ({
      displayName: `Person ${index}`,
      phone: `139${String(index).padStart(8, '0')}`,
      phoneVerified: true,
      identities: wecom(`person.${index}`),
    }));
    const first = await importRows(rows);
    expect(first.map(({ line }) => line)).toEqual(rows.map((_, index) => index + 1));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set(['created']));
    const again = await importRows(rows);
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['exists']));
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect([await count('accounts'), await count('account_events')]).toEqual([5000, 5000]);
  });

  it('leaves what is there as it is, and adds the identities that are missing', async () => {
    await importRows([{ displayName: 'Before', phone: '13800000001', phoneVerified: true }]);
    const [result] = await importRows([
      {
        displayName: 'After',
        phone: '13800000001',
        phoneVerified: true,
        identities: wecom('lin.qiao'),
      },
    ]);
    expect(result).toMatchObject({ status: 'exists', identitiesAdded: 1 });
    expect(await bed.query('select display_name from accounts')).toEqual([
      { display_name: 'Before' },
    ]);
    expect(await bed.query('select type from account_events order by seq')).toEqual([
      { type: 'account.created' },
      { type: 'account.bound' },
    ]);
  });

  it('takes a row that says the same person again for that person', async () => {
    const results = await importRows([
      { displayName: 'A', identities: wecom('lin.qiao') },
      {
        displayName: 'B',
        phone: '13800000001',
        phoneVerified: true,
        identities: wecom('LIN.QIAO'),
      },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['created', 'exists']);
    expect(results[1]?.['id']).toBe(results[0]?.['id']);
  });

  it('fails the faulty rows alone, naming every fault', async () => {
    const results = await importText(
      [
        '{"displayName":"ok","phone":"13800000001","phoneVerified":true}',
        '{"displayName":"nobody"}',
        'not json',
        '[1]',
        '',
        '{"phone":"12","nonsense":1,"id":"x","identities":[{"connection":"wecom-hq"}]}',
        '{"identities":[{"connection":"nowhere","subject":"x"}]}',
        '{"identities":[{"connection":"wecom-hq","subject":"has spaces"}]}',
        '{"identities":[{"connection":"wecom-hq","subject":"a"},{"connection":"wecom-hq","subject":"b"}]}',
        `{"displayName":"${'x'.repeat(70_000)}"}`,
        '{"phoneVerified":true,"identities":[{"connection":"wecom-hq","subject":"c"}]}',
        '{"displayName":"a\\u0000b","identities":[{"connection":"wecom-hq","subject":"d"}]}',
        '{"displayName":"a\\ud800b","identities":[{"connection":"wecom-hq","subject":"e"}]}',
        `{"roles":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
        '{"displayName":"last","phone":"13800000002","phoneVerified":true}',
      ].join('\r\n'),
    );
    expect(results.map(({ line, status, code }) => [line, status, code])).toEqual([
      [1, 'created', undefined],
      [2, 'failed', 'request_invalid'],
      [3, 'failed', 'request_invalid'],
      [4, 'failed', 'request_invalid'],
      [6, 'failed', 'request_invalid'],
      [7, 'failed', 'connection_not_found'],
      [8, 'failed', 'value_not_allowed'],
      [9, 'failed', 'request_invalid'],
      [10, 'failed', 'request_invalid'],
      [11, 'failed', 'request_invalid'],
      [12, 'failed', 'request_invalid'],
      [13, 'failed', 'request_invalid'],
      [14, 'failed', 'request_invalid'],
      [15, 'created', undefined],
    ]);
    const faults = results[4]?.['errors'] as { field: string }[];
    expect(faults.map(({ field }) => field).sort()).toEqual([
      'id',
      'identities[0].subject',
      'nonsense',
      'phone',
    ]);
    expect(await count('accounts')).toBe(2);
  });

  it('never takes an identity or a number from somebody else', async () => {
    await importRows([
      { displayName: 'Lin', identities: wecom('lin.qiao') },
      {
        displayName: 'Wang',
        phone: '13800000001',
        phoneVerified: true,
        identities: wecom('wang.m'),
      },
    ]);
    const results = await importRows([
      { phone: '13800000001', phoneVerified: true, identities: wecom('lin.qiao') },
      { phone: '13800000001', phoneVerified: true, identities: wecom('somebody') },
      { id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', identities: wecom('lin.qiao') },
      { identities: [...wecom('lin.qiao'), { connection: 'dingtalk', subject: 'unionid-wang' }] },
      { identities: [...wecom('wang.m'), { connection: 'dingtalk', subject: 'unionid-wang' }] },
    ]);
    expect(results.map(({ status, code }) => code ?? status)).toEqual([
      'phone_taken',
      'binding_conflict',
      'identity_already_bound',
      'exists',
      'identity_already_bound',
    ]);
    expect(await count('identities')).toBe(3);
  });

  it('that runs twice at once, on two replicas, makes each person once', async () => {
    const rows = Array.from({ length: 1500 }, (_, index) => ({
      displayName: `Person ${index}`,
      identities: wecom(`person.${index}`),
    }));
    const [one, two] = await Promise.all([
      importRows(rows, bed.replicas[0]?.url),
      importRows([...rows].reverse(), bed.replicas[1]?.url),
    ]);
    expect(await count('accounts')).toBe(1500);
    expect(await count('identities')).toBe(1500);
    const all = [...one, ...two];
    expect(all.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(all.filter(({ status }) => status === 'created')).toHaveLength(1500);
  });

  it('is NDJSON, and for who may write accounts', async () => {
    const api = await adminApi(bed);
    const json = await api('POST', '/accounts/import', { body: {} });
    expect(json.body).toMatchObject({ status: 400, code: 'request_invalid' });
    const headers = { 'content-type': 'application/x-ndjson' };
    const reader = apiWith(bed, await machineToken(bed, admin, 'accounts:read'));
    expect((await reader('POST', '/accounts/import', { body: '{}', headers })).status).toBe(403);
    expect(
      (await apiWith(bed, undefined)('POST', '/accounts/import', { body: '{}', headers })).status,
    ).toBe(401);
  });

  it('is one line in the audit, with its counts', async () => {
    await importRows([{ identities: wecom('a') }, { displayName: 'nobody' }]);
    await bed.replicas[0]!.service.app.get(AuditService).flush();
    const [event] = await bed.query(
      `select outcome, details, actor from audit_events where action = 'account.import' order by id desc limit 1`,
    );
    expect(event).toEqual({
      outcome: 'ok',
      details: { created: 1, exists: 0, failed: 1 },
      actor: 'client:admin',
    });
  });
});
