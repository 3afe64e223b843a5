import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submit, submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal, redeem, scanAs } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: {
      SMS_LIMIT_PER_PHONE_PER_HOUR: '40',
      SMS_LIMIT_PER_IP_PER_HOUR: '1000',
      SMS_LIMIT_PER_CONNECTION_PER_HOUR: '1000',
    },
    provision: ({ connections }) => {
      Object.assign(connections[0] ?? {}, { signUp: 'phone' });
      Object.assign(connections[1] ?? {}, { signUp: 'phone' });
    },
  });
  await bed.addReplica();
  configuration = await discoverPortal(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  bed.clock.reset();
  await bed.query('delete from rate_limits');
  await bed.query('delete from oidc_entries');
  await bed.query('delete from accounts');
  await bed.query('delete from account_events');
});
afterAll(() => bed.stop());

interface Asked {
  readonly browser: TestBrowser;
  readonly page: Visit;
  readonly began: Awaited<ReturnType<typeof begin>>;
}

/** As far as the page that asks for a number. */
async function firstTime(connection: string, member: string): Promise<Asked> {
  const browser = new TestBrowser({ 'accept-language': 'en' });
  const began = await begin(configuration, { connection });
  const page = await scanAs(browser, began.url, member);
  return { browser, page, began };
}

async function prove({ browser, page }: Asked, phone: string): Promise<Visit> {
  const codePage = await submitAndFollow(browser, page, '/phone', { phone });
  const code = bed.sandbox.control.sms.lastCode(`+86${phone}`) ?? '';
  return submitAndFollow(browser, codePage, '/code', { code }, atPortal);
}

const accounts = () =>
  bed.query<{ id: string; phone: string; phone_verified: boolean }>(
    'select id, phone, phone_verified from accounts order by created_at',
  );

