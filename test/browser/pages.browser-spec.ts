import { mkdir } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page as Tab } from 'playwright-core';

import { assets } from '../../src/auth/sign-in/pages/assets.js';
import type { Language } from '../../src/auth/sign-in/pages/language.js';
import type { Page } from '../../src/auth/sign-in/pages/page.js';
import { Pages } from '../../src/auth/sign-in/pages/pages.js';
import { desktop, openChromium } from '../fixtures/chromium.js';
import { expectAccessible, expectFits } from '../fixtures/page-checks.js';

const screenshots = join(process.cwd(), 'screenshots');
/** The pictures are for people: nobody looks at those that CI would take, which cost a quarter of the time. */
const isLookedAt = process.env['CI'] === undefined;
const smallPhone = { width: 360, height: 740 };
const languages: readonly Language[] = ['zh-CN', 'en'];

const pages = new Pages();
const way = { csrf: 'token', cancelAction: '/cancel', leadsTo: ['https://portal.example.com/'] };
const phone = { ...way, connectionName: '钉钉', action: '/phone' };
const code = {
  ...way,
  maskedPhone: '138****0001',
  action: '/code',
  resendAction: '/resend',
  changePhoneHref: '/phone',
};
const password = { ...way, connectionName: '手机号', action: '/password' };
const identity = {
  platform: 'wecom-self-built',
  connectionName: '企业微信',
  displayName: '王小明',
  tenant: 'ww1a2b3c4d5e6f7a8b',
};
const choice = {
  ...way,
  identity,
  action: '/choose',
  haveAccountHref: '/other-ways',
  mayAskAdministrator: true,
  asked: false,
};
const others = [
  { slug: 'dingtalk', displayName: '钉钉', platform: 'dingtalk', href: '/with/dingtalk' },
  { slug: 'sp', displayName: '服务商', platform: 'wecom-service-provider', href: '/with/sp' },
];
const account = {
  csrf: 'token',
  account: {
    displayName: '王小明',
    phone: '+8613800000001',
    phoneVerified: true,
    email: 'wang.xiaoming@example.com',
  },
  identities: [
    {
      platform: 'dingtalk',
      connectionName: '钉钉',
      tenant: 'dingexamplecorp01',
      userId: 'manager0042',
      boundAt: new Date('2026-01-05T01:30:00Z'),
      lastUsedAt: new Date('2026-11-20T23:59:00Z'),
      unbindAction: '/account/identities/1/unbind',
    },
    {
      platform: 'wecom-self-built',
      connectionName: '企业微信',
      tenant: 'ww1a2b3c4d5e6f7a8b',
      boundAt: new Date('2026-10-01T08:00:00Z'),
      lastUsedAt: new Date('2026-10-01T08:00:00Z'),
      unbindAction: '/account/identities/2/unbind',
    },
  ],
  bindable: [
    { slug: 'sp', displayName: '服务商', platform: 'wecom-service-provider', action: '/bind/sp' },
  ],
  sessions: [
    { current: true, connectionName: '钉钉', signedInAt: new Date('2026-11-20T23:59:00Z') },
    { current: false, connectionName: '企业微信', signedInAt: new Date('2026-11-18T09:12:00Z') },
  ],
  signOutEverywhereAction: '/account/sign-out-everywhere',
  signOutHref: '/logout',
};
const unbroken = 'W'.repeat(64);
const long = { ...identity, displayName: unbroken, connectionName: unbroken, tenant: unbroken };

