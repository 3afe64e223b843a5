import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

import { type Application, startApplication } from '../fixtures/application.js';
import { desktop, openChromium, phone } from '../fixtures/chromium.js';
import { expectAccessible, expectFits } from '../fixtures/page-checks.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { begin, dingtalkAgent, discoverPortal, redeem, wecomAgent } from '../fixtures/sign-in.js';

const screenshots = join(process.cwd(), 'screenshots');

let bed: TestBed;
let configuration: client.Configuration;
let application: Application;
let redirectUri: string;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  application = await startApplication();
  ({ redirectUri } = application);
  bed = await openTestBed({
    provision: (file) => {
      file.clients[0]!['redirectUris'] = [portal.redirectUri, redirectUri];
    },
  });
  configuration = await discoverPortal(bed);
});

afterAll(async () => {
  await bed.stop();
  await application.stop();
});

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on a %s', (device, viewport) => {
  it.each([
    ['zh-CN', '钉钉', 'Chinese'],
    ['en-US', 'Continue with', 'English'],
  ])('in %s: chooses, scans and arrives', async (locale, words) => {
    const { context, close } = await openChromium({ viewport, locale });
    try {
      const page = await context.newPage();
      const began = await begin(configuration, { redirect_uri: redirectUri });
      await page.goto(began.url.href);
      expect(await page.content()).toContain(words);
      expect(await page.getAttribute('html', 'lang')).toBe(locale === 'en-US' ? 'en' : 'zh-CN');
      await page.screenshot({ path: join(screenshots, `login-${device}-${locale}.png`) });
      await expectAccessible(page);
      await expectFits(page);

      // By keyboard alone: the first stop is the first way to sign in.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForURL(/login\.dingtalk\.com/);
      await page.screenshot({ path: join(screenshots, `dingtalk-${device}-${locale}.png`) });
      await page.click('[data-member="manager0042"]');
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ name: '王小明' });
    } finally {
      await close();
    }
  });

  it('shows a calm page when something is wrong', async () => {
    const { context, close } = await openChromium({ viewport, locale: 'zh-CN' });
    try {
      const page = await context.newPage();
      const answer = await page.goto(
        `${bed.issuer}/callback/dingtalk?state=${'A'.repeat(32)}&code=x`,
      );
      expect(answer?.status()).toBe(400);
      expect(await page.textContent('dl')).toContain('state_invalid');
      await page.screenshot({ path: join(screenshots, `start-again-${device}.png`) });
      await expectAccessible(page);
      await page.goto(`${bed.issuer}/authorize?client_id=nobody`);
      await page.screenshot({ path: join(screenshots, `error-${device}.png`) });
      await expectAccessible(page);
      await expectFits(page);
    } finally {
      await close();
    }
  });
});

it('two tabs that begin at once both get in', async () => {
  const { context, close } = await openChromium({ viewport: desktop, locale: 'en-US' });
  try {
    // Each hand-off is answered when both have been asked for: neither has seen the other's cookie.
    const waiting: (() => void)[] = [];
    await context.route(/\/login\/[\w-]+\/dingtalk$/, async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) for (const goOn of waiting) goOn();
      });
      await route.fulfill({ response });
    });
    const ask = { redirect_uri: redirectUri, connection: 'dingtalk' };
    const tabs = await Promise.all(
      [0, 1].map(async () => ({
        page: await context.newPage(),
        began: await begin(configuration, ask),
      })),
    );
    await Promise.all(tabs.map(({ page, began }) => page.goto(began.url.href)));
    const cookies = (await context.cookies()).map(({ name }) => name);
    expect(cookies.filter((name) => name.startsWith('lingpai_browser_'))).toHaveLength(2);
    for (const { page, began } of tabs) {
      await page.click('[data-member="manager0042"]');
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ name: '王小明' });
    }
  } finally {
    await close();
  }
});

it('a failed sign-in is told by a form where the application asked for that, and again at a reload', async () => {
  const { context, close } = await openChromium({ viewport: phone, locale: 'zh-CN' });
  try {
    const page = await context.newPage();
    const callbacks: string[] = [];
    const told: (string | null)[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback/dingtalk')) callbacks.push(request.url());
      if (request.url() === redirectUri && request.method() === 'POST')
        told.push(new URLSearchParams(request.postData() ?? '').get('error_description'));
    });
    const ask = { redirect_uri: redirectUri, connection: 'dingtalk', response_mode: 'form_post' };
    await page.goto((await begin(configuration, ask)).url.href);
    await page.click('[data-member="zhao-qiang"]');
    await page.waitForURL(redirectUri);
    await page.goto(callbacks[0] ?? '');
    await page.waitForURL(redirectUri);
    expect(told).toEqual([
      expect.stringMatching(/^tenant_not_allowed: /),
      expect.stringMatching(/^tenant_not_allowed: /),
    ]);
  } finally {
    await close();
  }
});

