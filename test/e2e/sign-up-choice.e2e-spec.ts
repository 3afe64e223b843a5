import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, scanAs } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }) => {
      Object.assign(connections[1] ?? {}, { signUp: 'ask', askAdministrator: true });
    },
  });
  configuration = await discoverPortal(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  bed.clock.reset();
  for (const table of ['rate_limits', 'oidc_entries', 'account_requests', 'accounts']) {
    await bed.query(`delete from ${table}`);
  }
});
afterAll(() => bed.stop());

/** As far as the page that asks what is to become of the person. */
async function firstTime(member = 'wang.m') {
  const browser = new TestBrowser({ 'accept-language': 'en' });
  const began = await begin(configuration, { connection: 'wecom-hq' });
  const page = await scanAs(browser, began.url, member);
  return { browser, page, began };
}

const signedIn = (end: Visit): boolean => end.location?.searchParams.has('code') ?? false;
const accounts = () => bed.query<{ id: string }>('select id from accounts order by created_at');

/** Someone who has an account from DingTalk already. */
async function knownPerson(): Promise<string> {
  const browser = new TestBrowser();
  const began = await begin(configuration, { connection: 'dingtalk' });
  await scanAs(browser, began.url, 'manager0042');
  return (await accounts())[0]?.id ?? '';
}

