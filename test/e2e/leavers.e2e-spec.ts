import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';
import { DataSource } from 'typeorm';

import { BindingService } from '../../src/account-binding/binding.service.js';
import { Leavers } from '../../src/account-binding/leavers/leavers.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { OidcStore } from '../../src/auth/issuer/oidc-store.js';
import type { EventEffect } from '../../src/auth/providers/platform-events.js';
import type { PlatformIdentity } from '../../src/auth/providers/provider.js';
import { ConnectionRegistry } from '../../src/connections/connection.registry.js';
import { type Api, adminApi, apiWith } from '../fixtures/api.js';
import { linkWith, TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  discoverPortal,
  redeem,
  scanAs,
  signInOnWeb,
} from '../fixtures/sign-in.js';
import { dingtalkEventKeys, pushDingtalkEvent } from './leavers.fixture.js';

let bed: TestBed;
let configuration: client.Configuration;
let api: Api;
/** When the test began. */
let since: Date;

const ding = 'dingtalk:dingexamplecorp01';
const wecom = 'wecom:ww1a2b3c4d5e6f7a8b';

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections, clients }) => {
      Object.assign(connections[0] ?? {}, dingtalkEventKeys);
      connections.push({
        ...connections[0],
        slug: 'dingtalk-two',
        displayName: '橡果',
        clientId: 'dingexampleappkey2',
        clientSecret: 'exampleSecret02',
        corpId: 'dingexamplecorp02',
        agentId: '100000002',
      });
      // Its tokens are for our own API.
      delete clients[0]?.['audience'];
    },
  });
  await bed.addReplica();
  configuration = await discoverPortal(bed);
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  since = new Date();
  for (const table of ['rate_limits', 'oidc_entries', 'accounts', 'account_events'])
    await bed.query(`delete from ${table}`);
});
afterAll(() => bed.stop());

/** A person at the portal, with everything that was issued for them. */
async function enter(connection: string, member: string, browser = new TestBrowser()) {
  const { began, back } = await signInOnWeb(configuration, connection, member, browser);
  const tokens = await redeem(configuration, began, back);
  const claims = tokens.claims();
  return {
    account: claims?.sub ?? '',
    access: tokens.access_token,
    refresh: tokens.refresh_token ?? '',
    browser,
  };
}
type Person = Awaited<ReturnType<typeof enter>>;

/** What still works of it. */
async function alive({ access, refresh, browser }: Person) {
  const silent = await begin(configuration, { prompt: 'none' });
  const visit = await browser.follow(silent.url, atPortal);
  const introspection = await client.tokenIntrospection(configuration, access);
  const me = await apiWith(bed, access)('GET', '/me');
  const userinfo = await fetch(`${bed.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${access}` },
  });
  const refreshed = await refreshWith(refresh);
  return {
    session: visit.location?.searchParams.has('code') ?? false,
    introspection: introspection.active,
    api: me.status,
    userinfo: userinfo.status,
    refresh: refreshed.status,
  };
}
const allOfIt = { session: true, introspection: true, api: 200, userinfo: 200, refresh: 200 };
const nothing = { session: false, introspection: false, api: 401, userinfo: 401, refresh: 400 };

