import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { ConnectionRegistry } from '../../src/connections/connection.registry.js';
import { type Api, apiWith } from '../fixtures/api.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submit, submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, scanAs } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      connections.push({
        slug: 'phone',
        platform: 'local',
        displayName: '手机号',
        signUp: 'existing',
      });
    },
  });
  await bed.addReplica();
  configuration = await discoverPortal(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  bed.clock.reset();
  for (const table of ['rate_limits', 'oidc_entries', 'binding_tickets', 'accounts']) {
    await bed.query(`delete from ${table}`);
  }
});
afterAll(() => bed.stop());

interface Person {
  readonly browser: TestBrowser;
  readonly accountId: string;
  readonly api: Api;
}

/** Someone signed in at the portal, with a token for our API. */
async function person(member = 'manager0042', connection = 'dingtalk'): Promise<Person> {
  const browser = new TestBrowser({ 'accept-language': 'en' });
  const began = await begin(configuration, {
    connection,
    resource: bed.issuer,
    prompt: 'login',
  });
  const visit = await scanAs(browser, began.url, member);
  const tokens = await redeem(configuration, began, visit.location ?? new URL('x:'));
  return {
    browser,
    accountId: tokens.claims()?.sub ?? '',
    api: apiWith(bed, tokens.access_token),
  };
}

async function bindingLink({ api }: Person, connection = 'wecom-hq'): Promise<string> {
  const answer = await api('POST', '/me/bindings', {
    body: { connection, returnTo: portal.postLogoutRedirectUri },
  });
  expect(answer.status).toBe(201);
  return (answer.body as { url: string }).url;
}

/** From the link to the page that asks for the click. */
async function toConfirm(browser: TestBrowser, url: string, member: string): Promise<Visit> {
  const login = await browser.follow(url);
  return browser.follow(linkWith(login, `data-member="${member}"`), atPortal);
}

const identities = () =>
  bed.query<{ account_id: string; issuer: string }>(
    'select account_id, issuer from identities order by created_at',
  );

describe('/api/v1/me', () => {
  it('shows the person, to any token that holds openid', async () => {
    const { api, accountId } = await person();
    const answer = await api('GET', '/me');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: accountId,
      displayName: '王小明',
      status: 'active',
      roles: [],
    });
    const foreign = await begin(configuration, { connection: 'dingtalk' });
    const back = await scanAs(new TestBrowser(), foreign.url, 'manager0042');
    const tokens = await redeem(configuration, foreign, back.location ?? new URL('x:'));
    const other = apiWith(bed, tokens.access_token);
    expect((await other('GET', '/me')).status).toBe(200);
    expect((await other('GET', '/me/identities')).status).toBe(401);
  });

  it('shows the identities', async () => {
    const { api } = await person();
    const answer = await api('GET', '/me/identities');
    expect(answer.body).toMatchObject({
      items: [
        {
          issuer: 'dingtalk:dingexamplecorp01',
          connection: 'dingtalk',
          platform: 'dingtalk',
          tenant: 'dingexamplecorp01',
          userId: 'manager0042',
        },
      ],
      nextCursor: null,
    });
  });

  it('answers applications in the browser from registered origins, and only this call', async () => {
    const { api } = await person();
    const headers = { origin: 'http://localhost:9' };
    const allowed = (answer: { headers: Headers }) =>
      answer.headers.get('access-control-allow-origin');
    expect(allowed(await api('GET', '/me', { headers }))).toBe('http://localhost:9');
    const stranger = { origin: 'https://evil.example' };
    expect(allowed(await api('GET', '/me', { headers: stranger }))).toBeNull();
    // What it may not do, it may read too.
    const refused = await apiWith(bed, 'nonsense')('GET', '/me', { headers });
    expect([refused.status, allowed(refused)]).toEqual([401, 'http://localhost:9']);
    const preflight = await apiWith(bed, undefined)('OPTIONS', '/me', { headers });
    expect([preflight.status, allowed(preflight)]).toEqual([204, 'http://localhost:9']);
    expect(allowed(await api('GET', '/me/identities', { headers }))).toBeNull();
  });

  it('knows nobody without a token, and no machine', async () => {
    const answer = await apiWith(bed, undefined)('GET', '/me');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'token_missing' });
  });

  it('knows nobody any more who was signed out everywhere, or disabled', async () => {
    const first = await person();
    await bed.query('delete from oidc_entries where account_id = $1', [first.accountId]);
    expect((await first.api('GET', '/me')).body).toMatchObject({ code: 'token_invalid' });
    const second = await person();
    await bed.query(`update accounts set status = 'disabled'`);
    expect((await second.api('GET', '/me')).status).toBe(401);
  });
});

