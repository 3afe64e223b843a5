import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refreshTokenGrant } from 'openid-client';

import { AuditService } from '../../src/audit/audit.service.js';
import { adminApi, type Api, type ApiAnswer } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { discoverPortal, redeem, signInOnWeb } from '../fixtures/sign-in.js';

let bed: TestBed;
let api: Api;
/** Of the audit, before the test: events cannot be deleted. */
let lastEvent: string;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.clock.reset();
  for (const table of ['accounts', 'account_events', 'account_requests', 'oidc_entries'])
    await bed.query(`delete from ${table}`);
  await flush();
  const [last] = await bed.query<{ id: string }>(
    'select coalesce(max(id), 0) as id from audit_events',
  );
  lastEvent = last?.id ?? '0';
});
afterAll(() => bed.stop());

const corp = 'ww1a2b3c4d5e6f7a8b';
const nobody = '00000000-0000-4000-8000-000000000000';
const lin = { connection: 'wecom-hq', subject: 'lin.qiao' };
const wang = { connection: 'wecom-hq', subject: 'wang.m' };
const atDingtalk = { connection: 'dingtalk', subject: 'unionid-lin' };

/** One of the two replicas. */
const on = (index: number): { base: string } => ({ base: bed.replicas[index % 2]!.url });

async function create(fields: object = {}): Promise<string> {
  const answer = await api('POST', '/accounts', { body: fields });
  expect(answer.status).toBe(201);
  return (answer.body as { id: string }).id;
}

const bind = (id: string, body: object, replica = 0): Promise<ApiAnswer> =>
  api('POST', `/accounts/${id}/identities`, { body, ...on(replica) });
const unbind = (id: string, identityId: string, query = '', replica = 0): Promise<ApiAnswer> =>
  api('DELETE', `/accounts/${id}/identities/${identityId}${query}`, on(replica));

/** Binds, and gives the identity's id. */
async function bound(id: string, body: object): Promise<string> {
  const answer = await bind(id, body);
  expect(answer.status).toBe(201);
  return (answer.body as { id: string }).id;
}

const subjectsOf = async (id: string) => {
  const { body } = await api('GET', `/accounts/${id}/identities`);
  return (body as { items: { subject: string }[] }).items.map(({ subject }) => subject);
};

/** What others are told. */
const told = () =>
  bed.query<{ type: string; data: unknown }>(
    'select type, account_id as "accountId", data from account_events order by seq',
  );
const types = async () => (await told()).map(({ type }) => type);

/** What the audit says of some actions in this test, without who and from where. */
async function audited(...actions: string[]): Promise<unknown[]> {
  await flush();
  return bed.query(
    `select action, outcome, reason, account_id as "accountId", connection, details from audit_events
      where action = any($1) and actor = 'client:admin' and id > $2 order by id`,
    [actions, lastEvent],
  );
}

async function flush(): Promise<void> {
  for (const { service } of bed.replicas) await service.app.get(AuditService).flush();
}

const statuses = (answers: readonly ApiAnswer[]) => answers.map(({ status }) => status).sort();

