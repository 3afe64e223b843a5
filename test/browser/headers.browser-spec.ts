import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import { codeOf, type InstallableApp, standInApp } from '../e2e/installable-connection.js';
import { adminApi } from '../fixtures/api.js';
import { desktop, openChromium } from '../fixtures/chromium.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { thirdParty } from '../fixtures/service-provider.js';
import { begin, dingtalkAgent, discoverPortal } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;
let app: InstallableApp;
let server: Server;
/** Of the application whose address is registered. */
let application: string;
/** The same pages under an address that is not. */
let stranger: string;
/** The forms that the application was sent. */
const forms: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let form = '';
    request.on('data', (chunk: Buffer) => (form += chunk.toString()));
    request.on('end', () => {
      if (request.method === 'POST') forms.push(form);
      response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end('<!doctype html><title>门户</title><h1>门户</h1>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  application = `http://localhost:${port}`;
  stranger = `http://127.0.0.1:${port}`;
  bed = await openTestBed({
    provision: ({ connections, clients }, sandbox) => {
      Object.assign(clients[0]!, { redirectUris: [portal.redirectUri, `${application}/callback`] });
      // Without a login suite it is the older way, whose page asks where its visitor comes from.
      const { loginSuite: _, ...older } = thirdParty(sandbox);
      connections.push(older, { slug: 'phone', platform: 'local', displayName: '手机号' });
    },
  });
  configuration = await discoverPortal(bed);
  app = standInApp(bed, 'sp');
  app.page = `${stranger}/install`;
});
afterAll(async () => {
  await bed.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

const start = async (parameters: Record<string, string> = {}) =>
  (await begin(configuration, { redirect_uri: `${application}/callback`, ...parameters })).url.href;

/** What a browser complains of that has to do with policies; of the service's pages, or of those who deal with it. */
async function withComplaints(
  options: BrowserContextOptions,
  walk: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<string[]> {
  const { context, close } = await openChromium({ viewport: desktop, locale: 'zh-CN', ...options });
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (/polic|directive|violat|refus|blocked|cross-origin/i.test(message.text()))
      complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  try {
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => console.log('violation of policy: ' + event.violatedDirective + ' by ' + event.blockedURI + ' at ' + location.href));`,
    );
    await walk(await context.newPage(), context);
    return complaints;
  } finally {
    await close();
  }
}

async function signIn(page: Page): Promise<void> {
  await page.goto(await start({ connection: 'dingtalk' }));
  await page.click('[data-member="manager0042"]');
  await page.waitForURL(`${application}/callback**`);
}

async function installLink(): Promise<string> {
  const api = await adminApi(bed);
  const made = await api('POST', '/connections/sp/install-links', { body: {} });
  return (made.body as { url: string }).url;
}

describe('no page is stopped by its own policy:', () => {
  const pages: [
    name: string,
    walk: (page: Page) => Promise<void>,
    options?: BrowserContextOptions,
  ][] = [
    [
      'login, and the ways on from it',
      async (page) => {
        await page.goto(await start());
        expect(await page.locator('a.choice').count()).toBe(4);
        await page.click('a.choice[href$="/phone"]');
        await page.waitForSelector('#phone');
        await page.fill('#phone', '13800000001');
        await page.keyboard.press('Enter');
        await page.waitForSelector('h1');
      },
    ],
    [
      'the hand-off to DingTalk’s client',
      async (page) => {
        await page.route(/g\.alicdn\.com/, (route) =>
          route.fulfill({
            contentType: 'text/javascript',
            body: 'window.dd = { requestAuthCode: (question) => question.onFail({ errorCode: 3 }) };',
          }),
        );
        await page.goto(await start({ connection: 'dingtalk' }));
        await page.waitForSelector('#fallback:not([hidden]) a');
      },
      { userAgent: dingtalkAgent },
    ],
    [
      'the hand-off that moves on by itself, to a platform that asks where its visitor comes from',
      async (page) => {
        const [asked] = await Promise.all([
          page.waitForRequest(/3rd_qrConnect/),
          page.goto(await start({ connection: 'wecom-any' })),
        ]);
        expect((await asked.allHeaders())['referer']).toBe(`${bed.issuer}/`);
      },
    ],
    [
      'account, signing out, signed out',
      async (page) => {
        await signIn(page);
        await page.goto(`${bed.issuer}/account`);
        expect(await page.textContent('body')).toContain('王小明');
        await page.goto(`${bed.issuer}/logout`);
        await page.click('button[name=logout]');
        await page.waitForURL(/logout\/success/);
      },
    ],
    [
      'installing, installed, and a link that is over',
      async (page) => {
        await page.goto(await installLink());
        await page.click('a.button-primary');
        await page.waitForURL(`${stranger}/install**`);
        const { state, callbackUrl } = app.opened.at(-1)!;
        await page.goto(`${callbackUrl.href}?auth_code=${codeOf('wpCorpA')}&state=${state}`);
        expect(await page.textContent('h1')).toContain('安装');
        await page.goto(`${bed.issuer}/install/nothing`);
        expect(await page.textContent('dl')).toContain('install_link_invalid');
      },
    ],
    [
      'errors of the engine, of the sign-in and of the API',
      async (page) => {
        for (const path of [
          '/authorize?client_id=nobody',
          '/login/nothing',
          `/callback/dingtalk?state=${'A'.repeat(32)}&code=x`,
          '/bind/nothing',
          '/nothing',
          '/api/v1/me',
        ])
          await page.goto(bed.issuer + path);
      },
    ],
    [
      'the API’s description',
      async (page) => {
        await page.goto(`${bed.issuer}/docs`);
        await page.waitForSelector('.opblock');
        await page.click('.opblock-get .opblock-summary-control');
        await page.click('button.try-out__btn');
        await page.click('button.execute');
        expect(await page.textContent('.live-responses-table')).toContain('401');
        const margin = await page.evaluate<string>('getComputedStyle(document.body).margin');
        expect(margin).toBe('0px');
      },
    ],
  ];

  it.each(pages)('%s', async (_name, walk, options = {}) => {
    const complaints = await withComplaints(options, walk);
    expect(complaints.filter((each) => !/status of [45]\d\d/.test(each))).toEqual([]);
  });

  it('which would be seen', async () => {
    const complaints = await withComplaints({}, async (page) => {
      await page.goto(`${bed.issuer}/authorize?client_id=nobody`);
      // A browser says it in a task of its own, after the script is refused.
      await Promise.all([
        page.waitForEvent('console', (message) => message.text().startsWith('violation of policy')),
        page.evaluate(
          `document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))`,
        ),
      ]);
    });
    expect(complaints.join('\n')).toContain('violation of policy: script-src-elem by inline');
  });
});

describe('no page can be framed', () => {
  it.each(['the application itself', 'a stranger'])('by %s', async (who) => {
    const site = who === 'a stranger' ? stranger : application;
    const login = await start();
    await withComplaints({}, async (page) => {
      await signIn(page);
      await page.goto(`${site}/page`);
      const framed = async (url: string): Promise<string> => {
        await page.evaluate(
          `new Promise((done) => {
             document.body.innerHTML = '<iframe></iframe>';
             const frame = document.querySelector('iframe');
             frame.onload = done;
             frame.src = ${JSON.stringify(url)};
           })`,
        );
        await eventually(() => expect(page.frames().at(-1)!.url()).not.toBe('about:blank'));
        return page.frames().at(-1)!.url();
      };
      expect(await framed(`${application}/page`)).toBe(`${application}/page`);
      for (const url of [
        `${login}&prompt=login`,
        `${bed.issuer}/authorize?client_id=nobody`,
        `${bed.issuer}/account`,
        `${bed.issuer}/logout`,
        `${bed.issuer}/login/nothing`,
        `${bed.issuer}/callback/dingtalk?state=x`,
        `${bed.issuer}/bind/confirm/nothing`,
        `${bed.issuer}/logout/success`,
        await installLink(),
        `${bed.issuer}/docs`,
        `${bed.issuer}/api/v1/me`,
        `${bed.issuer}/health/live`,
        `${bed.issuer}/nothing`,
      ])
        expect([url, await framed(url)]).toEqual([url, 'chrome-error://chromewebdata/']);
    });
  });

  it('but tokens are renewed in a hidden frame, since that is redirects alone', async () => {
    await withComplaints({}, async (page) => {
      await signIn(page);
      await page.goto(`${application}/page`);
      const silent = await start({ prompt: 'none' });
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(silent)} }))`,
      );
      const frame = page.frames().at(-1)!;
      await frame.waitForURL(`${application}/callback?**`);
      expect(new URL(frame.url()).searchParams.get('code')).toMatch(/./);
    });
  });
});

