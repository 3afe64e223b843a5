import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { hashPassword } from '../../src/account-binding/passwords/password-hash.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submit, submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: { TRUST_PROXY: 'loopback', SMS_LIMIT_PER_CONNECTION_PER_HOUR: '70' },
    provision: ({ connections, clients }) => {
      clients.push({
        clientId: 'till',
        displayName: '收银',
        redirectUris: ['http://localhost:9/till'],
        scopes: ['openid'],
        connections: ['phone'],
      });
      connections.push(
        { slug: 'phone', platform: 'local', displayName: '手机号', signUp: 'existing' },
        { slug: 'open', platform: 'local', displayName: '手机号注册', defaultRoles: ['guest'] },
        {
          slug: 'asks',
          platform: 'local',
          displayName: '手机号？',
          signUp: 'ask',
          password: false,
        },
      );
    },
  });
  await bed.addReplica();
  configuration = await discoverPortal(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  bed.clock.reset();
  for (const table of ['rate_limits', 'oidc_entries', 'accounts']) {
    await bed.query(`delete from ${table}`);
  }
});
afterAll(() => bed.stop());

async function open(connection = 'phone', ip = '203.0.113.7') {
  const browser = new TestBrowser({ 'accept-language': 'en', 'x-forwarded-for': ip });
  const began = await begin(configuration, { connection });
  const page = await browser.follow(began.url);
  return { browser, page, began };
}

/** As far as the login page of a client that takes the connection `phone` alone. */
async function openTill(browser: TestBrowser) {
  const began = await begin(configuration, { scope: 'openid' });
  began.url.searchParams.set('client_id', 'till');
  began.url.searchParams.set('redirect_uri', 'http://localhost:9/till');
  return { browser, began, page: await browser.follow(began.url, atPortal) };
}

async function person(changes: { password?: string; mustChange?: boolean; status?: string } = {}) {
  const [account] = await bed.query<{ id: string }>(
    `insert into accounts (display_name, phone, phone_verified, status) values ('Lin', '+8613800000003', true, $1) returning id`,
    [changes.status ?? 'active'],
  );
  if (changes.password !== undefined) {
    await bed.query(
      `insert into account_passwords (account_id, hash, must_change, changed_at) values ($1, $2, $3, now())`,
      [account?.id, await hashPassword(changes.password), changes.mustChange ?? false],
    );
  }
  return account?.id ?? '';
}

async function byCode({ browser, page }: Awaited<ReturnType<typeof open>>, phone: string) {
  const codePage = await submitAndFollow(browser, page, '/phone', { phone });
  const code = bed.sandbox.control.sms.lastCode(`+86${phone}`) ?? '';
  return submitAndFollow(browser, codePage, '/code', { code }, atPortal);
}

async function byPassword(
  { browser, page }: Awaited<ReturnType<typeof open>>,
  password: string,
  phone = '13800000003',
): Promise<Visit> {
  const form = await browser.follow(`${page.url.href}?view=password`);
  return submitAndFollow(browser, form, '/password', { phone, password }, atPortal);
}

const reason = (end: Visit) => end.location?.searchParams.get('error_description');