describe('an identity that an administrator names', () => {
  it('is bound in the platform’s own spelling, once, and listed', async () => {
    const id = await create();
    const first = await bind(id, { connection: 'wecom-hq', subject: 'Lin.Qiao', tenant: corp });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      connection: 'wecom-hq',
      platform: 'wecom-self-built',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      userId: null,
      createdAt: expect.stringMatching(/Z$/),
      lastUsedAt: expect.stringMatching(/Z$/),
    });
    const again = await bind(id, lin);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect((await api('GET', `/accounts/${id}/identities`)).body).toEqual({
      items: [first.body],
      nextCursor: null,
    });
    const identity = {
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      connection: 'wecom-hq',
      tenant: 'ww1a2b3c4d5e6f7a8b',
    };
    expect(await told()).toEqual([
      { type: 'account.created', accountId: id, data: { reason: 'administrator' } },
      { type: 'account.bound', accountId: id, data: { reason: 'administrator', identity } },
    ]);
  });

  it('is the one that the person signs in with', async () => {
    const id = await create({ displayName: 'Lin' });
    await bound(id, lin);
    const configuration = await discoverPortal(bed);
    const { began, back } = await signInOnWeb(configuration, 'wecom-hq', 'Lin.Qiao');
    const tokens = await redeem(configuration, began, back);
    expect(tokens.claims()?.sub).toBe(id);
  });

  it('is never moved from another account', async () => {
    const [one, other] = [await create(), await create()];
    await bound(one, lin);
    expect((await bind(other, lin)).body).toMatchObject({
      status: 409,
      code: 'identity_already_bound',
    });
    expect([await subjectsOf(one), await subjectsOf(other)]).toEqual([['lin.qiao'], []]);
  });

  it('is bound to one of ten accounts that want it at once', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => create()));
    const answers = await Promise.all(accounts.map((id, index) => bind(id, lin, index)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201).map(({ body }) => body);
    expect(refused).toHaveLength(9);
    for (const body of refused)
      expect(body).toMatchObject({ status: 409, code: 'identity_already_bound' });
    expect((await types()).filter((type) => type === 'account.bound')).toHaveLength(1);
  });

  it('is one of two people of a corp who are bound to one account at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await create();
      const answers = await Promise.all([
        bind(id, { connection: 'wecom-hq', subject: `a${round}` }, 0),
        bind(id, { connection: 'wecom-hq', subject: `b${round}` }, 1),
      ]);
      expect(statuses(answers)).toEqual([201, 409]);
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
        code: 'binding_conflict',
      });
      expect(await subjectsOf(id)).toHaveLength(1);
    }
  });

  it('is bound once by ten who name it for the same account at once', async () => {
    const id = await create();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => bind(id, lin, index)),
    );
    expect(statuses(answers)).toEqual([...Array<number>(9).fill(200), 201]);
    expect(await types()).toEqual(['account.created', 'account.bound']);
  });

  it.each([
    [{ connection: 'nowhere', subject: 'x' }, 404, 'connection_not_found', 'connection'],
    [{ connection: 'wecom-hq', subject: 'no spaces' }, 422, 'value_not_allowed', 'subject'],
    [{ ...atDingtalk, tenant: 'dingother' }, 422, 'value_not_allowed', 'tenant'],
    [{ ...lin, tenant: null }, 400, 'request_invalid', 'tenant'],
    [{ ...lin, subject: '' }, 400, 'request_invalid', 'subject'],
    [{ ...lin, issuer: 'wecom:x' }, 400, 'request_invalid', 'issuer'],
    [{ subject: 'x' }, 400, 'request_invalid', 'connection'],
  ])('is refused with the field at fault: %j', async (body, status, code, field) => {
    const id = await create();
    expect((await bind(id, body)).body).toMatchObject({ status, code, errors: [{ field }] });
    expect(await subjectsOf(id)).toEqual([]);
  });

  it('is refused beside another one of the same issuer, and where people have none', async () => {
    const id = await create();
    await bound(id, lin);
    expect((await bind(id, wang)).body).toMatchObject({ status: 409, code: 'binding_conflict' });
    await bound(id, atDingtalk);
    await connection({ slug: 'phone', platform: 'local' });
    expect((await bind(id, { connection: 'phone', subject: 'x' })).body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field: 'connection' }],
    });
    await forget('phone');
  });

  it('is in the audit, also when it is refused', async () => {
    const [one, other] = [await create(), await create()];
    await bound(one, lin);
    await bind(one, lin);
    await bind(other, lin);
    const event = { action: 'identity.bind', connection: 'wecom-hq', details: null };
    expect(await audited('identity.bind')).toEqual([
      { ...event, outcome: 'ok', reason: 'administrator', accountId: one },
      { ...event, outcome: 'refused', reason: 'identity_already_bound', accountId: other },
    ]);
  });
});

/** Makes a connection that the provisioning file does not own. */
async function connection(fields: { slug: string; [field: string]: unknown }): Promise<void> {
  const body = { displayName: fields.slug, ...fields };
  expect((await api('POST', '/connections', { body })).status).toBe(201);
}
const forget = async (slug: string) => {
  expect((await api('DELETE', `/connections/${slug}`)).status).toBe(204);
};
const subsidiary = (slug: string) => ({
  slug,
  platform: 'wecom-self-built',
  corpId: 'wwsubsidiary000001',
  agentId: '1000002',
  secret: 'exampleWecomSecret-1000002-Qm4tXw7Zk2Lp9Rv',
});