describe('an application', () => {
  it('that opened a window for the sign-in still has it at the end, and the window its opener', async () => {
    await withComplaints({}, async (page, context) => {
      await page.goto(`${application}/page`);
      const [popup] = await Promise.all([
        context.waitForEvent('page'),
        page.evaluate(`{ window.opened = open(${JSON.stringify(await start())}); undefined }`),
      ]);
      await popup.click('a.choice[href$="/dingtalk"]');
      await popup.click('[data-member="manager0042"]');
      await popup.waitForURL(`${application}/callback**`);
      expect(await popup.evaluate('opener !== null && opener.location.pathname')).toBe('/page');
      expect(await page.evaluate('window.opened.closed')).toBe(false);
    });
  });

  it('does not hold the window of the account page', async () => {
    await withComplaints({}, async (page, context) => {
      await signIn(page);
      await page.goto(`${application}/page`);
      const [popup] = await Promise.all([
        context.waitForEvent('page'),
        page.evaluate(
          `{ window.opened = open(${JSON.stringify(`${bed.issuer}/account`)}); undefined }`,
        ),
      ]);
      await popup.waitForURL(`${bed.issuer}/account`);
      expect(await popup.evaluate('opener')).toBeNull();
      expect(await page.evaluate('window.opened.closed')).toBe(true);
    });
  });

  it('gets its answer as a form, if it asked for that', async () => {
    const complaints = await withComplaints({}, async (page) => {
      await page.goto(await start({ connection: 'dingtalk', response_mode: 'form_post' }));
      await page.click('[data-member="manager0042"]');
      await page.waitForURL(`${application}/callback`);
    });
    expect(complaints).toEqual([]);
    expect(new URLSearchParams(forms.at(-1)).get('code')).toMatch(/./);
  });

  it('reads in the browser what it is let read, with the reasons of a refusal; a stranger nothing', async () => {
    const question = `fetch('${bed.issuer}/api/v1/me', { headers: { authorization: 'Bearer x' } }).then(
      (answer) => [answer.status, answer.headers.get('www-authenticate'), !!answer.headers.get('x-request-id')],
      (error) => error.message)`;
    const keys = `fetch('${bed.issuer}/.well-known/jwks.json').then(
      async (answer) => (await answer.json()).keys.length, (error) => error.message)`;
    const introspection = `fetch('${bed.issuer}/introspect', { method: 'POST' }).then(
      (answer) => answer.status, (error) => error.message)`;
    await withComplaints({}, async (page) => {
      await page.goto(`${application}/page`);
      expect(await page.evaluate(question)).toEqual([401, 'Bearer error="invalid_token"', true]);
      expect(await page.evaluate(keys)).toBe(1);
      expect(await page.evaluate(introspection)).toBe('Failed to fetch');
      // The cache holds the application's answer by now.
      await page.goto(`${stranger}/page`);
      expect(await page.evaluate(question)).toBe('Failed to fetch');
      expect(await page.evaluate(keys)).toBe('Failed to fetch');
    });
  });
});