describe('a binding link', () => {
  it('binds one more identity after the platform, and a click that names both sides', async () => {
    const me = await person();
    const confirm = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    expect(confirm.text).toContain('王敏');
    expect(confirm.text).toContain('王小明');
    expect(await identities()).toHaveLength(1);

    const end = await submit(me.browser, confirm, confirm.url.pathname);
    expect(end.location?.href).toBe('http://localhost:9/?binding=ok');
    expect(await identities()).toMatchObject([
      { account_id: me.accountId, issuer: 'dingtalk:dingexamplecorp01' },
      { account_id: me.accountId, issuer: 'wecom:ww1a2b3c4d5e6f7a8b' },
    ]);
    const other = await person('wang.m', 'wecom-hq');
    expect(other.accountId).toBe(me.accountId);
  });

  it('works once, and HEAD uses nothing up', async () => {
    const me = await person();
    const url = await bindingLink(me);
    await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { cookie: `lingpai_session=${me.browser.cookie('lingpai_session')}` },
    });
    expect((await me.browser.get(url)).status).toBe(302);
    const again = await me.browser.get(url);
    expect(again.status).toBe(400);
    expect(again.text).toContain('binding_link_invalid');
  });

  it('is opened by one of twenty who try at once', async () => {
    const me = await person();
    const replica = bed.replicas[1]?.url ?? '';
    for (let round = 0; round < 8; round += 1) {
      const url = await bindingLink(me);
      const visits = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          me.browser.route = (to) =>
            index % 2 === 0 ? to : new URL(to.pathname + to.search, replica);
          return me.browser.get(url);
        }),
      );
      me.browser.route = (to) => to;
      expect(visits.filter(({ status }) => status === 302)).toHaveLength(1);
    }
  });

  it('is good for ten minutes', async () => {
    const me = await person();
    const url = await bindingLink(me);
    bed.clock.advance(601);
    expect((await me.browser.get(url)).status).toBe(400);
  });

  it('asks whoever is not signed in to do so first, and goes on then', async () => {
    const me = await person();
    const url = await bindingLink(me);
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const login = await browser.follow(url);
    expect(login.url.pathname).toMatch(/^\/login\//);
    const dingtalk = await browser.follow(linkWith(login, 'data-connection="dingtalk"'));
    const wecom = await browser.follow(linkWith(dingtalk, 'data-member="manager0042"'));
    const confirm = await browser.follow(linkWith(wecom, 'data-member="wang.m"'));
    const end = await submit(browser, confirm, confirm.url.pathname);
    expect(end.location?.search).toBe('?binding=ok');
  });

  it('is no use to anybody else, so nobody is led to bind themselves to another’s account', async () => {
    const attacker = await person('manager0042');
    const url = await bindingLink(attacker);
    const victim = await person('user0077');
    const opened = await victim.browser.get(url);
    expect(opened.status).toBe(403);
    expect(opened.text).toContain('other_person_signed_in');
    expect(opened.text).toContain('/sign-in');
    expect(await identities()).toHaveLength(2);
  });

  it('does not confirm for somebody who signed in since, or in another browser', async () => {
    const me = await person('manager0042');
    const confirm = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    expect((await new TestBrowser().get(confirm.url)).status).toBe(400);

    const began = await begin(configuration, { connection: 'dingtalk', prompt: 'login' });
    await scanAs(me.browser, began.url, 'user0077');
    const late = await submit(me.browser, confirm, confirm.url.pathname);
    expect(late.status).toBe(400);
    expect(await identities()).toHaveLength(2);
  });

  it('binds nobody through a connection that was disabled meanwhile', async () => {
    const me = await person();
    const confirm = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    const enable = async (enabled: boolean) => {
      await bed.query(`update connections set enabled = $1 where slug = 'wecom-hq'`, [enabled]);
      for (const { service } of bed.replicas) await service.app.get(ConnectionRegistry).refresh();
    };
    await enable(false);
    try {
      const end = await submit(me.browser, confirm, confirm.url.pathname);
      expect(end.status).toBe(400);
      expect(await identities()).toHaveLength(1);
    } finally {
      await enable(true);
    }
  });

  it('never moves an identity of somebody else', async () => {
    const other = await person('wang.m', 'wecom-hq');
    const me = await person('manager0042');
    const end = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    expect(end.location?.search).toBe('?error=identity_already_bound');
    expect(await identities()).toMatchObject([
      { account_id: other.accountId },
      { account_id: me.accountId },
    ]);
  });

  it('adds no second identity of one issuer', async () => {
    const me = await person('manager0042');
    const confirm = await toConfirm(me.browser, await bindingLink(me, 'dingtalk'), 'user0077');
    const end = await submit(me.browser, confirm, confirm.url.pathname);
    expect(end.location?.search).toBe('?error=binding_conflict');
    expect(await identities()).toHaveLength(1);
  });

  it('comes back with the reason when the person turns back', async () => {
    const me = await person();
    const out = await me.browser.get(await bindingLink(me, 'dingtalk'));
    const state = out.location?.searchParams.get('state') ?? '';
    const back = await me.browser.get(
      `${bed.issuer}/callback/dingtalk?state=${state}&error=access_denied`,
    );
    expect(back.location?.href).toBe('http://localhost:9/?error=user_cancelled');

    const confirm = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    const end = await submitAndFollow(
      me.browser,
      confirm,
      confirm.url.pathname.replace('confirm', 'cancel'),
      {},
      atPortal,
    );
    expect(end.location?.search).toBe('?error=user_cancelled');
    expect(await identities()).toHaveLength(1);
  });

  it('is made only for registered addresses, byte for byte, and connections of the client', async () => {
    const { api } = await person();
    for (const returnTo of [
      'http://localhost:9',
      'http://localhost:9/?',
      'http://localhost:9/callback/',
      'http://localhost:9@evil.example/',
      'https://evil.example/',
    ]) {
      const answer = await api('POST', '/me/bindings', {
        body: { connection: 'wecom-hq', returnTo },
      });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        code: 'value_not_allowed',
        errors: [{ field: 'returnTo' }],
      });
    }
    for (const connection of ['nowhere', 'phone']) {
      const answer = await api('POST', '/me/bindings', {
        body: { connection, returnTo: portal.redirectUri },
      });
      expect(answer.body).toMatchObject({ status: 404, code: 'connection_not_found' });
    }
    const faulty = await api('POST', '/me/bindings', { body: { subject: 'x', connection: 5 } });
    expect(faulty.status).toBe(400);
    expect(
      (faulty.body as { errors: { field: string }[] }).errors.map(({ field }) => field).sort(),
    ).toEqual(['connection', 'returnTo', 'subject']);
  });
});