describe('a first sign-in with a phone', () => {
  it('proves the number, makes the account and signs in; the next time nothing is asked', async () => {
    const asked = await firstTime('dingtalk', 'manager0042');
    expect(asked.page.url.pathname).toMatch(/^\/continue\/[\w-]{32}$/);
    expect(asked.page.status).toBe(200);

    const end = await prove(asked, '13800000001');
    const tokens = await redeem(configuration, asked.began, end.location ?? new URL('x:'));
    expect(tokens.claims()).toMatchObject({
      name: '王小明',
      phone_number: '+8613800000001',
      phone_number_verified: true,
    });
    const again = await begin(configuration, { connection: 'dingtalk', prompt: 'login' });
    const straight = await scanAs(asked.browser, again.url, 'manager0042');
    expect(straight.location?.searchParams.get('code')).toMatch(/./);
  });

  it('through two platforms leads to one account', async () => {
    await prove(await firstTime('dingtalk', 'manager0042'), '13800000001');
    await prove(await firstTime('wecom-hq', 'wang.m'), '13800000001');
    expect(await accounts()).toHaveLength(1);
    expect(await bed.query('select type from account_events order by seq')).toEqual([
      { type: 'account.created' },
      { type: 'account.bound' },
    ]);
  });

  it('of twenty at once, with one phone through two connections and two replicas, makes one account', async () => {
    const replica = bed.replicas[1]?.url ?? '';
    const asked = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const one = await (index % 2 === 0
          ? firstTime('dingtalk', 'manager0042')
          : firstTime('wecom-hq', 'wang.m'));
        if (index % 4 > 1) {
          one.browser.route = (url) =>
            url.origin === bed.issuer ? new URL(url.pathname + url.search, replica) : url;
        }
        return one;
      }),
    );
    const pages: Visit[] = [];
    const codes: string[] = [];
    // Each code is read before the next is sent: they go to one number.
    for (const { browser, page } of asked) {
      pages.push(await submitAndFollow(browser, page, '/phone', { phone: '13800000001' }));
      codes.push(bed.sandbox.control.sms.lastCode('+8613800000001') ?? '');
    }
    const ends = await Promise.all(
      asked.map(({ browser }, index) =>
        submitAndFollow(
          browser,
          pages[index] as Visit,
          '/code',
          { code: codes[index] ?? '' },
          atPortal,
        ),
      ),
    );
    expect(ends.map((end) => end.location?.searchParams.has('code'))).toEqual(
      Array.from({ length: 20 }, () => true),
    );
    expect(await accounts()).toMatchObject([{ phone: '+8613800000001', phone_verified: true }]);
    expect(await bed.query('select 1 from identities')).toHaveLength(2);
  });

  it('never joins an account that claims the number without proof', async () => {
    await bed.query(
      `insert into accounts (display_name, phone) values ('Claimant', '+8613800000001')`,
    );
    await prove(await firstTime('dingtalk', 'manager0042'), '13800000001');
    expect(await accounts()).toMatchObject([
      { phone: '+8613800000001', phone_verified: false },
      { phone: '+8613800000001', phone_verified: true },
    ]);
  });

  it('offers ways out where the number is somebody else’s', async () => {
    await prove(await firstTime('dingtalk', 'manager0042'), '13800000001');
    const second = await firstTime('dingtalk', 'user0077');
    const stuck = await prove(second, '13800000001');
    expect(stuck.status).toBe(409);
    expect(stuck.text).toContain('binding_conflict');
    expect(await bed.query('select 1 from identities')).toHaveLength(1);

    const other = await second.browser.follow(`${stuck.url.href}?view=phone`);
    const end = await prove({ ...second, page: other }, '13800000002');
    expect(end.location?.searchParams.has('code')).toBe(true);
  });

  it('tells the application when the person gives up', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const end = await submitAndFollow(browser, page, '/cancel', {}, atPortal);
    expect(end.location?.searchParams.get('error_description')).toMatch(/^user_cancelled: /);
    expect(await accounts()).toEqual([]);
  });

  it('keeps a disabled account out, and says so to the application', async () => {
    await bed.query(
      `insert into accounts (phone, phone_verified, status) values ('+8613800000001', true, 'disabled')`,
    );
    const end = await prove(await firstTime('dingtalk', 'manager0042'), '13800000001');
    expect(end.location?.searchParams.get('error_description')).toMatch(/^account_disabled: /);
  });

  it('leads a reload of the callback, and of the page, to the same page', async () => {
    const browser = new TestBrowser();
    const began = await begin(configuration, { connection: 'dingtalk' });
    const login = await browser.follow(began.url);
    const scanned = linkWith(login, 'data-member="manager0042"');
    const callback = (await browser.get(scanned)).location ?? new URL('x:');
    const [one, two] = [await browser.get(callback), await browser.get(callback)];
    expect(one.location?.pathname).toMatch(/^\/continue\//);
    expect(two.location?.href).toBe(one.location?.href);
  });

  it('that breaks off in the middle leaves nothing half bound, and goes on when it is sent again', async () => {
    const asked = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(asked.browser, asked.page, '/phone', {
      phone: '13800000001',
    });
    const code = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';
    await bed.query(`
      create function break_off() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$`);
    await bed.query(
      `create trigger break_off before insert on account_events for each row execute function break_off()`,
    );
    const broken = await submit(asked.browser, codePage, '/code', { code });
    await bed.query('drop function break_off cascade');
    expect(broken.status).toBe(500);
    expect(await accounts()).toEqual([]);
    expect(await bed.query('select 1 from identities')).toEqual([]);

    const end = await submitAndFollow(asked.browser, codePage, '/code', { code }, atPortal);
    expect(end.location?.searchParams.has('code')).toBe(true);
    expect(await accounts()).toHaveLength(1);
  });

  it('takes a form that is sent twice at once for one', async () => {
    const asked = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(asked.browser, asked.page, '/phone', {
      phone: '13800000001',
    });
    const code = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';
    const both = await Promise.all(
      [0, 1].map(() => submit(asked.browser, codePage, '/code', { code })),
    );
    expect(both.some((answer) => answer.location !== undefined)).toBe(true);
    expect(await accounts()).toHaveLength(1);
  });
});

