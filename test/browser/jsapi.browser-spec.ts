import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { type DemoApp, startDemoApp } from '../../demo/app/demo-app.js';
import { portOr } from '../../demo/ports.js';
import { type DemoClient, demoClient, wecomApp } from '../../demo/provisioning.js';
import { machineToken } from '../fixtures/api.js';
import { type Application, startApplication } from '../fixtures/application.js';
import { openChromium, phone } from '../fixtures/chromium.js';
import { expectAccessible, expectFits } from '../fixtures/page-checks.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

const screenshots = join(process.cwd(), 'screenshots');
const names = ['wx.config', 'wx.agentConfig', 'ww.register', 'dd.config'] as const;

let bed: TestBed;
let application: DemoApp;
let plain: Application;
let registration: DemoClient;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  plain = await startApplication();
  const port = await portOr(0);
  registration = demoClient(`http://localhost:${port}`);
  bed = await openTestBed({
    provision: ({ connections, clients }) => {
      for (const connection of connections) {
        connection['jsapiOrigins'] = [
          `http://localhost:${port}`,
          new URL(plain.redirectUri).origin,
        ];
      }
      Object.assign(connections[1] ?? {}, { slug: 'wecom' });
      clients.push({
        clientId: registration.clientId,
        clientSecret: registration.clientSecret,
        displayName: 'Demo',
        redirectUris: [plain.redirectUri],
        scopes: ['openid', 'jsapi:sign'],
        grantTypes: ['authorization_code', 'client_credentials'],
      });
    },
  });
  application = await startDemoApp(port, bed.issuer, registration, bed.sandbox.scripts);
  for (const { host } of [new URL(application.url), new URL(plain.redirectUri)]) {
    bed.sandbox.control.wecom.trustDomain(wecomApp.corpId, wecomApp.agentId, host);
  }
});
afterEach(() => {
  // Not reset as a whole: the service has tickets that the sandbox must go on knowing.
  Object.assign(bed.sandbox.control.dingtalk.settings, { jsapiHash: 'sha256' });
  Object.assign(bed.sandbox.control.wecom.settings, { clientVersion: '4.1.20' });
});
afterAll(async () => {
  await application.stop();
  await plain.stop();
  await bed.stop();
});

/** Opens the page in a Chromium of its own, and reports what its security policy stopped. */
async function onPage(path: string, walk: (page: Page) => Promise<void>): Promise<void> {
  const { context, close } = await openChromium({ viewport: phone, locale: 'zh-CN' });
  const stopped: string[] = [];
  try {
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) stopped.push(message.text());
    });
    await page.goto(application.url + path);
    await walk(page);
    expect(stopped).toEqual([]);
  } finally {
    await close();
  }
}

/** What the page shows of each, once none is under way. */
async function outcomes(page: Page): Promise<Record<string, string | null>> {
  for (const name of names) {
    await page.waitForSelector(`[data-outcome="${name}"]:not(:text-is("…"))`);
  }
  const shown: [string, string | null][] = [];
  for (const name of names) {
    shown.push([name, await page.textContent(`[data-outcome="${name}"]`)]);
  }
  return Object.fromEntries(shown);
}

const allOk = {
  'wx.config': 'ok',
  'wx.agentConfig': 'ok',
  'ww.register': 'ok',
  'dd.config': 'ok',
};