describe('an identity that is taken off', () => {
  it('is gone, and free for another account', async () => {
    const [id, other] = [await create(), await create()];
    const identity = await bound(id, lin);
    await bound(id, atDingtalk);
    expect((await unbind(id, identity)).status).toBe(204);
    expect(await subjectsOf(id)).toEqual(['unionid-lin']);
    expect((await told()).at(-1)).toEqual({
      type: 'account.unbound',
      accountId: id,
      data: {
        identity: {
          issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
          subject: 'lin.qiao',
          connection: 'wecom-hq',
          tenant: 'ww1a2b3c4d5e6f7a8b',
        },
      },
    });
    expect((await unbind(id, identity)).body).toMatchObject({
      status: 404,
      code: 'identity_not_found',
    });
    expect((await bind(other, lin)).status).toBe(201);
  });

  it('is one of this account, with an id that is one', async () => {
    const [id, other] = [await create(), await create()];
    const [own, another] = [await bound(id, lin), await bound(other, atDingtalk)];
    for (const identity of [another, nobody, 'nonsense', "1'--"]) {
      expect((await unbind(id, encodeURIComponent(identity), '?force=true')).body).toMatchObject({
        status: 404,
        code: 'identity_not_found',
      });
    }
    for (const account of [nobody, 'nonsense']) {
      expect((await unbind(account, own)).body).toMatchObject({
        status: 404,
        code: 'account_not_found',
      });
    }
    expect([await subjectsOf(id), await subjectsOf(other)]).toEqual([
      ['lin.qiao'],
      ['unionid-lin'],
    ]);
  });

  it('ends what was issued through it, and nothing else', async () => {
    const configuration = await discoverPortal(bed);
    const through = async (slug: string, member: string) => {
      const { began, back } = await signInOnWeb(configuration, slug, member);
      return redeem(configuration, began, back);
    };
    const here = await through('dingtalk', 'manager0042');
    const id = here.claims()?.sub ?? '';
    await bound(id, wang);
    const there = await through('wecom-hq', 'wang.m');
    expect(there.claims()?.sub).toBe(id);
    const { body } = await api('GET', `/accounts/${id}/identities`);
    const [first] = (body as { items: { id: string; connection: string }[] }).items;
    expect(first?.connection).toBe('dingtalk');
    expect((await unbind(id, first?.id ?? '')).status).toBe(204);
    await expect(refreshTokenGrant(configuration, here.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    const again = await refreshTokenGrant(configuration, there.refresh_token ?? '');
    expect(again.access_token).toMatch(/^ey/);
  });

  it('is the last way in only by force; both are in the audit', async () => {
    const id = await create();
    const identity = await bound(id, lin);
    for (const query of ['', '?force=false']) {
      expect((await unbind(id, identity, query)).body).toMatchObject({
        status: 409,
        code: 'last_sign_in_method',
      });
    }
    for (const query of ['?force=yes', '?force=', '?forced=true'])
      expect((await unbind(id, identity, query)).status).toBe(400);
    expect(await subjectsOf(id)).toEqual(['lin.qiao']);
    expect((await unbind(id, identity, '?force=true')).status).toBe(204);
    expect(await types()).toEqual(['account.created', 'account.bound', 'account.unbound']);
    const event = { action: 'identity.unbind', accountId: id, details: null };
    const refused = { ...event, outcome: 'refused', reason: 'last_sign_in_method' };
    expect(await audited('identity.unbind')).toEqual([
      { ...refused, connection: null },
      { ...refused, connection: null },
      { ...event, outcome: 'ok', reason: null, connection: 'wecom-hq' },
    ]);
  });

  it('is one of two that are taken off at once, on two replicas', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await create();
      const both = [
        await bound(id, { connection: 'wecom-hq', subject: `lin${round}` }),
        await bound(id, { connection: 'dingtalk', subject: `unionid-${round}` }),
      ];
      const answers = await Promise.all(both.map((identity, at) => unbind(id, identity, '', at)));
      expect(statuses(answers)).toEqual([204, 409]);
      expect(await subjectsOf(id)).toHaveLength(1);
    }
  });

  it('is taken off once by ten who do it at once', async () => {
    const id = await create();
    const identity = await bound(id, lin);
    await bound(id, atDingtalk);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => unbind(id, identity, '', index)),
    );
    expect(statuses(answers)).toEqual([204, ...Array<number>(9).fill(404)]);
    expect((await types()).filter((type) => type === 'account.unbound')).toHaveLength(1);
  });
});

