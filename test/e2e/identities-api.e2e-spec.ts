import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { adminApi, type Api } from '../fixtures/api.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

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
  for (const table of ['accounts', 'account_events', 'account_requests'])
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

const nobody = '00000000-0000-4000-8000-000000000000';

describe('an identity that an administrator names', () => {
  it('is bound in the platform’s own spelling, once', async () => {
    const { id } = await create();
    const body = { connection: 'wecom-hq', subject: 'Lin.Qiao' };
    const bound = await api('POST', `/accounts/${id}/identities`, { body });
    expect(bound.status).toBe(201);
    expect(bound.body).toMatchObject({
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      connection: 'wecom-hq',
      platform: 'wecom-self-built',
      tenant: 'ww1a2b3c4d5e6f7a8b',
    });
    expect((await api('POST', `/accounts/${id}/identities`, { body })).status).toBe(200);
    expect((await api('GET', `/accounts/${id}/identities`)).body).toMatchObject({
      items: [{ subject: 'lin.qiao' }],
      nextCursor: null,
    });
    expect(await events()).toEqual(['account.created', 'account.bound']);
  });

  it('is never moved from another account', async () => {
    const [one, other] = [await create(), await create()];
    const body = { connection: 'wecom-hq', subject: 'lin.qiao' };
    await api('POST', `/accounts/${one.id}/identities`, { body });
    const refused = await api('POST', `/accounts/${other.id}/identities`, { body });
    expect(refused.body).toMatchObject({ status: 409, code: 'identity_already_bound' });
  });

  it('is bound to one of ten accounts that want it at once', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => create()));
    const answers = await Promise.all(
      accounts.map(({ id }) =>
        api('POST', `/accounts/${id}/identities`, {
          body: { connection: 'wecom-hq', subject: 'lin.qiao' },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('is refused beside another one of the same issuer, of the local platform, or of another corp', async () => {
    const { id } = await create();
    const bind = (body: object) => api('POST', `/accounts/${id}/identities`, { body });
    await bind({ connection: 'wecom-hq', subject: 'lin.qiao' });
    expect((await bind({ connection: 'wecom-hq', subject: 'wang.m' })).body).toMatchObject({
      status: 409,
      code: 'binding_conflict',
    });
    expect((await bind({ connection: 'phone', subject: 'x' })).body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
    });
    expect(
      (await bind({ connection: 'dingtalk', subject: 'abcdef', tenant: 'dingother' })).body,
    ).toMatchObject({ status: 422, errors: [{ field: 'tenant' }] });
    expect((await bind({ connection: 'nowhere', subject: 'x' })).body).toMatchObject({
      status: 404,
      code: 'connection_not_found',
    });
    expect((await bind({ connection: 'wecom-hq', subject: 'no spaces' })).body).toMatchObject({
      status: 422,
      errors: [{ field: 'subject' }],
    });
  });

  it('is unbound, but the last way in only by force', async () => {
    const { id } = await create();
    const bound = await api('POST', `/accounts/${id}/identities`, {
      body: { connection: 'wecom-hq', subject: 'lin.qiao' },
    });
    const path = `/accounts/${id}/identities/${(bound.body as AccountBody).id}`;
    expect((await api('DELETE', path)).body).toMatchObject({
      status: 409,
      code: 'last_sign_in_method',
    });
    expect((await api('DELETE', `${path}?force=yes`)).status).toBe(400);
    expect((await api('DELETE', `${path}?force=true`)).status).toBe(204);
    expect((await api('DELETE', path)).body).toMatchObject({
      status: 404,
      code: 'identity_not_found',
    });
    expect((await api('DELETE', `/accounts/${id}/identities/nonsense`)).status).toBe(404);
    expect(await events()).toEqual(['account.created', 'account.bound', 'account.unbound']);
  });
});

describe('a request to an administrator', () => {
  const ask = async (subject: string) => {
    const [row] = await bed.query<{ id: string }>(
      `insert into account_requests (issuer, subject, connection, identity, created_at)
       values ('wecom:ww1a2b3c4d5e6f7a8b', $1, 'wecom-hq', $2, now()) returning id`,
      [
        subject,
        {
          issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
          subject,
          tenant: 'ww1a2b3c4d5e6f7a8b',
          profile: { displayName: '林巧', phone: { number: '+8613800000001', trusted: true } },
        },
      ],
    );
    return row?.id ?? '';
  };
  const decide = (id: string, what: string, body: object = {}) =>
    api('POST', `/account-requests/${id}/${what}`, { body });

  it('is listed, and makes an account when it is accepted', async () => {
    const id = await ask('lin.qiao');
    expect((await api('GET', '/account-requests?status=pending')).body).toMatchObject({
      items: [{ id, status: 'pending', displayName: '林巧', accountId: null }],
    });
    const accepted = await decide(id, 'accept');
    expect(accepted.body).toMatchObject({ status: 'accepted', decidedBy: 'client:admin' });
    const { accountId } = accepted.body as { accountId: string };
    expect((await api('GET', `/accounts/${accountId}`)).body).toMatchObject({
      displayName: '林巧',
      phoneVerified: false,
      roles: ['staff'],
    });
    expect((await decide(id, 'reject')).body).toMatchObject({
      status: 409,
      code: 'already_decided',
    });
    expect(await events()).toEqual(['account.created']);
  });

  it('joins the account that the administrator names, not one of somebody else there', async () => {
    const { id: accountId } = await create();
    const first = await decide(await ask('lin.qiao'), 'accept', { accountId });
    expect(first.body).toMatchObject({ status: 'accepted', accountId });
    const id = await ask('wang.m');
    expect((await decide(id, 'accept', { accountId })).body).toMatchObject({
      status: 409,
      code: 'binding_conflict',
    });
    expect((await decide(id, 'accept', { accountId: nobody })).body).toMatchObject({
      status: 404,
      code: 'account_not_found',
    });
    expect((await decide(id, 'reject')).body).toMatchObject({ status: 'rejected' });
  });

  it('is accepted once by two at once, and not when the identity was bound meanwhile', async () => {
    const id = await ask('lin.qiao');
    const answers = await Promise.all([decide(id, 'accept'), decide(id, 'accept')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const late = await ask('lin.qiao');
    expect((await decide(late, 'accept')).body).toMatchObject({ code: 'identity_already_bound' });
    for (const unknown of [nobody, 'nonsense']) {
      expect((await decide(unknown, 'accept')).body).toMatchObject({
        status: 404,
        code: 'account_request_not_found',
      });
    }
  });
});
