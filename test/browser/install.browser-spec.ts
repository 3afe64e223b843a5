import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { codeOf, type InstallableApp, standInApp } from '../e2e/installable-connection.js';
import { adminApi, type Api } from '../fixtures/api.js';
import { desktop, openChromium } from '../fixtures/chromium.js';
import { expectAccessible, expectFits } from '../fixtures/page-checks.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

const screenshots = join(process.cwd(), 'screenshots');
const smallPhone = { width: 360, height: 740 };

let bed: TestBed;
let api: Api;
let app: InstallableApp;
let platform: Server;
/** What the platform's page was told of where its visitor came from. */
const referers: (string | undefined)[] = [];

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  platform = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://platform');
    if (pathname !== '/3rdapp/install') return void response.writeHead(404).end();
    referers.push(request.headers.referer);
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    back.searchParams.set('auth_code', codeOf('wpCorpA'));
    back.searchParams.set('state', searchParams.get('state') ?? '');
    response.writeHead(302, { location: back.href }).end();
  });
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
  bed = await openTestBed();
  api = await adminApi(bed);
  app = standInApp(bed, 'sp', '一个名字相当长的示例应用程序');
  app.page = `http://127.0.0.1:${(platform.address() as AddressInfo).port}/3rdapp/install`;
});
afterAll(async () => {
  await bed.stop();
  await new Promise((resolve) => {
    platform.close(resolve);
    platform.closeAllConnections();
  });
});

describe.each([
  ['phone', 'light', smallPhone, 'zh-CN'],
  ['phone', 'dark', smallPhone, 'en-US'],
  ['desktop', 'light', desktop, 'en-US'],
] as const)('on a %s, %s', (device, colorScheme, viewport, locale) => {
  it('a corp installs the app: every page can be read and fits, and the click tells our origin', async () => {
    referers.length = 0;
    const { context, close } = await openChromium({ viewport, colorScheme, locale });
    const stopped: string[] = [];
    try {
      const tab = await context.newPage();
      tab.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) stopped.push(message.text());
      });
      const look = async (name: string): Promise<void> => {
        const file = `install-${name}-${device}-${colorScheme}-${locale}.png`;
        await tab.screenshot({ path: join(screenshots, file), fullPage: true });
        await expectFits(tab);
        await expectAccessible(tab);
      };
      const made = await api('POST', '/connections/sp/install-links', { body: {} });
      await tab.goto((made.body as { url: string }).url);
      await look('page');
      const button = tab.locator('a.button');
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      await button.click();
      await tab.waitForURL('**/install/sp/callback**');
      expect(await tab.textContent('main')).toContain('企业 <b>wpCorpA</b>');
      await look('done');
      await tab.reload();
      expect(await tab.textContent('main')).toContain('企业 <b>wpCorpA</b>');
      expect(referers).toEqual([`${bed.issuer}/`]);

      await tab.goto(`${bed.issuer}/install/${'A'.repeat(43)}`);
      expect(await tab.textContent('main')).toContain('install_link_invalid');
      await look('invalid');
      expect(stopped).toEqual([]);
    } finally {
      await close();
    }
  });
});