describe('inside the platforms’ own browsers', () => {
  it('DingTalk: the bridge asks the client for a code, and nobody clicks', async () => {
    const { context, close } = await openChromium({
      viewport: phone,
      locale: 'zh-CN',
      userAgent: dingtalkAgent,
    });
    try {
      const page = await context.newPage();
      const violations: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) violations.push(message.text());
      });
      // DingTalk's container puts the library there; its code comes from the sandbox that plays the client.
      await page.route(/g\.alicdn\.com/, (route) =>
        route.fulfill({ contentType: 'text/javascript', body: clientLibrary() }),
      );
      const began = await begin(configuration, {
        redirect_uri: redirectUri,
        connection: 'dingtalk',
      });
      await page.goto(began.url.href);
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ name: '李娜' });
      expect(violations).toEqual([]);
    } finally {
      await close();
    }
  });

  it('DingTalk: a client that gives no code leads to another way', async () => {
    const { context, close } = await openChromium({
      viewport: phone,
      locale: 'zh-CN',
      userAgent: dingtalkAgent,
    });
    try {
      const page = await context.newPage();
      await page.route(/g\.alicdn\.com/, (route) =>
        route.fulfill({
          contentType: 'text/javascript',
          body: 'window.dd = { requestAuthCode: (q) => q.onFail({ errorCode: 3 }) };',
        }),
      );
      const began = await begin(configuration, {
        redirect_uri: redirectUri,
        connection: 'dingtalk',
      });
      await page.goto(began.url.href);
      await page.waitForSelector('#fallback:not([hidden]) a');
      await page.screenshot({ path: join(screenshots, 'dingtalk-bridge-failed.png') });
      await page.click('#fallback a');
      await page.waitForURL(/login\.dingtalk\.com/);
    } finally {
      await close();
    }
  });

  it('WeCom: consents once, and goes straight on', async () => {
    const { context, close } = await openChromium({
      viewport: phone,
      locale: 'zh-CN',
      userAgent: wecomAgent,
    });
    try {
      bed.sandbox.control.wecom.setClientUser('ww1a2b3c4d5e6f7a8b', 'wang.m');
      const page = await context.newPage();
      const began = await begin(configuration, { redirect_uri: redirectUri });
      await page.goto(began.url.href);
      await page.screenshot({ path: join(screenshots, 'wecom-consent.png') });
      await page.click('[data-approve]');
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      const tokens = await redeem(configuration, began, new URL(page.url()));
      expect(tokens.claims()).toMatchObject({ phone_number: '+8613900000018' });
    } finally {
      await close();
    }
  });
});

describe('signing out', () => {
  it('asks first when nothing proves who asks', async () => {
    const { context, close } = await openChromium({ viewport: desktop, locale: 'zh-CN' });
    try {
      const page = await context.newPage();
      const began = await begin(configuration, {
        redirect_uri: redirectUri,
        connection: 'dingtalk',
      });
      await page.goto(began.url.href);
      await page.click('[data-member="manager0042"]');
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      await page.goto(`${bed.issuer}/logout`);
      await page.screenshot({ path: join(screenshots, 'confirm-sign-out.png') });
      await page.click('button[name=logout]');
      await page.waitForURL(/logout\/success/);
      await page.screenshot({ path: join(screenshots, 'signed-out.png') });
      expect(await page.textContent('h1')).toBe('您已退出登录');
    } finally {
      await close();
    }
  });
});

function clientLibrary(): string {
  const source = `${bed.sandbox.endpoints.dingtalk.oapi}/sandbox/in-app-code`;
  const code = bed.sandbox.control.dingtalk.inAppCode({
    clientId: 'dingexampleappkey1',
    corpId: 'dingexamplecorp01',
    userid: 'user0077',
  });
  return `/* ${source} */ window.dd = { requestAuthCode: (question) => question.onSuccess({ code: ${JSON.stringify(code)} }) };`;
}
