import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from 'openid-client';

import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { submit, submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import {
  atPortal,
  begin,
  dingtalkAgent,
  discoverPortal,
  redeem,
  signInOnWeb,
} from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: { LIMIT_SIGN_IN_PER_MINUTE: '10000' },
    provision: ({ connections }) => {
      Object.assign(connections[1] ?? {}, { signUp: 'phone' });
      connections.push({ slug: 'phone', platform: 'local', displayName: '手机号', signUp: 'ask' });
    },
  });
  configuration = await discoverPortal(bed);
});
beforeEach(() => {
  bed.clock.reset();
  bed.sandbox.control.reset();
});
afterAll(() => bed.stop());

type Began = Awaited<ReturnType<typeof begin>>;

interface Tab {
  readonly began: Began;
  /** What the hand-off answered. */
  readonly leaving: Visit;
}

/** Opens tabs that all ask for their hand-off before the first of them has an answer. */
async function openAtOnce(browser: TestBrowser, connection: string, count = 2): Promise<Tab[]> {
  const begun = await Promise.all(
    Array.from({ length: count }, () => begin(configuration, { connection })),
  );
  const asked: Visit[] = [];
  for (const { url } of begun) asked.push(await browser.get(url));
  const leaving = await Promise.all(asked.map(({ location }) => browser.get(location ?? '')));
  return begun.map((began, at) => ({ began, leaving: leaving[at]! }));
}

/** Where the platform sends this tab back to. */
async function scan(browser: TestBrowser, { leaving }: Tab, member: string): Promise<URL> {
  const page = await browser.follow(leaving.location!);
  return (await browser.get(linkWith(page, `data-member="${member}"`))).location!;
}

const ours = (visits: readonly Visit[]): string[] =>
  visits
    .flatMap(({ headers }) => headers.getSetCookie())
    .filter((header) => header.startsWith('lingpai_browser'));

describe('two tabs that begin at once in a browser without a cookie', () => {
  it.each([
    ['the first first', [0, 1]],
    ['the second first', [1, 0]],
  ])('both get in, %s', async (_name, order) => {
    const browser = new TestBrowser();
    const tabs = await openAtOnce(browser, 'dingtalk');
    for (const at of order) {
      const tab = tabs[at]!;
      const end = await browser.follow(await scan(browser, tab, 'manager0042'), atPortal);
      const tokens = await redeem(configuration, tab.began, end.location ?? new URL('x:'));
      expect(tokens.claims()).toMatchObject({ name: '王小明' });
    }
  });

  it('both get in inside DingTalk, where a page of ours asks for the code', async () => {
    const browser = new TestBrowser({ 'user-agent': dingtalkAgent });
    const tabs = await openAtOnce(browser, 'dingtalk');
    for (const { leaving } of tabs) {
      const callback = /http:\/\/localhost:\d+\/callback\/dingtalk\?state=\w{32}/;
      const url = new URL(callback.exec(leaving.text)?.[0] ?? 'x:');
      const app = { clientId: 'dingexampleappkey1', corpId: 'dingexamplecorp01' };
      const code = bed.sandbox.control.dingtalk.inAppCode({ ...app, userid: 'user0077' });
      url.searchParams.set('code', code);
      const end = await browser.follow(url, atPortal);
      expect(end.location?.searchParams.get('code')).toMatch(/./);
    }
  });

  it('go on in both with what a first sign-in asks', async () => {
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const tabs = await openAtOnce(browser, 'wecom-hq');
    const pages: Visit[] = [];
    for (const tab of tabs)
      pages.push(await browser.follow(await scan(browser, tab, 'Lin.Qiao'), atPortal));
    for (const page of pages) {
      const asked = await submitAndFollow(browser, page, '/phone', { phone: '13800000011' });
      expect(asked.status).toBe(200);
      expect(asked.text).toContain('/code');
      bed.clock.advance(61);
    }
  });

  it('show both a form that can be sent', async () => {
    const browser = new TestBrowser({ 'accept-language': 'en' });
    const tabs = await openAtOnce(browser, 'phone');
    const pages = [];
    for (const { leaving } of tabs) pages.push(await browser.follow(leaving.location!));
    for (const page of pages) {
      const sent = await submit(browser, page, '/phone', { phone: 'not a number' });
      expect(sent.status).toBe(422);
      expect(sent.text).toContain('name="phone"');
    }
  });

  it('each keeps its own ten minutes, and is good once', async () => {
    const browser = new TestBrowser();
    const [first, second] = await openAtOnce(browser, 'dingtalk');
    const [used, late] = [
      await scan(browser, first!, 'manager0042'),
      await scan(browser, second!, 'manager0042'),
    ];
    expect((await browser.get(used)).status).toBe(302);
    used.searchParams.set('code', 'another');
    used.searchParams.set('authCode', 'another');
    expect((await browser.get(used)).status).toBe(400);
    bed.clock.advance(601);
    expect((await browser.get(late)).status).toBe(400);
  });

  it('are refused in another browser, also in one that began a sign-in itself', async () => {
    const browser = new TestBrowser();
    const [tab] = await openAtOnce(browser, 'dingtalk');
    const url = await scan(browser, tab!, 'manager0042');
    const stranger = new TestBrowser();
    await openAtOnce(stranger, 'dingtalk');
    expect((await stranger.get(url)).status).toBe(400);
    expect((await browser.get(url)).status).toBe(302);
  });

  it('leave one cookie for good; the others are for half an hour', async () => {
    const browser = new TestBrowser();
    const tabs = await openAtOnce(browser, 'dingtalk');
    const lasting = /^lingpai_browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/;
    const passing =
      /^lingpai_browser_[\w-]{6}=[\w-]{43}; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/;
    expect(ours(tabs.map(({ leaving }) => leaving))).toEqual([
      expect.stringMatching(lasting),
      expect.stringMatching(passing),
      expect.stringMatching(lasting),
      expect.stringMatching(passing),
    ]);
    const later = await openAtOnce(browser, 'dingtalk');
    expect(ours(later.map(({ leaving }) => leaving))).toEqual([]);
  });
});

it('fifty tabs at once all get in, and the cookies fit in what a proxy takes', async () => {
  const browser = new TestBrowser();
  const tabs = await openAtOnce(browser, 'dingtalk', 50);
  const cookies = ours(tabs.map(({ leaving }) => leaving)).filter((each) => each.includes('Max'));
  expect(cookies).toHaveLength(50);
  const sent = cookies.map((each) => each.slice(0, each.indexOf(';'))).join('; ');
  // Over https each name has eight characters more.
  expect(sent.length + 50 * '__Host-'.length).toBeLessThan(4096);
  for (const tab of [tabs[0]!, tabs[25]!, tabs[49]!]) {
    const end = await browser.follow(await scan(browser, tab, 'manager0042'), atPortal);
    expect(end.location?.searchParams.get('code')).toMatch(/./);
  }
}, 60_000);

it('two windows of /account that open at once after a restart both change something', async () => {
  const { browser } = await signInOnWeb(configuration, 'dingtalk', 'manager0042');
  browser.forget((name) => name.startsWith('lingpai_browser'));
  const [first] = await Promise.all([
    browser.get(`${bed.issuer}/account`),
    browser.get(`${bed.issuer}/account`),
  ]);
  const done = await submit(browser, first, '/account/sign-out-everywhere');
  expect(done.status).toBe(200);
  expect(done.location).toBeUndefined();
});
