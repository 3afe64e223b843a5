import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { hashPassword } from '../../src/account-binding/passwords/password-hash.js';
import { type Api, adminApi } from '../fixtures/api.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, scanAs } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      Object.assign(connections[1] ?? {}, { signUp: 'ask' });
      connections.push({
        slug: 'phone',
        platform: 'local',
        displayName: '手机号',
        signUp: 'ask',
      });
    },
  });
  configuration = await discoverPortal(bed);
  api = await adminApi(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  for (const table of ['rate_limits', 'sign_in_steps', 'accounts']) {
    await bed.query(`delete from ${table}`);
  }
});
afterAll(() => bed.stop());

const signedIn = (end: Visit): boolean => end.location?.searchParams.has('code') ?? false;

/** Someone with a password that an administrator has set, to be changed at first use. */
async function newcomer(): Promise<string> {
  const [account] = await bed.query<{ id: string }>(
    `insert into accounts (display_name, phone, phone_verified) values ('Lin', '+8613800000003', true) returning id`,
  );
  await bed.query(
    `insert into account_passwords (account_id, hash, must_change, changed_at) values ($1, $2, true, now() - interval '1 hour')`,
    [account?.id, await hashPassword('first password')],
  );
  return account?.id ?? '';
}

async function openPhone() {
  const browser = new TestBrowser({ 'accept-language': 'en' });
  const began = await begin(configuration, { connection: 'phone' });
  return { browser, page: await browser.follow(began.url) };
}

/** As far as the page that asks for a new password. */
async function atNewPassword({ browser, page }: Awaited<ReturnType<typeof openPhone>>) {
  const form = await browser.follow(`${page.url.href}?view=password`);
  const phone = '13800000003';
  const change = await submitAndFollow(browser, form, '/password', {
    phone,
    password: 'first password',
  });
  expect(change.text).toContain('/new-password');
  return { browser, change };
}

function chooseNew(
  { browser, change }: Awaited<ReturnType<typeof atNewPassword>>,
  password = 'what a stranger chose',
): Promise<Visit> {
  return submitAndFollow(
    browser,
    change,
    '/new-password',
    { password, repeated: password },
    atPortal,
  );
}

describe('a first password that was right once', () => {
  it('opens nothing any more when the administrator has set another', async () => {
    const account = await newcomer();
    const waiting = await atNewPassword(await openPhone());
    const set = await api('PUT', `/accounts/${account}/password`, {
      body: { password: 'second password', mustChange: false },
    });
    expect(set.status).toBe(204);

    expect(signedIn(await chooseNew(waiting))).toBe(false);
    const { browser, page } = await openPhone();
    const form = await browser.follow(`${page.url.href}?view=password`);
    const fields = { phone: '13800000003', password: 'second password' };
    expect(signedIn(await submitAndFollow(browser, form, '/password', fields, atPortal))).toBe(
      true,
    );
  });

  it('does not stand for one that was set in the very instant', async () => {
    const account = await newcomer();
    const waiting = await atNewPassword(await openPhone());
    await bed.query(
      `update account_passwords set hash = $2, changed_at = now() where account_id = $1`,
      [account, await hashPassword('second password')],
    );

    expect(signedIn(await chooseNew(waiting))).toBe(false);
  });

  it('opens nothing any more when the administrator has taken it away', async () => {
    const account = await newcomer();
    const waiting = await atNewPassword(await openPhone());
    expect((await api('DELETE', `/accounts/${account}/password`)).status).toBe(204);

    expect(signedIn(await chooseNew(waiting))).toBe(false);
  });

  it('is changed once, by one of two windows, which is audited', async () => {
    const account = await newcomer();
    const one = await atNewPassword(await openPhone());
    const other = await atNewPassword(await openPhone());
    expect(signedIn(await chooseNew(one))).toBe(true);
    const { body } = await api('GET', '/audit-events?action=password.change');
    expect(body).toMatchObject({
      items: [{ outcome: 'ok', accountId: account, connection: 'phone', clientId: 'portal' }],
    });
    expect(signedIn(await chooseNew(other, 'what another chose'))).toBe(false);
  });

  it('must be changed also by somebody who has proven another number in the same sign-in', async () => {
    await newcomer();
    const opened = await openPhone();
    const code = await submitAndFollow(opened.browser, opened.page, '/phone', {
      phone: '13800000009',
    });
    const choice = await submitAndFollow(opened.browser, code, '/code', {
      code: bed.sandbox.control.sms.lastCode('+8613800000009') ?? '',
    });
    expect(choice.text).toContain('/choose');
    const { browser, change } = await atNewPassword({ browser: opened.browser, page: choice });
    const csrf = /name="csrf" value="([^"]*)"/.exec(change.text)?.[1] ?? '';
    const answer = await browser.post(`${change.url.href}/code`, { csrf, code: '000000' });
    const end = answer.location ? await browser.follow(answer.location, atPortal) : answer;
    expect(signedIn(end)).toBe(false);
  });
});