function refreshWith(token: string, base = bed.issuer): Promise<Response> {
  const credentials = Buffer.from(`${portal.clientId}:${portal.clientSecret}`).toString('base64');
  return fetch(`${base}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
  });
}

function happens(
  effect: EventEffect,
  { connection = 'dingtalk', sentAt = new Date() } = {},
): Promise<void> {
  const leavers = bed.replicas[0]!.service.app.get(Leavers, { strict: false });
  const source = { connection, channel: 'main', type: 'an_event', subject: '', sentAt } as const;
  return leavers.apply([effect], source);
}
const leave = (userId: string, sentAt = new Date()): Promise<void> =>
  happens({ kind: 'person-left', issuer: ding, userId }, { sentAt });
const leaveWecom = (userId: string, sentAt = new Date()): Promise<void> =>
  happens(
    { kind: 'person-left', issuer: wecom, userId, subject: userId.toLowerCase() },
    { connection: 'wecom-hq', sentAt },
  );

async function identitiesOf(account: string): Promise<Record<string, unknown>[]> {
  const { body } = await api('GET', `/accounts/${account}/identities`);
  return (body as { items: Record<string, unknown>[] }).items;
}

async function audited(action: string): Promise<Record<string, unknown>[]> {
  for (const { service } of bed.replicas)
    await service.app.get(AuditService, { strict: false }).flush();
  return bed.query(
    'select outcome, reason, account_id as "accountId", connection from audit_events where action = $1 and at >= $2',
    [action, since],
  );
}

async function told(account: string): Promise<string[]> {
  const rows = await bed.query<{ type: string }>(
    'select type from account_events where account_id = $1 order by seq',
    [account],
  );
  return rows.map(({ type }) => type);
}

describe('a person who leaves the corp', () => {
  it('is signed out everywhere within a second of DingTalk’s push, and keeps the account', async () => {
    const person = await enter('dingtalk', 'manager0042');
    const event = {
      EventType: 'user_leave_org',
      EventTime: Date.now(),
      CorpId: 'dingexamplecorp01',
      userId: ['manager0042'],
    };
    const url = `${bed.issuer}/events/dingtalk`;
    const answer = await pushDingtalkEvent(url, event, 'dingexampleappkey1');
    expect(answer.status).toBe(200);
    await eventually(async () => {
      expect(await bed.query('select 1 from identities where left_at is null')).toEqual([]);
    }, 1000);

    expect(await alive(person)).toEqual(nothing);
    const { body } = await api('GET', `/accounts/${person.account}`);
    expect(body).toMatchObject({ status: 'active' });
    expect(await told(person.account)).toEqual(['account.created', 'account.left']);
    expect(await audited('identity.leave')).toEqual([
      { outcome: 'ok', reason: null, accountId: person.account, connection: 'dingtalk' },
    ]);
  });

  it('is not the one of another corp who has the same userid there', async () => {
    const [here, there] = [
      await enter('dingtalk', 'manager0042'),
      await enter('dingtalk-two', 'manager0042'),
    ];
    expect(there.account).not.toBe(here.account);
    await leave('manager0042');
    expect(await alive(there)).toEqual(allOfIt);
    expect(await alive(here)).toEqual(nothing);
  });

  it('stays signed in where they came in another way', async () => {
    const person = await enter('dingtalk', 'manager0042');
    const bound = await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'wecom-hq', subject: 'wang.m' },
    });
    expect(bound.status).toBe(201);
    const elsewhere = await enter('wecom-hq', 'wang.m');
    expect(elsewhere.account).toBe(person.account);
    await leave('manager0042');
    expect(await alive(elsewhere)).toEqual(allOfIt);
    expect(await alive(person)).toMatchObject({ api: 401, refresh: 400 });
  });

  it('does no harm twice', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await leave('manager0042');
    await leave('manager0042');
    expect(await told(person.account)).toEqual(['account.created', 'account.left']);
  });

  it('is not signed out by an event that is older than their last sign-in', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await leave('manager0042', new Date(Date.now() - 60_000));
    expect(await alive(person)).toEqual(allOfIt);
    expect(await audited('identity.leave')).toEqual([
      {
        outcome: 'refused',
        reason: 'signed_in_since',
        accountId: person.account,
        connection: 'dingtalk',
      },
    ]);
  });

  it('is signed out though the platform’s clock is some seconds behind', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await leave('manager0042', new Date(Date.now() - 20_000));
    expect(await alive(person)).toEqual(nothing);
  });

  it('cannot finish a sign-in that is under way', async () => {
    const began = await begin(configuration, { connection: 'dingtalk' });
    const browser = new TestBrowser();
    const onItsWay = (url: URL): boolean => /^\/authorize\/./.test(url.pathname);
    const page = await browser.follow(began.url);
    const link = /<a\b[^>]*data-member="manager0042"[^>]*>/.exec(page.text)?.[0] ?? '';
    const href = (/href="([^"]*)"/.exec(link)?.[1] ?? '').replace(/&amp;/g, '&');
    const resume = await browser.follow(new URL(href, page.url), onItsWay);
    expect(resume.location?.pathname).toMatch(/^\/authorize\//);

    await leave('manager0042');
    const end = await browser.follow(resume.location!, atPortal);
    expect(end.location?.searchParams.get('error')).toBe('access_denied');
    expect(end.location?.searchParams.get('error_description')).toMatch(/^not_a_member: /);
    expect(
      await bed.query(
        `select 1 from oidc_entries where model in ('Session', 'Grant') and account_id is not null`,
      ),
    ).toEqual([]);
  });

  it('loses a request for an account that waits, and a first sign-in that asks for more', async () => {
    const identity = { issuer: ding, subject: 'aUnionId', userId: 'user0077', profile: {} };
    await bed.query(
      `insert into account_requests (issuer, subject, connection, identity, created_at) values ($1, 'aUnionId', 'dingtalk', $2, now())`,
      [ding, identity],
    );
    await bed.query(
      `insert into sign_in_steps (id, kind, stage, browser_hash, interaction_uid, connection, identity, created_at, expires_at)
       values ('one', 'sign-up', 'phone', '', '', 'dingtalk', $1, now(), now() + interval '1 hour'),
              ('other', 'sign-up', 'phone', '', '', 'dingtalk', $2, now(), now() + interval '1 hour')`,
      [identity, { ...identity, issuer: 'dingtalk:dingexamplecorp02' }],
    );
    await leave('user0077');
    expect(await bed.query('select status, decided_by from account_requests')).toEqual([
      { status: 'rejected', decided_by: 'connection:dingtalk' },
    ]);
    expect(await bed.query('select id from sign_in_steps')).toEqual([{ id: 'other' }]);
  });
});

describe('refreshing while the person leaves', () => {
  it('survives nowhere', async () => {
    for (let round = 0; round < 12; round += 1) {
      const person = await enter('dingtalk', 'manager0042');
      const [refreshed] = await Promise.all([
        refreshWith(person.refresh, bed.replicas[round % 2]!.url),
        new Promise((go) => setTimeout(go, round)).then(() => leave('manager0042')),
      ]);
      const { refresh_token: next = '', access_token: access = person.access } =
        (await refreshed.json()) as { refresh_token?: string; access_token?: string };
      const after = { ...person, access, refresh: next || person.refresh };
      expect(await alive(after)).toEqual(nothing);
    }
  });

  it('signs in nobody who leaves at the instant of the callback', async () => {
    for (let round = 0; round < 12; round += 1) {
      const browser = new TestBrowser();
      const began = await begin(configuration, { connection: 'dingtalk' });
      await enter('dingtalk', 'manager0042');
      const [visit] = await Promise.all([
        scanAs(browser, began.url, 'manager0042'),
        new Promise((go) => setTimeout(go, 10 + 4 * round)).then(() => leave('manager0042')),
      ]);
      const left = await bed.query('select 1 from identities where left_at is not null');
      // Whoever was asked for after the event has returned.
      if (left.length === 0) continue;
      if (visit.location?.searchParams.has('code')) {
        await expect(redeem(configuration, began, visit.location)).rejects.toThrow();
      }
      const live = await bed.query(
        `select model from oidc_entries where model in ('Session', 'Grant') and identity_id is not null`,
      );
      expect(live).toEqual([]);
    }
  });
});

describe('what is under way while the person leaves', () => {
  it('waits for the event that is being written, and then is not written', async () => {
    const { account } = await enter('dingtalk', 'manager0042');
    const [{ id: identityId } = {}] = await identitiesOf(account);
    const { app } = bed.replicas[0]!.service;
    const store = app.get(OidcStore, { strict: false });
    const grant = { accountId: account, signIn: { identityId, connection: 'dingtalk' } };
    const written = await app.get(DataSource).transaction(async (manager) => {
      await manager.query('update identities set left_at = now() where id = $1', [identityId]);
      const writing = store.upsert('Grant', 'of-the-instant', grant, 60);
      await eventually(async () => {
        const waiting = await bed.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%oidc_entries%' and datname = current_database()`,
        );
        expect(waiting).toHaveLength(1);
      });
      return { writing };
    });
    expect(await written.writing).toBe(false);
    expect(await bed.query(`select 1 from oidc_entries where id = 'of-the-instant'`)).toEqual([]);
  });

  it.each([
    ['dingtalk', 'manager0042', () => leave('manager0042')],
    ['wecom-hq', 'Lin.Qiao', () => leaveWecom('Lin.Qiao')],
  ])('is refused on %s when the platform was asked before', async (slug, member, happened) => {
    const { account } = await enter(slug, member);
    const { app } = bed.replicas[0]!.service;
    const connection = await app.get(ConnectionRegistry, { strict: false }).find(slug);
    const binding = app.get(BindingService, { strict: false });
    const [{ issuer, subject, tenant, userId } = {}] = await identitiesOf(account);
    const identity = { issuer, subject, tenant, userId, profile: {} } as PlatformIdentity;
    const known = await binding.find(identity.issuer, identity.subject);
    const askedAt = new Date();
    await happened();
    const record = { connection: slug, identity, at: new Date(), directoryRead: true };
    const proven = { ...record, provenAt: askedAt };
    await expect(binding.signIn(proven, connection!, known)).rejects.toMatchObject({
      code: 'not_a_member',
    });
    await expect(binding.signIn(proven, connection!, undefined)).rejects.toMatchObject({
      code: 'not_a_member',
    });
    expect(await bed.query('select 1 from accounts')).toHaveLength(1);
    expect(await identitiesOf(account)).toMatchObject([{ leftAt: expect.any(String) }]);
  });
});