describe('a change of the ways in', () => {
  it('wants a sign-in that is not older than five minutes', async () => {
    const { api } = await person();
    bed.clock.advance(301);
    const bind = await api('POST', '/me/bindings', {
      body: { connection: 'wecom-hq', returnTo: portal.redirectUri },
    });
    expect(bind.body).toMatchObject({ status: 403, code: 'fresh_sign_in_required' });
    const { items } = (await api('GET', '/me/identities')).body as { items: { id: string }[] };
    const unbind = await api('DELETE', `/me/identities/${items[0]?.id ?? ''}`);
    expect(unbind.body).toMatchObject({ status: 403, code: 'fresh_sign_in_required' });
  });

  it('leaves the last way in, unless the account’s own phone is another', async () => {
    const { api, accountId } = await person();
    await bed.query('update accounts set phone_verified = false');
    const { items } = (await api('GET', '/me/identities')).body as { items: { id: string }[] };
    const path = `/me/identities/${items[0]?.id ?? ''}`;
    expect((await api('DELETE', path)).body).toMatchObject({
      status: 409,
      code: 'last_sign_in_method',
    });
    await bed.query(
      `update accounts set phone = '+8613800000007', phone_verified = true where id = $1`,
      [accountId],
    );
    expect((await api('DELETE', path)).status).toBe(204);
    expect(await identities()).toEqual([]);
    expect((await api('GET', '/me')).status).toBe(401);
  });

  it('takes off one of two at once, not both', async () => {
    const me = await person();
    const confirm = await toConfirm(me.browser, await bindingLink(me), 'wang.m');
    await submit(me.browser, confirm, confirm.url.pathname);
    await bed.query('update accounts set phone_verified = false');
    const { items } = (await me.api('GET', '/me/identities')).body as { items: { id: string }[] };
    const statuses = await Promise.all(
      items.map(async ({ id }, index) => {
        const base = bed.replicas[index]?.url;
        return (await me.api('DELETE', `/me/identities/${id}`, base ? { base } : {})).status;
      }),
    );
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(await identities()).toHaveLength(1);
  });

  it('touches nobody else’s identities', async () => {
    const other = await person('user0077');
    const { items } = (await other.api('GET', '/me/identities')).body as {
      items: { id: string }[];
    };
    const { api } = await person('manager0042');
    for (const id of [items[0]?.id ?? '', 'nonsense', '00000000-0000-4000-8000-000000000000']) {
      expect((await api('DELETE', `/me/identities/${id}`)).body).toMatchObject({
        status: 404,
        code: 'identity_not_found',
      });
    }
  });
});