describe('the account’s own phone', () => {
  it('leads to a client that takes this connection alone, and to no sign-in without end', async () => {
    await person({ password: 'correct horse battery' });
    const browser = new TestBrowser({ 'accept-language': 'en', 'x-forwarded-for': '203.0.113.7' });
    const end = await byPassword(await openTill(browser), 'correct horse battery');
    expect(end.location?.href).toMatch(/^http:\/\/localhost:9\/till\?code=/);
    expect((await openTill(browser)).page.location?.searchParams.has('code')).toBe(true);

    // A session from before these things were written down is asked once.
    await bed.query(
      `update oidc_entries set payload = payload - 'signIn' where model in ('Session', 'Grant')`,
    );
    const again = await openTill(browser);
    expect(again.page.location).toBeUndefined();
    const anew = await byPassword(again, 'correct horse battery');
    expect(anew.location?.searchParams.has('code')).toBe(true);
    expect((await openTill(browser)).page.location?.searchParams.has('code')).toBe(true);
  });

  it('is one more button on the login page', async () => {
    const browser = new TestBrowser();
    const began = await begin(configuration);
    const login = await browser.follow(began.url);
    const page = await browser.follow(linkWith(login, 'data-connection="phone"'));
    expect(page.text).toContain('手机号登录');
  });

  it('opens its account by a code; tokens say which connection it was', async () => {
    const account = await person();
    const opened = await open();
    const end = await byCode(opened, '13800000003');
    const tokens = await redeem(configuration, opened.began, end.location ?? new URL('x:'));
    expect(tokens.claims()).toMatchObject({ sub: account, name: 'Lin' });
    const payload = JSON.parse(
      Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    expect(payload).toMatchObject({ connection: 'phone' });
    expect(payload['auth_time']).toBeGreaterThan(1_700_000_000);
  });

  it('that nobody has is told only to who proved it, with a way out', async () => {
    const opened = await open();
    const stuck = await byCode(opened, '13800000004');
    expect(stuck.status).toBe(403);
    expect(stuck.text).toContain('Use another number');
    const end = await submitAndFollow(opened.browser, stuck, '/cancel', {}, atPortal);
    expect(reason(end)).toMatch(/^account_not_found: /);
  });

  it('makes an account where the connection says so, once, also when five race', async () => {
    await bed.query('delete from rate_limits');
    const opened = await Promise.all(Array.from({ length: 5 }, () => open('open')));
    const pages: Visit[] = [];
    const codes: string[] = [];
    for (const { browser, page } of opened) {
      pages.push(await submitAndFollow(browser, page, '/phone', { phone: '13800000005' }));
      codes.push(bed.sandbox.control.sms.lastCode('+8613800000005') ?? '');
    }
    const ends = await Promise.all(
      opened.map(({ browser }, at) =>
        submitAndFollow(browser, pages[at] as Visit, '/code', { code: codes[at] ?? '' }, atPortal),
      ),
    );
    expect(ends.filter((end) => end.location?.searchParams.has('code'))).toHaveLength(5);
    expect(await bed.query('select phone, roles from accounts')).toEqual([
      { phone: '+8613800000005', roles: ['guest'] },
    ]);
  });

  it('asks before it makes one, where the connection says so', async () => {
    const opened = await open('asks');
    const choice = await byCode(opened, '13800000006');
    expect(choice.text).toContain('Create an account');
    expect(await bed.query('select 1 from accounts')).toEqual([]);
    await submitAndFollow(opened.browser, choice, '/choose', { choice: 'create' }, atPortal);
    expect(await bed.query('select phone from accounts')).toEqual([{ phone: '+8613800000006' }]);
  });

  it('does not open an account that is disabled', async () => {
    await person({ status: 'disabled' });
    const end = await byCode(await open(), '13800000003');
    expect(reason(end)).toMatch(/^account_disabled: /);
  });
});

describe('a password', () => {
  it('opens the account', async () => {
    const account = await person({ password: 'correct horse' });
    const opened = await open();
    const end = await byPassword(opened, 'correct horse');
    const tokens = await redeem(configuration, opened.began, end.location ?? new URL('x:'));
    expect(tokens.claims()?.sub).toBe(account);
  });

  it('of a disabled account lets nobody in, and the application is told', async () => {
    await person({ password: 'correct horse', status: 'disabled' });
    expect(reason(await byPassword(await open(), 'correct horse'))).toMatch(/^account_disabled: /);
  });

  it('must be changed at its first use where the administrator said so', async () => {
    await person({ password: 'first password', mustChange: true });
    const opened = await open();
    const change = await byPassword(opened, 'first password');
    expect(change.text).toContain('Choose your password');
    for (const [password, repeated] of [
      ['short', 'short'],
      ['another password', 'a different one'],
      ['first password', 'first password'],
    ] as const) {
      const answer = await submit(opened.browser, change, '/new-password', { password, repeated });
      expect(answer.status).toBe(422);
    }
    const end = await submitAndFollow(
      opened.browser,
      change,
      '/new-password',
      { password: 'my own password', repeated: 'my own password' },
      atPortal,
    );
    expect(end.location?.searchParams.has('code')).toBe(true);
    const next = await byPassword(await open(), 'my own password');
    expect(next.location?.searchParams.has('code')).toBe(true);
    expect((await byPassword(await open(), 'first password')).status).toBe(422);
  });

  it('that is wrong, of nobody, or not set is answered alike', async () => {
    await person();
    const answers = [
      await byPassword(await open(), 'some password'),
      await byPassword(await open(), 'some password', '13800000008'),
    ];
    const texts = answers.map(({ text }) => text.replace(/[\w-]{32,43}|138000000\d\d/g, ''));
    expect(answers.map(({ status }) => status)).toEqual([422, 422]);
    expect(texts[0]).toBe(texts[1]);
  });

  it('cannot be guessed: each failure after the third makes the next wait longer, on every replica', async () => {
    await person({ password: 'correct horse' });
    const opened = await open();
    const replica = bed.replicas[1]?.url ?? '';
    for (let guess = 0; guess < 3; guess += 1) {
      opened.browser.route = (url) =>
        guess % 2 === 0 ? url : new URL(url.pathname + url.search, replica);
      expect((await byPassword(opened, `guess number ${guess}`)).status).toBe(422);
    }
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const refused = await byPassword(opened, 'correct horse');
      expect(refused.status).toBe(429);
      waits.push(Number(refused.headers.get('retry-after')));
      bed.clock.advance((waits.at(-1) ?? 0) + 1);
      expect((await byPassword(opened, 'another guess')).status).toBe(422);
    }
    expect(waits).toEqual([5, 10, 20, 40]);
    bed.clock.advance(81);
    const end = await byPassword(opened, 'correct horse');
    expect(end.location?.searchParams.has('code')).toBe(true);
  });

  it('is tried three times, not thirty, by thirty who guess at once', async () => {
    await person({ password: 'correct horse' });
    const opened = await open();
    const form = await opened.browser.follow(`${opened.page.url.href}?view=password`);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        submit(opened.browser, form, '/password', {
          phone: '13800000003',
          password: `guess number ${index}`,
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(27);
  });

  it('is not taken where the connection does not offer it', async () => {
    await person({ password: 'correct horse' });
    const { browser, page } = await open('asks');
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const answer = await browser.post(`${page.url.href}/password`, {
      csrf,
      phone: '13800000003',
      password: 'correct horse',
    });
    expect(answer.status).toBe(400);
  });
});

describe('sending', () => {
  it('is limited for one number, over browsers, connections and replicas', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const opened = await open(attempt % 2 === 0 ? 'phone' : 'open');
      if (attempt % 3 === 0) {
        const replica = bed.replicas[1]?.url ?? '';
        opened.browser.route = (url) =>
          url.origin === bed.issuer ? new URL(url.pathname + url.search, replica) : url;
      }
      const answer = await submit(opened.browser, opened.page, '/phone', { phone: '13800000003' });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([303, 303, 303, 303, 303, 429, 429]);
    expect(bed.sandbox.control.sms.inbox()).toHaveLength(5);
    bed.clock.advance(3600);
    const opened = await open();
    const later = await submit(opened.browser, opened.page, '/phone', { phone: '13800000003' });
    expect(later.status).toBe(303);
  });

  it('is limited for one address, however many numbers', async () => {
    const { browser, page } = await open();
    const statuses = new Set<number>();
    for (let index = 0; index < 62; index += 1) {
      const phone = `1390000${String(index).padStart(4, '0')}`;
      const view = index === 0 ? page : await browser.follow(`${page.url.href}?view=phone`);
      statuses.add((await submit(browser, view, '/phone', { phone })).status);
    }
    expect([...statuses]).toEqual([303, 429]);
    expect(bed.sandbox.control.sms.inbox()).toHaveLength(60);
  });

  it('is limited for one connection, however many numbers and addresses', async () => {
    const statuses = new Set<number>();
    for (let index = 0; index < 72; index += 1) {
      const { browser, page } = await open('phone', `198.51.100.${index}`);
      const phone = `1370000${String(index).padStart(4, '0')}`;
      statuses.add((await submit(browser, page, '/phone', { phone })).status);
    }
    expect([...statuses]).toEqual([303, 429]);
    expect(bed.sandbox.control.sms.inbox()).toHaveLength(70);
    const other = await open('open');
    expect(
      (await submit(other.browser, other.page, '/phone', { phone: '13700009999' })).status,
    ).toBe(303);
  });
});