describe('another way in', () => {
  const phone = { phone: '13957286401', phoneVerified: true };
  const local = { slug: 'phone', platform: 'local' };
  const password = { password: 'correct horse' };

  it.each([
    ['the own phone', phone, { ...local }, 204],
    ['the own phone, unproven', { phone: '13957286401' }, { ...local }, 409],
    ['the own phone, which no connection takes', phone, undefined, 409],
    ['the own phone, which no open one takes', phone, { ...local, enabled: false }, 409],
    ['the phone, where only passwords open', phone, { ...local, phoneCode: false }, 409],
  ])('%s', async (_name, fields, opened, status) => {
    const id = await create(fields);
    const identity = await bound(id, lin);
    if (opened) await connection(opened);
    expect((await unbind(id, identity)).status).toBe(status);
    if (opened) await forget('phone');
  });

  it('is a password, where one is set', async () => {
    const id = await create(phone);
    const identity = await bound(id, lin);
    await connection({ ...local, phoneCode: false });
    expect((await api('PUT', `/accounts/${id}/password`, { body: password })).status).toBe(204);
    expect((await unbind(id, identity)).status).toBe(204);
    await forget('phone');
  });

  it('is another identity, as long as a connection that is open leads to it', async () => {
    const id = await create();
    await connection(subsidiary('sub-one'));
    const identity = await bound(id, lin);
    await bound(id, { connection: 'sub-one', subject: 'lin' });
    const disable = { body: { enabled: false } };
    expect((await api('PATCH', '/connections/sub-one', disable)).status).toBe(200);
    expect((await unbind(id, identity)).body).toMatchObject({ code: 'last_sign_in_method' });
    await forget('sub-one');
    expect((await unbind(id, identity)).body).toMatchObject({ code: 'last_sign_in_method' });
    expect((await api('GET', `/accounts/${id}/identities`)).body).toMatchObject({
      items: [{ platform: 'wecom-self-built' }, { connection: 'sub-one', platform: null }],
    });
    // Another app of the same corp leads to the same person.
    await connection(subsidiary('sub-two'));
    expect((await unbind(id, identity)).status).toBe(204);
    await forget('sub-two');
  });
});

