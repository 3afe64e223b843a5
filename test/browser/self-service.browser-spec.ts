import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';
import type { BrowserContextOptions, Page } from 'playwright-core';

import { hashPassword } from '../../src/account-binding/passwords/password-hash.js';
import { type Application, startApplication } from '../fixtures/application.js';
import { openChromium, phone } from '../fixtures/chromium.js';
import { expectAccessible, expectFits } from '../fixtures/page-checks.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { begin, dingtalkAgent, discoverPortal, redeem, wecomAgent } from '../fixtures/sign-in.js';

const screenshots = join(process.cwd(), 'screenshots');
const small = { width: 360, height: 740 };

let bed: TestBed;
let configuration: Configuration;
let application: Application;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  application = await startApplication();
  bed = await openTestBed({
    env: { SMS_LIMIT_PER_PHONE_PER_HOUR: '1000', SMS_LIMIT_PER_IP_PER_HOUR: '1000' },
    provision: ({ connections, clients }) => {
      Object.assign(clients[0] ?? {}, {
        redirectUris: [portal.redirectUri, application.redirectUri],
      });
      Object.assign(connections[0] ?? {}, { signUp: 'phone' });
      Object.assign(connections[1] ?? {}, { signUp: 'ask', askAdministrator: true });
      connections.push({
        slug: 'phone',
        platform: 'local',
        displayName: '手机号',
        signUp: 'existing',
      });
    },
  });
  configuration = await discoverPortal(bed);
});
beforeEach(async () => {
  bed.sandbox.control.reset();
  for (const table of ['rate_limits', 'oidc_entries', 'account_requests', 'accounts'])
    await bed.query(`delete from ${table}`);
});
afterAll(async () => {
  await bed.stop();
  await application.stop();
});

/** Opens a page in a Chromium of its own, and reports what its security policy stopped. */
async function inBrowser(
  options: BrowserContextOptions,
  walk: (page: Page) => Promise<void>,
): Promise<void> {
  const { context, close } = await openChromium({ viewport: small, ...options });
  const stopped: string[] = [];
  try {
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) stopped.push(message.text());
    });
    await walk(page);
    expect(stopped).toEqual([]);
  } finally {
    await close();
  }
}

/** A page as it has to be: for assistive technology, for a narrow phone, and for whoever looks at the picture. */
async function check(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  await expectFits(page);
  await expectAccessible(page);
}

const atApplication = (url: URL): boolean => url.href.startsWith(application.redirectUri);
const code = (number: string): string => bed.sandbox.control.sms.lastCode(`+86${number}`) ?? '';

