import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AuditService } from '../../src/audit/audit.service.js';
import { adminApi, type Api, type ApiAnswer } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  await bed.query('delete from accounts');
  await bed.query('delete from account_events');
});
afterAll(() => bed.stop());

async function create(fields: object = {}): Promise<string> {
  return ((await api('POST', '/accounts', { body: fields })).body as { id: string }).id;
}

const merge = (into: string, from: string, replica = 0): Promise<ApiAnswer> =>
  api('POST', `/accounts/${into}/merge`, { body: { from }, base: bed.replicas[replica]!.url });
const bind = (id: string, connection: string, subject: string): Promise<ApiAnswer> =>
  api('POST', `/accounts/${id}/identities`, { body: { connection, subject } });

describe('a merge', () => {
  it('fills in every field that is missing, proofs with what they prove, and no role', async () => {
    const fields = {
      displayName: '林巧',
      phone: '+8613800000001',
      phoneVerified: true,
      email: 'lin@example.com',
      emailVerified: true,
      avatarUrl: 'https://example.com/lin.png',
      gender: 'female',
      locale: 'zh-CN',
    };
    const [kept, gone] = [await create(), await create({ ...fields, roles: ['admin'] })];
    const { status, body } = await merge(kept, gone);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...fields, id: kept, roles: [], status: 'active' });
    expect((await api('GET', `/accounts/${kept}`)).body).toEqual(body);
  });

  it('leaves what the kept account says, and no proof of another phone or address with it', async () => {
    const said = {
      displayName: 'Lin',
      phone: '+8613800000002',
      email: 'lin@example.org',
      avatarUrl: 'https://example.com/kept.png',
      gender: 'male',
      locale: 'en',
      roles: ['staff'],
    };
    const kept = await create(said);
    const gone = await create({
      displayName: '林巧',
      phone: '+8613800000001',
      phoneVerified: true,
      email: 'lin@example.com',
      emailVerified: true,
      avatarUrl: 'https://example.com/gone.png',
      gender: 'female',
      locale: 'zh-CN',
    });
    expect((await merge(kept, gone)).body).toMatchObject({
      ...said,
      phoneVerified: false,
      emailVerified: false,
    });
  });

  it('keeps the proof of a phone and an address that both accounts have', async () => {
    const same = { phone: '+8613800000001', email: 'lin@example.com' };
    const kept = await create(same);
    const gone = await create({ ...same, phoneVerified: true, emailVerified: true });
    expect((await merge(kept, gone)).body).toMatchObject({
      ...same,
      phoneVerified: true,
      emailVerified: true,
    });
    const unproven = await create(same);
    expect((await merge(kept, unproven)).body).toMatchObject({
      phoneVerified: true,
      emailVerified: true,
    });
  });

  it('ends the sessions of the account that goes, and tells others what moved where', async () => {
    const [kept, gone] = [await create(), await create()];
    await bind(gone, 'dingtalk', 'unionid-lin');
    await bind(gone, 'wecom-hq', 'lin.qiao');
    for (const id of [kept, gone]) {
      await bed.query(
        `insert into oidc_entries (model, id, payload, account_id, expires_at)
         values ('Session', $1::text, '{}', $1::uuid, now() + interval '1 hour')`,
        [id],
      );
    }
    await bed.query('delete from account_events');
    await merge(kept, gone);
    expect(
      await bed.query('select id from oidc_entries where id in ($1, $2)', [kept, gone]),
    ).toEqual([{ id: kept }]);
    expect(
      await bed.query('select type, account_id, data from account_events order by type, data'),
    ).toEqual([
      {
        type: 'account.bound',
        account_id: kept,
        data: {
          reason: 'merged',
          identity: {
            issuer: 'dingtalk:dingexamplecorp01',
            subject: 'unionid-lin',
            connection: 'dingtalk',
            tenant: 'dingexamplecorp01',
          },
        },
      },
      {
        type: 'account.bound',
        account_id: kept,
        data: {
          reason: 'merged',
          identity: {
            issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
            subject: 'lin.qiao',
            connection: 'wecom-hq',
            tenant: 'ww1a2b3c4d5e6f7a8b',
          },
        },
      },
      { type: 'account.deleted', account_id: gone, data: { mergedInto: kept } },
    ]);
  });

  it('is in the audit with who did it, also when it is refused', async () => {
    const [kept, gone] = [await create(), await create()];
    await merge(kept, kept);
    await merge(kept, gone);
    await bed.replicas[0]!.service.app.get(AuditService).flush();
    expect(
      await bed.query(
        `select outcome, reason, actor, details from audit_events
          where action = 'account.merge' and account_id = $1 order by id`,
        [kept],
      ),
    ).toEqual([
      {
        outcome: 'refused',
        reason: 'merge_conflict',
        actor: 'client:admin',
        details: { from: kept },
      },
      { outcome: 'ok', reason: null, actor: 'client:admin', details: { from: gone } },
    ]);
  });

  it('of a disabled account into another is fine, into a disabled one is refused', async () => {
    const [kept, disabled] = [await create(), await create({ status: 'disabled' })];
    expect((await merge(disabled, kept)).body).toMatchObject({
      status: 409,
      code: 'merge_conflict',
      title: 'The account that would stay is disabled.',
    });
    expect((await merge(kept, disabled)).body).toMatchObject({ id: kept, status: 'active' });
  });

  it('of two into a third at once keeps both, or refuses the second person of an issuer', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [kept, one, two] = [await create(), await create(), await create()];
      await bind(one, 'wecom-hq', `lin${round}`);
      await bind(two, 'dingtalk', `unionid-${round}`);
      const answers = await Promise.all([merge(kept, one, 0), merge(kept, two, 1)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(
        await bed.query('select 1 from identities where account_id = $1', [kept]),
      ).toHaveLength(2);

      const [third, three, four] = [await create(), await create(), await create()];
      await bind(three, 'wecom-hq', `wang${round}`);
      await bind(four, 'wecom-hq', `zhao${round}`);
      const rivals = await Promise.all([merge(third, three, 0), merge(third, four, 1)]);
      expect(rivals.map(({ status }) => status).sort()).toEqual([200, 409]);
    }
  });

  it('whose last step fails leaves everything as it was', async () => {
    const [kept, gone] = [await create(), await create({ displayName: 'Gone' })];
    await bind(gone, 'dingtalk', 'unionid-lin');
    const all = () =>
      Promise.all(
        [
          'select * from accounts order by id',
          'select * from identities order by id',
          // Without when it was passed on, which goes on meanwhile.
          'select id, type, account_id, data from account_events order by id',
        ].map((sql) => bed.query(sql)),
      );
    const before = await all();
    await bed.query(`
      create function break_off() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$`);
    // At commit: after every statement.
    await bed.query(`
      create constraint trigger break_off after update on accounts deferrable initially deferred
        for each row execute function break_off()`);
    expect((await merge(kept, gone)).status).toBe(500);
    expect(await all()).toEqual(before);
    await bed.query('drop function break_off cascade');
    expect((await merge(kept, gone)).body).toMatchObject({ id: kept, displayName: 'Gone' });
  });
});