describe('an account that was shown on another platform', () => {
  /** Somebody unknown here, who has shown the account of `manager0042` and is about to click. */
  async function atConfirm() {
    const first = await begin(configuration, { connection: 'dingtalk' });
    await scanAs(new TestBrowser(), first.url, 'manager0042');
    const [account] = await bed.query<{ id: string }>('select id from accounts');
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const page = await scanAs(
      browser,
      (await begin(configuration, { connection: 'wecom-hq' })).url,
      'wang.m',
    );
    const ways = await browser.follow(`${page.url.href}?view=other-ways`);
    const login = await browser.follow(linkWith(ways, 'data-connection="dingtalk"'));
    const confirm = await browser.follow(linkWith(login, 'data-member="manager0042"'));
    expect(confirm.text).toContain('Yes, bind them');
    return { account: account?.id ?? '', browser, confirm };
  }

  it.each([
    ['signed out everywhere', 'sessions'],
    ['freed of that identity', 'identities'],
  ])('is not joined when it has been %s meanwhile', async (_name, what) => {
    const { account, browser, confirm } = await atConfirm();
    const [identity] = await bed.query<{ id: string }>('select id from identities');
    const path = what === 'sessions' ? what : `identities/${identity?.id ?? ''}?force=true`;
    expect((await api('DELETE', `/accounts/${account}/${path}`)).status).toBe(204);

    const end = await submitAndFollow(browser, confirm, '/confirm', {}, atPortal);
    expect(signedIn(end)).toBe(false);
    expect(await bed.query(`select 1 from identities where connection = 'wecom-hq'`)).toEqual([]);
  });
});

describe('a sign-in that has ended, and whose browser has not come to collect it', () => {
  /** As far as the callback's answer, which leads back to the engine. */
  async function atTheEnd() {
    const browser = new TestBrowser();
    const { url } = await begin(configuration, { connection: 'dingtalk' });
    const login = await browser.follow(url);
    const callback = await browser.get(linkWith(login, 'data-member="manager0042"'));
    const ended = await browser.get(callback.location!);
    const [account] = await bed.query<{ id: string }>('select id from accounts');
    return { browser, collect: ended.location!, account: account?.id ?? '' };
  }

  it.each([
    ['has been signed out everywhere', 'DELETE', '/sessions', undefined],
    ['has been disabled', 'PATCH', '', { status: 'disabled' }],
  ] as const)('opens nothing any more where its person %s', async (_name, method, path, body) => {
    const { browser, collect, account } = await atTheEnd();
    const done = await api(method, `/accounts/${account}${path}`, { body });
    expect([200, 204]).toContain(done.status);
    await api('PATCH', `/accounts/${account}`, { body: { status: 'active' } });

    expect(signedIn(await browser.follow(collect, atPortal))).toBe(false);
    const silent = await begin(configuration, { prompt: 'none' });
    const { location } = await browser.follow(silent.url, atPortal);
    expect(location?.searchParams.get('error')).toBe('login_required');
  });

  it('is there for whoever comes late', async () => {
    const { browser, collect } = await atTheEnd();
    expect(signedIn(await browser.follow(collect, atPortal))).toBe(true);
  });
});