describe('a person who returns', () => {
  it('to DingTalk has the account again', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await leave('manager0042');
    const again = await enter('dingtalk', 'manager0042');
    expect(again.account).toBe(person.account);
    expect(await identitiesOf(person.account)).toMatchObject([{ leftAt: null }]);
    expect(await told(person.account)).toEqual([
      'account.created',
      'account.left',
      'account.returned',
    ]);
    expect(await alive(again)).toEqual(allOfIt);
  });

  it('under a userid of WeCom is an unknown person, each time anew', async () => {
    const first = await enter('wecom-hq', 'Lin.Qiao');
    await leaveWecom('Lin.Qiao');
    expect(await alive(first)).toEqual(nothing);
    const second = await enter('wecom-hq', 'Lin.Qiao');
    await leaveWecom('Lin.Qiao');
    const third = await enter('wecom-hq', 'Lin.Qiao');
    expect(new Set([first.account, second.account, third.account]).size).toBe(3);
    expect(await identitiesOf(first.account)).toMatchObject([
      { issuer: wecom, subject: 'lin.qiao', leftAt: expect.any(String) },
    ]);
    expect(await identitiesOf(third.account)).toMatchObject([{ issuer: wecom, leftAt: null }]);
    expect(await alive(third)).toEqual(allOfIt);
  });

  it('to WeCom has the old account again when an administrator binds it anew, and the tombstone is taken off', async () => {
    const person = await enter('wecom-hq', 'Lin.Qiao');
    await leaveWecom('Lin.Qiao');
    const [tombstone] = await identitiesOf(person.account);
    const bound = await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'wecom-hq', subject: 'Lin.Qiao' },
    });
    expect(bound.status).toBe(201);
    expect((await enter('wecom-hq', 'Lin.Qiao')).account).toBe(person.account);
    const path = `/accounts/${person.account}/identities/${String(tombstone?.['id'])}`;
    expect((await api('DELETE', path)).status).toBe(204);
    expect(await identitiesOf(person.account)).toMatchObject([
      { subject: 'lin.qiao', leftAt: null },
    ]);
  });

  it('to DingTalk may be said to by an administrator', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await leave('manager0042');
    const [{ subject, leftAt } = {}] = await identitiesOf(person.account);
    expect(leftAt).toEqual(expect.any(String));
    const bound = await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'dingtalk', subject },
    });
    expect([bound.status, bound.body]).toMatchObject([200, { leftAt: null }]);
    expect((await told(person.account)).at(-1)).toBe('account.returned');
  });
});