describe('a page that is signed', () => {
  it('is taken by both platforms, and again by WeCom when its address has changed', () =>
    onPage('/', async (page) => {
      await page.click('a[href="/jsapi"]');
      expect(await outcomes(page)).toEqual(allOk);
      await page.screenshot({ path: join(screenshots, 'demo-jsapi.png'), fullPage: true });
      await expectFits(page);
      await expectAccessible(page);

      const before = bed.sandbox.control.calls();
      await page.click('#again');
      expect(await outcomes(page)).toEqual(allOk);
      expect(page.url()).toBe(`${application.url}/jsapi?step=1`);
      const after = bed.sandbox.control.calls();
      const asked = (call: string): number => (after[call] ?? 0) - (before[call] ?? 0);
      expect(asked('open.work.weixin.qq.com/sandbox/jsapi/config')).toBe(2);
      expect(asked('open.work.weixin.qq.com/sandbox/jsapi/agentConfig')).toBe(2);
      expect(asked('g.alicdn.com/sandbox/jsapi-config')).toBe(0);
    }));

  it.each([
    '/jsapi?next=%2Forders%3Fq%3D%E6%9E%97%20b+c&rate=1#/home?tab=2',
    '/jsapi?名=林 巧&plus=1%2B1',
    '/jsapi?#',
  ])('is taken at %s', (path) =>
    onPage(path, async (page) => expect(await outcomes(page)).toEqual(allOk)),
  );

  it('is taken by a WeCom client that wants the company’s signature first', () => {
    bed.sandbox.control.wecom.settings.clientVersion = '3.0.20';
    return onPage('/jsapi', async (page) => expect(await outcomes(page)).toEqual(allOk));
  });
});

describe('the README’s example', () => {
  it('configures a page that asks Lingpai by itself, from another origin', async () => {
    const readme = await readFile(join(process.cwd(), 'README.md'), 'utf8');
    const section = readme.split('\n## JSAPI signatures\n')[1] ?? '';
    const example = /^```js\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? '';
    const script = example
      .replaceAll('https://id.example.com', bed.issuer)
      .replaceAll('wecom-hq', 'wecom')
      .replaceAll('1000002', wecomApp.agentId);
    const { control, scripts } = bed.sandbox;
    const token = await machineToken(bed, registration, 'jsapi:sign');
    const { context, close } = await openChromium({ viewport: phone });
    try {
      const page = await context.newPage();
      await page.goto(`${plain.redirectUri}?from=a%20b#/home`);
      for (const url of Object.values(scripts) as string[]) await page.addScriptTag({ url });
      const before = control.requests().length;
      await page.evaluate(`(async () => { const token = ${JSON.stringify(token)}; ${script} })()`);
      const outcomes = (): string[] =>
        control
          .requests()
          .slice(before)
          .filter(({ call }) => call.includes('/sandbox/jsapi'))
          .map(({ call, outcome }) => `${call.split('/').at(-1) ?? ''} ${outcome}`)
          .sort();
      // Some of it comes after the example's end: what waits for wx.ready, and what ww does by itself.
      for (let tries = 0; tries < 100 && outcomes().length < 4; tries += 1) {
        await page.waitForTimeout(50);
      }
      expect(outcomes()).toEqual([
        'agentConfig ok',
        'agentConfig ok',
        'config ok',
        'jsapi-config ok',
      ]);
    } finally {
      await close();
    }
  });
});

describe('a page that a platform refuses', () => {
  it('shows DingTalk’s code where its client expects the other hash', () => {
    bed.sandbox.control.dingtalk.settings.jsapiHash = 'sha1';
    return onPage('/jsapi', async (page) => {
      expect(await outcomes(page)).toEqual({ ...allOk, 'dd.config': '52013' });
      await page.screenshot({ path: join(screenshots, 'demo-jsapi-refused.png'), fullPage: true });
    });
  });

  it('shows WeCom’s code where the signed address is not the page’s', () =>
    onPage('/jsapi', async (page) => {
      await page.route(/\/jsapi\/signature\?/, (route) => {
        const url = new URL(route.request().url());
        url.searchParams.set('url', `${application.url}/jsapi?other`);
        return route.continue({ url: url.href });
      });
      await page.reload();
      expect(await outcomes(page)).toEqual({
        'wx.config': '40093',
        'wx.agentConfig': '40093',
        'ww.register': '40093',
        'dd.config': '52013',
      });
    }));

  it('is not signed for another origin', async () => {
    const query = new URLSearchParams({
      for: 'wx.config',
      url: 'https://portal.example.com/jsapi',
    });
    const answer = await fetch(`${application.url}/jsapi/signature?${query.toString()}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'not_a_page_of_this_application' });
  });
});