describe('/account', () => {
  it('signs in through Lingpai itself, and shows the person', async () => {
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const login = await browser.follow(`${bed.issuer}/account`);
    expect(login.url.pathname).toMatch(/^\/login\//);
    const dingtalk = await browser.follow(linkWith(login, 'data-connection="dingtalk"'));
    const account = await browser.follow(linkWith(dingtalk, 'data-member="manager0042"'));
    expect(account.url.pathname).toBe('/account');
    for (const words of ['王小明', 'manager0042', 'dingexamplecorp01', 'This browser'])
      expect(account.text).toContain(words);
  });

  it('binds another platform', async () => {
    const { browser } = await person();
    const account = await browser.follow(`${bed.issuer}/account`);
    const moving = await submit(browser, account, '/bindings/wecom-hq');
    const url = /content="0; url=([^"]+)"/.exec(moving.text)?.[1] ?? '';
    const confirm = await toConfirm(browser, url, 'wang.m');
    const end = await submitAndFollow(browser, confirm, confirm.url.pathname);
    expect(end.text).toContain('Another way to sign in is bound');
    expect(await identities()).toHaveLength(2);
  });

  it('unbinds after a fresh sign-in, and not the last way in', async () => {
    const { browser } = await person();
    await bed.query('update accounts set phone_verified = false');
    const account = await browser.follow(`${bed.issuer}/account`);
    const refused = await submitAndFollow(browser, account, '/unbind');
    expect(refused.text).toContain('you couldn’t sign in any more');
    bed.clock.advance(301);
    const moving = await submit(browser, account, '/unbind');
    expect(moving.text).toContain('/authorize?');
    expect(moving.text).toContain('prompt=login');
    expect(await identities()).toHaveLength(1);
  });

  it('signs out everywhere', async () => {
    const [here, there] = [await person(), await person()];
    const account = await here.browser.follow(`${bed.issuer}/account`);
    expect(account.text.match(/Signed in/g)).toHaveLength(2);
    await submit(here.browser, account, '/sign-out-everywhere');
    expect((await there.api('GET', '/me')).status).toBe(401);
    const gone = await there.browser.get(`${bed.issuer}/account`);
    expect(gone.location?.pathname).toBe('/authorize');
  });

  it('does nothing for a form of another site', async () => {
    const { browser } = await person();
    await browser.follow(`${bed.issuer}/account`);
    await browser.post(`${bed.issuer}/account/sign-out-everywhere`, { csrf: 'x' });
    expect((await browser.get(`${bed.issuer}/account`)).status).toBe(200);
  });

  it('leads a sign-in of its own back to its own pages only', async () => {
    const browser = new TestBrowser();
    const out = await browser.get(`${bed.issuer}/account`);
    const state = out.location?.searchParams.get('state') ?? '';
    const back = await browser.get(
      `${bed.issuer}/account/signed-in?code=x&state=${encodeURIComponent('//evil.example')}`,
    );
    expect(back.location?.href).toBe(`${bed.issuer}/account`);
    expect(state).not.toContain('account');
  });
});