describe('an identity that left', () => {
  it('comes back by a binding link, with a click', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'wecom-hq', subject: 'wang.m' },
    });
    await leave('manager0042');
    const { access, browser } = await enter('wecom-hq', 'wang.m');
    const link = await apiWith(bed, access)('POST', '/me/bindings', {
      body: { connection: 'dingtalk', returnTo: portal.postLogoutRedirectUri },
    });
    const login = await browser.follow((link.body as { url: string }).url);
    const confirm = await browser.follow(linkWith(login, 'data-member="manager0042"'));
    expect(await identitiesOf(person.account)).toMatchObject([
      { connection: 'dingtalk', leftAt: expect.any(String) },
      { connection: 'wecom-hq', leftAt: null },
    ]);
    const end = await submitAndFollow(browser, confirm, confirm.url.pathname, {}, atPortal);
    expect(end.location?.search).toBe('?binding=ok');
    expect(await identitiesOf(person.account)).toMatchObject([
      { connection: 'dingtalk', leftAt: null },
      { connection: 'wecom-hq', leftAt: null },
    ]);
  });

  it('is no way in: the other one is the last', async () => {
    const person = await enter('dingtalk', 'manager0042');
    const bound = await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'wecom-hq', subject: 'wang.m' },
    });
    const { id } = bound.body as { id: string };
    await leave('manager0042');
    const refused = await api('DELETE', `/accounts/${person.account}/identities/${id}`);
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'last_sign_in_method' }]);
    const [tombstone] = await identitiesOf(person.account);
    const path = `/accounts/${person.account}/identities/${String(tombstone?.['id'])}`;
    expect((await api('DELETE', path)).status).toBe(204);
  });

  it('is shown as such to its person', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await api('POST', `/accounts/${person.account}/identities`, {
      body: { connection: 'wecom-hq', subject: 'wang.m' },
    });
    await leave('manager0042');
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const elsewhere = await enter('wecom-hq', 'wang.m', browser);
    const { body } = await apiWith(bed, elsewhere.access)('GET', '/me/identities');
    expect(body).toMatchObject({
      items: [
        { connection: 'dingtalk', leftAt: expect.any(String) },
        { connection: 'wecom-hq', leftAt: null },
      ],
    });
    const page = await browser.follow(`${bed.issuer}/account`);
    expect(page.text.match(/Left the company/g)).toHaveLength(1);
    expect(page.text).toContain('data-connection="dingtalk"');
  });
});