describe('somebody unknown is asked', () => {
  it('and may have an account made', async () => {
    const { browser, page, began } = await firstTime();
    expect(page.text).toContain('I already have an account');
    const end = await submitAndFollow(browser, page, '/choose', { choice: 'create' }, atPortal);
    const tokens = await redeem(configuration, began, end.location ?? new URL('x:'));
    expect(tokens.claims()).toMatchObject({ name: '王敏' });
    expect(await accounts()).toHaveLength(1);
  });

  it('and may show the account they have on another platform, which is bound after a click', async () => {
    const account = await knownPerson();
    const { browser, page, began } = await firstTime();
    const ways = await browser.follow(`${page.url.href}?view=other-ways`);
    const login = await browser.follow(linkWith(ways, 'data-connection="dingtalk"'));
    const confirm = await browser.follow(linkWith(login, 'data-member="manager0042"'));
    expect(confirm.text).toContain('Yes, bind them');
    expect(confirm.text).toContain('王小明');
    expect(await bed.query('select 1 from identities')).toHaveLength(1);

    const end = await submitAndFollow(browser, confirm, '/confirm', {}, atPortal);
    const tokens = await redeem(configuration, began, end.location ?? new URL('x:'));
    expect(tokens.claims()?.sub).toBe(account);
    expect(await bed.query('select 1 from identities')).toHaveLength(2);
  });

  it('and is told when the other platform leads to no account either', async () => {
    const { browser, page } = await firstTime();
    const ways = await browser.follow(`${page.url.href}?view=other-ways`);
    const login = await browser.follow(linkWith(ways, 'data-connection="dingtalk"'));
    const back = await browser.follow(linkWith(login, 'data-member="manager0042"'));
    expect(back.url.pathname).toBe(page.url.pathname);
    expect(back.text).toContain('There is no account for you here yet');
    expect(await accounts()).toEqual([]);
  });

  it('and may turn back on the other platform and choose anew', async () => {
    const { browser, page } = await firstTime();
    const ways = await browser.follow(`${page.url.href}?view=other-ways`);
    const out = await browser.get(linkWith(ways, 'data-connection="dingtalk"'));
    const state = out.location?.searchParams.get('state') ?? '';
    const back = await browser.follow(
      `${bed.issuer}/callback/dingtalk?state=${state}&error=access_denied`,
    );
    expect(back.url.pathname).toBe(page.url.pathname);
    expect(back.text).toContain('You cancelled this sign-in');
    expect(back.text).toContain('data-connection="dingtalk"');
  });

  it('and may choose anew when the other platform is down', async () => {
    const { browser, page } = await firstTime();
    const ways = await browser.follow(`${page.url.href}?view=other-ways`);
    const login = await browser.follow(linkWith(ways, 'data-connection="dingtalk"'));
    bed.sandbox.control.fault({ kind: 'down', on: 'api.dingtalk.com' });
    const back = await browser.follow(linkWith(login, 'data-member="manager0042"'));
    expect(back.url.pathname).toBe(page.url.pathname);
    expect(back.status).toBe(503);
    const choice = await browser.follow(`${page.url.href}?view=choice`);
    const end = await submitAndFollow(browser, choice, '/choose', { choice: 'create' }, atPortal);
    expect(signedIn(end)).toBe(true);
  });

  it('and may show the account they have by its phone', async () => {
    await bed.query(
      `insert into accounts (display_name, phone, phone_verified) values ('Wang', '+8613800000009', true)`,
    );
    const { browser, page } = await firstTime();
    const phonePage = await browser.follow(`${page.url.href}?view=phone`);
    const codePage = await submitAndFollow(browser, phonePage, '/phone', { phone: '13800000009' });
    const code = bed.sandbox.control.sms.lastCode('+8613800000009') ?? '';
    const end = await submitAndFollow(browser, codePage, '/code', { code }, atPortal);
    expect(signedIn(end)).toBe(true);
    expect(await accounts()).toHaveLength(1);
  });

  it('again when the phone is nobody’s, and the new account gets it', async () => {
    const { browser, page } = await firstTime();
    const phonePage = await browser.follow(`${page.url.href}?view=phone`);
    const codePage = await submitAndFollow(browser, phonePage, '/phone', { phone: '13800000009' });
    const code = bed.sandbox.control.sms.lastCode('+8613800000009') ?? '';
    const choice = await submitAndFollow(browser, codePage, '/code', { code });
    expect(choice.text).toContain('138****0009');
    expect(await accounts()).toEqual([]);
    await submitAndFollow(browser, choice, '/choose', { choice: 'create' }, atPortal);
    expect(await bed.query('select phone, phone_verified from accounts')).toEqual([
      { phone: '+8613800000009', phone_verified: true },
    ]);
  });

  it('and may ask an administrator, once', async () => {
    const { browser, page } = await firstTime();
    const sent = await submitAndFollow(browser, page, '/choose', { choice: 'ask-administrator' });
    expect(sent.text).toContain('An administrator has been asked');
    const end = await submitAndFollow(browser, sent, '/cancel', {}, atPortal);
    expect(end.location?.searchParams.get('error_description')).toMatch(/^account_not_found: /);

    const again = await firstTime();
    expect(again.page.text).toContain('Please wait for the answer');
    await submitAndFollow(again.browser, again.page, '/choose', { choice: 'create' }, atPortal);
    expect(await bed.query('select issuer, subject, status from account_requests')).toEqual([
      { issuer: 'wecom:ww1a2b3c4d5e6f7a8b', subject: 'wang.m', status: 'pending' },
    ]);
  });

  it('but is bound to nobody without the click, nor by a step that was not asked for', async () => {
    await knownPerson();
    const { browser, page } = await firstTime();
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    for (const action of ['confirm', 'code', 'new-password', 'resend', 'nonsense']) {
      await browser.post(`${page.url.href}/${action}`, { csrf, code: '123456', password: 'x' });
    }
    expect(await bed.query('select 1 from identities')).toHaveLength(1);
  });

  it('and finds no way to an account that is somebody else’s in the same corp', async () => {
    const [account] = await bed.query<{ id: string }>(
      `insert into accounts (display_name, phone, phone_verified) values ('Other', '+8613800000009', true) returning id`,
    );
    await bed.query(
      `insert into identities (account_id, issuer, subject, connection) values ($1, 'wecom:ww1a2b3c4d5e6f7a8b', 'somebody', 'wecom-hq')`,
      [account?.id],
    );
    const { browser, page } = await firstTime();
    const phonePage = await browser.follow(`${page.url.href}?view=phone`);
    const codePage = await submitAndFollow(browser, phonePage, '/phone', { phone: '13800000009' });
    const code = bed.sandbox.control.sms.lastCode('+8613800000009') ?? '';
    const stuck = await submitAndFollow(browser, codePage, '/code', { code });
    expect(stuck.status).toBe(409);
    const choice = await browser.follow(`${stuck.url.href}?view=choice`);
    const end = await submitAndFollow(browser, choice, '/choose', { choice: 'create' }, atPortal);
    expect(signedIn(end)).toBe(true);
  });
});

describe('a code that a frontend holds', () => {
  it('of somebody who must be asked first is refused with the reason', async () => {
    const code = bed.sandbox.control.wecom.miniProgramCode({
      corpId: 'ww1a2b3c4d5e6f7a8b',
      agentId: 1000017,
      userid: 'wang.m',
    });
    const answer = await fetch(`${bed.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:lingpai:grant-type:platform-code',
        client_id: 'portal',
        client_secret: 'portal-Zk3vQ9sN7xW0aTq5',
        connection: 'wecom-hq',
        code,
        code_type: 'mini-program',
        scope: 'openid',
      }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringMatching(/^sign_up_required: /),
    });
  });
});