describe('a code', () => {
  it('is refused with the tries that are left, five times, and is dead then', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(browser, page, '/phone', { phone: '13800000001' });
    const right = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';
    const wrong = right === '000000' ? '000001' : '000000';
    for (const left of ['4', '3', '2', '1']) {
      const answer = await submit(browser, codePage, '/code', { code: wrong });
      expect(answer.status).toBe(422);
      expect(answer.text).toMatch(new RegExp(`${left} (?:tries|try) left`));
    }
    const last = await submit(browser, codePage, '/code', { code: wrong });
    expect(last.text).toContain('No tries left');
    const tooLate = await submit(browser, codePage, '/code', { code: right });
    expect(tooLate.status).toBe(422);
    expect(tooLate.text).toContain('no longer works');
    expect(await accounts()).toEqual([]);
  });

  it('is good for five minutes', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(browser, page, '/phone', { phone: '13800000001' });
    const code = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';
    bed.clock.advance(301);
    const answer = await submit(browser, codePage, '/code', { code });
    expect(answer.text).toContain('no longer works');
  });

  it('of one attempt is none for another, nor in another browser', async () => {
    const first = await firstTime('dingtalk', 'manager0042');
    await submitAndFollow(first.browser, first.page, '/phone', { phone: '13800000001' });
    const code = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';

    const second = await firstTime('dingtalk', 'user0077');
    const page = await submitAndFollow(second.browser, second.page, '/phone', {
      phone: '13800000002',
    });
    expect((await submit(second.browser, page, '/code', { code })).status).toBe(422);

    const stranger = new TestBrowser();
    expect((await stranger.get(first.page.url)).status).toBe(400);
  });

  it('is void once another was sent, or another number given', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    await submitAndFollow(browser, page, '/phone', { phone: '13800000001' });
    const old = bed.sandbox.control.sms.lastCode('+8613800000001') ?? '';
    const again = await browser.follow(`${page.url.href}?view=phone`);
    const codePage = await submitAndFollow(browser, again, '/phone', { phone: '13800000002' });
    expect((await submit(browser, codePage, '/code', { code: old })).status).toBe(422);
  });

  it('is looked at five times however many guess at once, on two replicas', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(browser, page, '/phone', { phone: '13800000001' });
    const right = Number(bed.sandbox.control.sms.lastCode('+8613800000001'));
    const replica = bed.replicas[1]?.url ?? '';
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        browser.route = (url) =>
          index % 2 === 0 ? url : new URL(url.pathname + url.search, replica);
        const code = String((right + 1 + index) % 1_000_000).padStart(6, '0');
        return submit(browser, codePage, '/code', { code });
      }),
    );
    browser.route = (url) => url;
    const looked = answers.filter((answer) => /tr(?:y|ies) left/.test(answer.text));
    expect(looked).toHaveLength(5);
    const late = await submit(browser, codePage, '/code', {
      code: String(right).padStart(6, '0'),
    });
    expect(late.status).toBe(422);
    expect(await accounts()).toEqual([]);
  });

  it('is not sent twice within a minute', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const codePage = await submitAndFollow(browser, page, '/phone', { phone: '13800000001' });
    const soon = await submit(browser, codePage, '/resend');
    expect(soon.status).toBe(429);
    expect(Number(soon.headers.get('retry-after'))).toBeGreaterThan(50);
    bed.clock.advance(61);
    const later = await submitAndFollow(browser, codePage, '/resend');
    expect(later.status).toBe(200);
    expect(bed.sandbox.control.sms.inbox()).toHaveLength(2);
  });

  it('that cannot be sent leaves the person where they were', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    bed.sandbox.control.sms.refuseNext('gateway is down');
    const answer = await submit(browser, page, '/phone', { phone: '13800000001' });
    expect(answer.status).toBe(503);
    const again = await submitAndFollow(browser, answer, '/phone', { phone: '13800000001' });
    expect(again.text).toContain('138****0001');
  });

  it('goes to mobile numbers only', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    for (const phone of ['', '123', '010-88888888', '+1 555']) {
      const answer = await submit(browser, page, '/phone', { phone });
      expect(answer.status).toBe(422);
    }
    expect(bed.sandbox.control.sms.inbox()).toEqual([]);
  });
});

describe('a form', () => {
  it('without its token, or with another browser’s, does nothing', async () => {
    const { browser, page } = await firstTime('dingtalk', 'manager0042');
    const target = new URL(`${page.url.pathname}/phone`, bed.issuer);
    for (const csrf of ['', 'x'.repeat(43)]) {
      expect((await browser.post(target, { phone: '13800000001', csrf })).status).toBe(400);
    }
    expect(bed.sandbox.control.sms.inbox()).toEqual([]);
  });
});

describe('what is kept', () => {
  it('holds no code, and no log holds a number or a code', async () => {
    const asked = await firstTime('dingtalk', 'manager0042');
    await submitAndFollow(asked.browser, asked.page, '/phone', { phone: '13811112222' });
    const code = bed.sandbox.control.sms.lastCode('+8613811112222') ?? '';
    const stored = JSON.stringify(await bed.query('select * from phone_codes'));
    expect(stored).not.toContain(code);
    expect(bed.log()).not.toContain('13811112222');
    expect(bed.log()).not.toContain(`"${code}"`);
    expect(bed.log()).toContain('138****2222');
  });
});