describe('a person who gets another userid', () => {
  const rename = (toUserId: string, sentAt = new Date()): Promise<void> =>
    happens(
      {
        kind: 'person-renamed',
        issuer: wecom,
        fromUserId: 'Lin.Qiao',
        toUserId,
        fromSubject: 'lin.qiao',
        toSubject: toUserId.toLowerCase(),
      },
      { connection: 'wecom-hq', sentAt },
    );

  it('keeps the account and what was issued', async () => {
    const person = await enter('wecom-hq', 'Lin.Qiao');
    const [before] = await identitiesOf(person.account);
    await rename('Lin.Q');
    await rename('Lin.Q');
    expect(await identitiesOf(person.account)).toMatchObject([
      { id: before?.['id'], userId: 'Lin.Q', subject: 'lin.q', leftAt: null },
    ]);
    expect(await alive(person)).toEqual(allOfIt);
    expect(await audited('identity.rename')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('is not merged with somebody who has that id here', async () => {
    const [person, other] = [
      await enter('wecom-hq', 'Lin.Qiao'),
      await enter('wecom-hq', 'wang.m'),
    ];
    await rename('wang.m');
    expect(await identitiesOf(person.account)).toMatchObject([{ subject: 'lin.qiao' }]);
    expect(await identitiesOf(other.account)).toMatchObject([{ subject: 'wang.m' }]);
    expect(await audited('identity.rename')).toEqual([
      {
        outcome: 'refused',
        reason: 'identity_already_bound',
        accountId: person.account,
        connection: 'wecom-hq',
      },
    ]);
  });

  it('goes without the sessions of whoever came under the old id since', async () => {
    const person = await enter('wecom-hq', 'Lin.Qiao');
    await rename('Lin.Q', new Date(Date.now() - 60_000));
    expect(await alive(person)).toEqual(nothing);
    expect(await identitiesOf(person.account)).toMatchObject([{ subject: 'lin.q', leftAt: null }]);
  });
});

describe('a corp that takes the app away', () => {
  const tenantLeft = (sentAt = new Date()): Promise<void> =>
    happens({ kind: 'tenant-left', issuer: ding }, { sentAt });

  it('has nobody signed in any more, and the same people when it is back', async () => {
    const [one, two] = [
      await enter('dingtalk', 'manager0042'),
      await enter('dingtalk', 'user0077'),
    ];
    const elsewhere = await enter('dingtalk-two', 'manager0042');
    // More than one batch of them.
    await bed.query(
      `with people as (insert into accounts (display_name) select 'n' from generate_series(1, 1200) returning id),
            known as (insert into identities (account_id, issuer, subject, connection)
                      select id, $1, 'x' || id, 'dingtalk' from people returning id, account_id)
       insert into oidc_entries (model, id, payload, grant_id, account_id, identity_id, expires_at)
       select kind.model, kind.model || known.id, '{}', case when kind.model = 'RefreshToken' then 'Grant' || known.id end,
              account_id, case when kind.model = 'Grant' then known.id end, now() + interval '1 hour'
         from known, (values ('Grant'), ('RefreshToken')) as kind (model)`,
      [ding],
    );
    await tenantLeft();
    expect(await alive(one)).toEqual(nothing);
    expect(await alive(two)).toEqual(nothing);
    expect(await alive(elsewhere)).toEqual(allOfIt);
    expect(
      await bed.query(
        `select 1 from oidc_entries where id like 'Grant%' or id like 'RefreshToken%'`,
      ),
    ).toEqual([]);
    expect(await identitiesOf(one.account)).toMatchObject([{ leftAt: null }]);
    expect((await enter('dingtalk', 'manager0042')).account).toBe(one.account);
    const [line] = await audited('tenant.leave');
    expect(line).toMatchObject({ outcome: 'ok', connection: 'dingtalk' });
  });

  it('and came back before the event did is not signed out', async () => {
    const person = await enter('dingtalk', 'manager0042');
    await tenantLeft(new Date(Date.now() - 60_000));
    expect(await alive(person)).toEqual(allOfIt);
  });
});