/** Every page in the states that a person may meet it in. */
const views: Readonly<Record<string, (language: Language) => Page>> = {
  login: (language) =>
    pages.login({
      language,
      clientName: '门户',
      connections: [
        { ...others[0]!, href: '/login/1/dingtalk' },
        { slug: 'phone', displayName: '手机号', platform: 'local', href: '/login/1/phone' },
      ],
    }),
  'phone-sign-up': (language) => pages.phone({ ...phone, language, purpose: 'sign-up' }),
  'phone-sign-in': (language) =>
    pages.phone({ ...phone, language, purpose: 'sign-in', passwordHref: '/password' }),
  'phone-have-account': (language) =>
    pages.phone({
      ...phone,
      language,
      purpose: 'have-account',
      phone: '13800000001',
      backHref: '/other-ways',
    }),
  'phone-invalid': (language) =>
    pages.phone({
      ...phone,
      language,
      purpose: 'sign-up',
      phone: '12345',
      complaint: { code: 'phone_invalid' },
    }),
  'phone-too-many': (language) =>
    pages.phone({
      ...phone,
      language,
      purpose: 'sign-up',
      complaint: { code: 'too_many_requests', waitSeconds: 48 },
    }),
  code: (language) => pages.phoneCode({ ...code, language, resendAfterSeconds: 60 }),
  'code-resend': (language) => pages.phoneCode({ ...code, language, resendAfterSeconds: 0 }),
  'code-wrong': (language) =>
    pages.phoneCode({
      ...code,
      language,
      resendAfterSeconds: 37,
      complaint: { code: 'phone_code_wrong', triesLeft: 2 },
    }),
  'code-expired': (language) =>
    pages.phoneCode({
      ...code,
      language,
      resendAfterSeconds: 0,
      complaint: { code: 'phone_code_expired' },
    }),
  password: (language) => pages.password({ ...password, language, phoneCodeHref: '/phone' }),
  'password-wrong': (language) =>
    pages.password({
      ...password,
      language,
      phone: '13800000001',
      complaint: { code: 'password_wrong' },
    }),
  'new-password': (language) =>
    pages.newPassword({ ...way, language, action: '/new-password', minLength: 10 }),
  'new-password-unsuitable': (language) =>
    pages.newPassword({
      ...way,
      language,
      action: '/new-password',
      minLength: 10,
      complaint: { code: 'password_unsuitable' },
    }),
  choice: (language) => pages.choice({ ...choice, language }),
  'choice-asked': (language) =>
    pages.choice({ ...choice, language, asked: true, provenPhone: '138****0001' }),
  'other-ways': (language) =>
    pages.otherWays({
      ...way,
      language,
      identity,
      phoneHref: '/phone',
      connections: others,
      backHref: '/choice',
    }),
  confirm: (language) =>
    pages.confirmBinding({
      ...way,
      language,
      identity,
      account: { displayName: '王小明', maskedPhone: '138****0001' },
      action: '/confirm',
    }),
  'confirm-long': (language) =>
    pages.confirmBinding({
      ...way,
      language,
      identity: long,
      account: { displayName: unbroken },
      action: '/confirm',
    }),
  conflict: (language) =>
    pages.deadEnd({
      ...way,
      language,
      code: 'binding_conflict',
      requestId: '0f8fad5b-d9cb-469f-a165-70867728950e',
      anotherNumberHref: '/phone',
      backHref: '/choice',
    }),
  unknown: (language) =>
    pages.deadEnd({ ...way, language, code: 'account_not_found', requestId: 'req-1' }),
  'request-sent': (language) => pages.requestSent({ ...way, language }),
  account: (language) => pages.account({ ...account, language, done: 'bound' }),
  'account-last': (language) =>
    pages.account({
      ...account,
      language,
      identities: account.identities.slice(0, 1),
      bindable: [],
      complaint: { code: 'last_sign_in_method' },
    }),
  'account-empty': (language) =>
    pages.account({
      ...account,
      language,
      account: { phoneVerified: false },
      identities: [],
      sessions: [],
    }),
  'account-long': (language) =>
    pages.account({
      ...account,
      language,
      account: { displayName: unbroken, phoneVerified: false, email: `${unbroken}@example.com` },
      identities: [{ ...account.identities[0]!, ...long, userId: unbroken }],
      bindable: [{ ...account.bindable[0]!, displayName: unbroken }],
      sessions: [{ current: true, connectionName: unbroken, signedInAt: new Date(0) }],
    }),
};