describe('a request to an administrator', () => {
  const ask = async (subject: string, minutesAgo = 0) => {
    const [row] = await bed.query<{ id: string }>(
      `insert into account_requests (issuer, subject, connection, identity, created_at)
       values ('wecom:ww1a2b3c4d5e6f7a8b', $1, 'wecom-hq', $2, now() - $3 * interval '1 minute') returning id`,
      [
        subject,
        {
          issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
          subject,
          tenant: corp,
          userId: 'Lin.Qiao',
          profile: {
            displayName: '林巧',
            gender: 'female',
            email: 'lin@example.com',
            avatarUrl: 'https://example.com/lin.png',
            phone: { number: '+8613800000001', trusted: true },
          },
        },
        minutesAgo,
      ],
    );
    return row?.id ?? '';
  };
  const decide = (id: string, what: string, body: object = {}, replica = 0) =>
    api('POST', `/account-requests/${id}/${what}`, { body, ...on(replica) });

  it('is listed and read, and makes an account when it is accepted', async () => {
    const id = await ask('lin.qiao');
    const waiting = {
      id,
      status: 'pending',
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      connection: 'wecom-hq',
      displayName: '林巧',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      accountId: null,
      createdAt: expect.stringMatching(/Z$/),
      decidedAt: null,
      decidedBy: null,
    };
    expect((await api('GET', '/account-requests?status=pending')).body).toEqual({
      items: [waiting],
      nextCursor: null,
    });
    expect((await api('GET', `/account-requests/${id}`)).body).toEqual(waiting);
    const accepted = await decide(id, 'accept');
    expect(accepted.status).toBe(200);
    const { accountId } = accepted.body as { accountId: string };
    expect(accepted.body).toEqual({
      ...waiting,
      status: 'accepted',
      accountId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      decidedAt: expect.stringMatching(/Z$/),
      decidedBy: 'client:admin',
    });
    expect((await api('GET', `/accounts/${accountId}`)).body).toMatchObject({
      displayName: '林巧',
      phone: '+8613800000001',
      phoneVerified: false,
      email: 'lin@example.com',
      emailVerified: false,
      avatarUrl: 'https://example.com/lin.png',
      gender: 'female',
      roles: ['staff'],
    });
    expect((await api('GET', `/accounts/${accountId}/identities`)).body).toMatchObject({
      items: [{ subject: 'lin.qiao', userId: 'Lin.Qiao', tenant: 'ww1a2b3c4d5e6f7a8b' }],
    });
    const identity = { issuer: waiting.issuer, subject: 'lin.qiao', connection: 'wecom-hq' };
    expect(await told()).toEqual([
      {
        type: 'account.created',
        accountId,
        data: { reason: 'administrator', identity: { ...identity, tenant: corp } },
      },
    ]);
    expect((await api('GET', '/account-requests?status=pending')).body).toMatchObject({
      items: [],
    });
  });

  it('joins the account that the administrator names, not one of somebody else there', async () => {
    const accountId = await create();
    const first = await decide(await ask('lin.qiao'), 'accept', { accountId });
    expect(first.body).toMatchObject({ status: 'accepted', accountId });
    expect(await types()).toEqual(['account.created', 'account.bound']);
    const id = await ask('wang.m');
    expect((await decide(id, 'accept', { accountId })).body).toMatchObject({
      status: 409,
      code: 'binding_conflict',
    });
    expect((await decide(id, 'accept', { accountId: nobody })).body).toMatchObject({
      status: 404,
      code: 'account_not_found',
    });
    expect((await api('GET', `/account-requests/${id}`)).body).toMatchObject({ status: 'pending' });
  });

  it('is decided once', async () => {
    const id = await ask('lin.qiao');
    expect((await decide(id, 'reject')).body).toMatchObject({
      status: 'rejected',
      accountId: null,
      decidedBy: 'client:admin',
    });
    for (const what of ['accept', 'reject']) {
      expect((await decide(id, what)).body).toMatchObject({
        status: 409,
        code: 'already_decided',
      });
    }
    expect(await bed.query('select 1 from accounts')).toEqual([]);
  });

  it('is decided by one of two at once, on two replicas', async () => {
    for (const [one, other] of [
      ['accept', 'accept'],
      ['accept', 'reject'],
      ['reject', 'reject'],
    ] as const) {
      const id = await ask(`lin-${one}-${other}`);
      const answers = await Promise.all([decide(id, one, {}, 0), decide(id, other, {}, 1)]);
      expect(statuses(answers)).toEqual([200, 409]);
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
        code: 'already_decided',
      });
    }
  });

  it('is not accepted where the identity was bound meanwhile, whoever has it', async () => {
    const accountId = await create();
    const id = await ask('lin.qiao');
    await bound(accountId, lin);
    for (const body of [{}, { accountId }, { accountId: await create() }]) {
      expect((await decide(id, 'accept', body)).body).toMatchObject({
        status: 409,
        code: 'identity_already_bound',
      });
    }
    expect(await bed.query('select 1 from accounts')).toHaveLength(2);
    expect((await decide(id, 'reject')).status).toBe(200);
  });

  it('and a binding of the same identity at the same moment leave one of them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [accountId, id] = [await create(), await ask(`lin${round}`)];
      const answers = await Promise.all([
        decide(id, 'accept', {}, 0),
        bind(accountId, { connection: 'wecom-hq', subject: `lin${round}` }, 1),
      ]);
      const lost = answers.filter(({ status }) => status === 409);
      expect(lost).toHaveLength(1);
      expect(lost[0]?.body).toMatchObject({ code: 'identity_already_bound' });
    }
    expect(await bed.query('select 1 from identities')).toHaveLength(5);
  });

  it('is in the audit, also when it is refused', async () => {
    const [one, two] = [await ask('lin.qiao'), await ask('wang.m')];
    const accountId = await create();
    await decide(one, 'accept', { accountId });
    await decide(two, 'accept', { accountId });
    await decide(two, 'reject');
    const event = { action: 'account_request.accept', accountId };
    expect(await audited('account_request.accept', 'account_request.reject')).toEqual([
      { ...event, outcome: 'ok', reason: null, connection: 'wecom-hq', details: { request: one } },
      {
        ...event,
        outcome: 'refused',
        reason: 'binding_conflict',
        connection: null,
        details: { request: two },
      },
      {
        action: 'account_request.reject',
        outcome: 'ok',
        reason: null,
        accountId: null,
        connection: 'wecom-hq',
        details: { request: two },
      },
    ]);
  });

  it('that is not there, or is decided with nonsense', async () => {
    for (const id of [nobody, 'nonsense']) {
      for (const answer of [
        await api('GET', `/account-requests/${id}`),
        await decide(id, 'accept'),
        await decide(id, 'reject'),
      ]) {
        expect(answer.body).toMatchObject({ status: 404, code: 'account_request_not_found' });
      }
    }
    const id = await ask('lin.qiao');
    for (const accountId of [null, '', 'nonsense', 5]) {
      expect((await decide(id, 'accept', { accountId })).body).toMatchObject({
        status: 400,
        errors: [{ field: 'accountId' }],
      });
    }
    for (const query of ['?status=open', '?limit=0', '?cursor=nonsense', '?foo=1'])
      expect((await api('GET', `/account-requests${query}`)).status).toBe(400);
  });

  it('is listed page by page, each once, while others ask', async () => {
    for (let index = 0; index < 5; index += 1) await ask(`old${index}`, 10 - index);
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor && `&cursor=${cursor}`;
      const page = (await api('GET', `/account-requests?limit=2${query}`)).body as {
        items: { subject: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map(({ subject }) => subject));
      cursor = page.nextCursor;
      await ask(`new${seen.length}`);
    }
    expect(seen).toEqual(['old4', 'old3', 'old2', 'old1', 'old0']);
  });
});