describe.each(['zh-CN', 'en-US'])('in %s', (locale) => {
  it('a first sign-in proves a number', async () => {
    await inBrowser({ locale }, async (page) => {
      const began = await begin(configuration, {
        redirect_uri: application.redirectUri,
        connection: 'dingtalk',
      });
      await page.goto(began.url.href);
      await page.click('[data-member="manager0042"]');
      expect(await page.getAttribute('html', 'lang')).toBe(locale === 'en-US' ? 'en' : 'zh-CN');
      await check(page, `phone-${locale}`);

      await page.fill('#phone', '12345');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=alert]');
      await check(page, `phone-wrong-${locale}`);

      await page.fill('#phone', '138 0000 0001');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#code');
      await check(page, `code-${locale}`);
      await page.fill('#code', code('13800000001') === '000000' ? '000001' : '000000');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=alert]');
      expect(await page.textContent('[role=alert]')).toContain('4');
      await check(page, `code-wrong-${locale}`);
      await page.fill('#code', code('13800000001'));
      await page.keyboard.press('Enter');
      await page.waitForURL(atApplication);
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ phone_number: '+8613800000001' });
    });
  });

  it('a number of somebody else leads to a page with ways out', async () => {
    await bed.query(
      `with a as (insert into accounts (phone, phone_verified) values ('+8613800000001', true) returning id)
       insert into identities (account_id, issuer, subject, connection) select id, 'dingtalk:dingexamplecorp01', 'other', 'dingtalk' from a`,
    );
    await inBrowser({ locale }, async (page) => {
      const began = await begin(configuration, {
        redirect_uri: application.redirectUri,
        connection: 'dingtalk',
      });
      await page.goto(began.url.href);
      await page.click('[data-member="manager0042"]');
      await page.fill('#phone', '13800000001');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#code');
      await page.fill('#code', code('13800000001'));
      await page.keyboard.press('Enter');
      await page.waitForSelector('dl.facts');
      await check(page, `conflict-${locale}`);
      await page.click('form[action$="/cancel"] button');
      await page.waitForURL(atApplication);
      expect(new URL(page.url()).searchParams.get('error_description')).toMatch(
        /^binding_conflict/,
      );
    });
  });

  it('somebody unknown is asked, shows their account on another platform, and binds by a click', async () => {
    await bed.query(
      `with a as (insert into accounts (display_name, phone, phone_verified) values ('王小明', '+8613800000001', true) returning id)
       insert into identities (account_id, issuer, subject, connection)
       select id, 'dingtalk:dingexamplecorp01', $1, 'dingtalk' from a`,
      [bed.sandbox.control.dingtalk.unionIdOf('dingexamplecorp01', 'wang-xiaoming')],
    );
    await inBrowser({ locale }, async (page) => {
      const began = await begin(configuration, {
        redirect_uri: application.redirectUri,
        connection: 'wecom-hq',
      });
      await page.goto(began.url.href);
      await page.click('[data-member="wang.m"]');
      await page.waitForSelector('button[value=create]');
      await check(page, `choice-${locale}`);
      await page.click('a.button-primary');
      await page.waitForSelector('[data-connection=dingtalk]');
      await check(page, `other-ways-${locale}`);
      await page.click('[data-connection=dingtalk]');
      await page.click('[data-member="manager0042"]');
      await page.waitForSelector('dl.sides');
      await check(page, `confirm-${locale}`);
      await page.click('form[action$="/confirm"] button');
      await page.waitForURL(atApplication);
      expect(await bed.query('select 1 from identities')).toHaveLength(2);
    });
  });

  it('somebody unknown asks an administrator', async () => {
    await inBrowser({ locale }, async (page) => {
      const began = await begin(configuration, {
        redirect_uri: application.redirectUri,
        connection: 'wecom-hq',
      });
      await page.goto(began.url.href);
      await page.click('[data-member="wang.m"]');
      await page.click('button[value=ask-administrator]');
      await page.waitForSelector('form[action$="/cancel"] button.button-primary');
      await check(page, `request-sent-${locale}`);
      await page.click('form[action$="/cancel"] button');
      await page.waitForURL(atApplication);
    });
  });

  it('a password is given, changed, and signs in', async () => {
    const [account] = await bed.query<{ id: string }>(
      `insert into accounts (display_name, phone, phone_verified) values ('林巧', '+8613800000003', true) returning id`,
    );
    await bed.query(
      `insert into account_passwords (account_id, hash, must_change, changed_at) values ($1, $2, true, now())`,
      [account?.id, await hashPassword('first password')],
    );
    await inBrowser({ locale }, async (page) => {
      const began = await begin(configuration, { redirect_uri: application.redirectUri });
      await page.goto(began.url.href);
      await check(page, `login-with-phone-${locale}`);
      await page.click('[data-connection=phone]');
      await check(page, `local-phone-${locale}`);
      await page.click('a[href$="view=password"]');
      await page.fill('#phone', '13800000003');
      await page.fill('#password', 'wrong password');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=alert]');
      await check(page, `password-wrong-${locale}`);
      await page.fill('#phone', '13800000003');
      await page.fill('#password', 'first password');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#repeated');
      await check(page, `new-password-${locale}`);
      await page.fill('#password', 'my own password');
      await page.fill('#repeated', 'my own password');
      await page.keyboard.press('Enter');
      await page.waitForURL(atApplication);
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()?.sub).toBe(account?.id);
    });
  });

  it('/account shows the person, binds another platform, and unbinds it', async () => {
    await bed.query(
      `with a as (insert into accounts (display_name, phone, phone_verified, email) values ('王小明', '+8613800000001', true, 'wang@example.com') returning id)
       insert into identities (account_id, issuer, subject, connection, tenant, user_id)
       select id, 'dingtalk:dingexamplecorp01', $1, 'dingtalk', 'dingexamplecorp01', 'manager0042' from a`,
      [bed.sandbox.control.dingtalk.unionIdOf('dingexamplecorp01', 'wang-xiaoming')],
    );
    await inBrowser({ locale }, async (page) => {
      await page.goto(`${bed.issuer}/account`);
      await page.click('[data-connection=dingtalk]');
      await page.click('[data-member="manager0042"]');
      await page.waitForURL(/\/account$/);
      await check(page, `account-${locale}`);

      await page.click('[data-connection=wecom-hq] button');
      await page.click('[data-member="wang.m"]');
      await page.waitForSelector('dl.sides');
      await page.click('form[action*="/bind/confirm/"] button');
      await page.waitForURL(/\/account\?binding=ok$/);
      await check(page, `account-bound-${locale}`);
      expect(await bed.query('select 1 from identities')).toHaveLength(2);

      // The other one is how this browser is signed in: taking it off would sign out here too.
      await page.locator('form[action$="/unbind"] button').last().click();
      await page.waitForURL(/\/account\?unbound=ok$/);
      expect(await bed.query('select 1 from identities')).toHaveLength(1);

      await page.click('form[action$="/sign-out-everywhere"] button');
      await page.waitForSelector('h1');
      await page.goto(`${bed.issuer}/account`);
      expect(page.url()).toMatch(/\/login\//);
    });
  });
});

describe('inside the platforms’ own browsers', () => {
  it.each([
    ['DingTalk', dingtalkAgent],
    ['WeCom', wecomAgent],
  ])('%s: the phone page works', async (name, userAgent) => {
    await inBrowser({ locale: 'zh-CN', userAgent, viewport: phone }, async (page) => {
      bed.sandbox.control.wecom.setClientUser('ww1a2b3c4d5e6f7a8b', 'wang.m');
      const began = await begin(configuration, {
        redirect_uri: application.redirectUri,
        connection: name === 'DingTalk' ? 'dingtalk' : 'wecom-hq',
      });
      if (name === 'DingTalk') {
        const inApp = bed.sandbox.control.dingtalk.inAppCode({
          clientId: 'dingexampleappkey1',
          corpId: 'dingexamplecorp01',
          userid: 'user0077',
        });
        await page.route(/g\.alicdn\.com/, (route) =>
          route.fulfill({
            contentType: 'text/javascript',
            body: `window.dd = { requestAuthCode: (question) => question.onSuccess({ code: ${JSON.stringify(inApp)} }) };`,
          }),
        );
        await page.goto(began.url.href);
      } else {
        await page.goto(began.url.href);
        await page.click('[data-approve]');
        await page.waitForSelector('button[value=create]');
        await page.goto(`${page.url()}?view=phone`);
      }
      await page.waitForSelector('#phone');
      await page.fill('#phone', '13800000001');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#code');
      await page.fill('#code', code('13800000001'));
      await page.keyboard.press('Enter');
      if (name === 'WeCom') await page.click('button[value=create]');
      await page.waitForURL(atApplication);
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ phone_number: '+8613800000001' });
    });
  });
});