let server: Server;
let origin: string;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  server = createServer((request, response) => {
    const path = request.url ?? '/';
    const asset = assets.get(path);
    if (asset) {
      response.setHeader('content-type', asset.contentType).end(asset.body);
      return;
    }
    const [, language, view = ''] = path.split('/');
    const page = views[view]?.(language === 'en' ? 'en' : 'zh-CN');
    response.writeHead(page?.status ?? 404, page?.headers).end(page?.html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = originOf(server);
});

afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

function originOf(listening: Server): string {
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

/** The names and heights of what a finger has to hit, where those are less than 44 px high. */
function smallTargets(tab: Tab): Promise<string[]> {
  return tab.locator('a, button, input:not([type=hidden])').evaluateAll((elements) =>
    elements
      .map((element) => ({
        name: String(element.textContent || element.getAttribute('name')),
        height: Math.round(element.getBoundingClientRect().height),
      }))
      .filter(({ height }) => height < 44)
      .map(({ name, height }) => `${name.trim()}: ${height}`),
  );
}

describe.each([
  ['phone', 'light', smallPhone],
  ['phone', 'dark', smallPhone],
  ['desktop', 'light', desktop],
] as const)('on a %s, %s', (device, colorScheme, viewport) => {
  let context: BrowserContext;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ context, close } = await openChromium({ viewport, colorScheme }));
  });
  afterAll(() => close());

  it.each(languages.flatMap((language) => Object.keys(views).map((view) => [view, language])))(
    '%s in %s can be read, reached and fits',
    async (view, language) => {
      const tab = await context.newPage();
      const stopped: string[] = [];
      tab.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) stopped.push(message.text());
      });
      await tab.goto(`${origin}/${language}/${view}`);
      if (isLookedAt) {
        const file = `pages-${view}-${device}-${colorScheme}-${language}.png`;
        await tab.screenshot({ path: join(screenshots, file), fullPage: true });
      }

      expect(await tab.getAttribute('html', 'lang')).toBe(language);
      expect(stopped).toEqual([]);
      await expectFits(tab);
      expect(await smallTargets(tab)).toEqual([]);
      await expectAccessible(tab);
      await tab.close();
    },
  );
});

it('a form ends where the application goes on to, even on another origin', async () => {
  const listen = async (answer: RequestListener): Promise<Server> => {
    const started = createServer(answer);
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return started;
  };
  const front = await listen((_request, response) => response.end('signed in'));
  const back = await listen((_request, response) =>
    response.writeHead(302, { location: `${originOf(front)}/home` }).end(),
  );
  const leadsTo = [`${originOf(back)}/callback`];
  const { html, headers } = pages.requestSent({ ...way, language: 'en', leadsTo });
  const ours = await listen((request, response) =>
    request.method === 'POST'
      ? response.writeHead(303, { location: leadsTo[0] }).end()
      : response.writeHead(200, headers).end(html),
  );
  const { context, close } = await openChromium({ viewport: smallPhone });
  try {
    const tab = await context.newPage();
    await tab.goto(originOf(ours));
    await tab.click('button');
    await tab.waitForURL(`${originOf(front)}/home`, { timeout: 5000 });
    expect(await tab.textContent('body')).toBe('signed in');
  } finally {
    await close();
    for (const each of [front, back, ours]) each.close();
  }
});

it.each([
  ['phone-sign-up', 'phone'],
  ['code', 'code'],
  ['password', 'phone'],
  ['password-wrong', 'password'],
  ['new-password', 'password'],
])('on %s, one types at once', async (view, field) => {
  const { context, close } = await openChromium({ viewport: smallPhone });
  try {
    const tab = await context.newPage();
    await tab.goto(`${origin}/en/${view}`);
    expect(await tab.getAttribute(':focus', 'name')).toBe(field);
  } finally {
    await close();
  }
});
