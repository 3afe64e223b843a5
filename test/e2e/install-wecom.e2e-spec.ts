import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  pineCorp,
  redwoodCorp,
  spProvider,
  spSuite,
  spTemplate,
} from '../../sandbox/testing/wecom-provider.js';
import { adminApi, type Api } from '../fixtures/api.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';

let bed: TestBed;
let api: Api;

beforeAll(async () => {
  bed = await openTestBed();
  api = await adminApi(bed);
  const control = bed.sandbox.control.wecomProvider;
  control.trustDomain(new URL(bed.issuer).host);
  for (const [slug, appType, suite, eventToken, eventAesKey] of [
    [
      'sp',
      'third-party',
      spSuite,
      'exampleToken3rd',
      'SandboxOnlyThirdPartySuite0123456789abcdefB',
    ],
    [
      'sp-dk',
      'delegated',
      spTemplate,
      'exampleTokenDk',
      'SandboxOnlyDelegatedTemplate0123456789abcdB',
    ],
  ] as const) {
    const made = await api('POST', '/connections', {
      body: {
        slug,
        platform: 'wecom-service-provider',
        displayName: '示例应用',
        appType,
        providerCorpId: spProvider.corpId,
        providerSecret: spProvider.secret,
        suiteId: suite.suiteId,
        suiteSecret: suite.secret,
        eventToken,
        eventAesKey,
        endpoints: bed.sandbox.endpoints.wecom,
      },
    });
    expect(made.body).toMatchObject({ slug });
    await control.registerCallback({
      suiteId: suite.suiteId,
      kind: 'command',
      url: `${bed.issuer}/events/${slug}`,
    });
  }
  await eventually(async () =>
    expect(await bed.query('select 1 from suite_tickets')).toHaveLength(2),
  );
});
afterAll(() => bed.stop());

const referer = () => ({ referer: `${bed.issuer}/` });

/** From a new install link to the platform's page, as a click goes there. */
async function toPlatform(browser: TestBrowser, slug: string): Promise<Visit> {
  const made = await api('POST', `/connections/${slug}/install-links`, { body: {} });
  const page = await browser.get((made.body as { url: string }).url);
  return browser.get(linkWith(page, 'button-primary'), referer());
}

const tenants = async (slug: string) =>
  ((await api('GET', `/connections/${slug}/tenants`)).body as { items: unknown[] }).items;

/** What an administrator does on the platform's pages. */
async function approve(browser: TestBrowser, page: Visit, admin: string): Promise<Visit> {
  const asked = await browser.get(linkWith(page, `data-member="${admin}"`));
  return browser.follow(linkWith(asked, 'data-approve'));
}

describe("a corp's administrator", () => {
  it.each([
    ['encrypted ids', 'lin.qiao', pineCorp],
    ['plain ids', 'zhou.ke', redwoodCorp],
  ])('installs a third-party app from a link: %s', async (_ids, admin, plainCorpId) => {
    const browser = new TestBrowser();
    const page = await toPlatform(browser, 'sp');
    const done = await approve(browser, page, memberOf(page, admin));
    expect([done.status, done.url.pathname]).toEqual([200, '/install/sp/callback']);
    const corpId = bed.sandbox.control.wecomProvider.seenCorpId(plainCorpId);
    expect((await api('GET', `/connections/sp/tenants/${corpId}`)).body).toMatchObject({
      corpId,
      name: expect.stringMatching(/青松贸易|红杉教育/),
      status: 'active',
      agentId: expect.stringMatching(/^\d+$/),
    });
    expect(done.text).toMatch(/青松贸易|红杉教育/);
    expect((await browser.get(done.url)).text).toBe(done.text);
  });

  it('gets nowhere without the Referer of our page', async () => {
    const made = await api('POST', '/connections/sp/install-links', { body: {} });
    const browser = new TestBrowser();
    const page = await browser.get((made.body as { url: string }).url);
    expect((await browser.get(linkWith(page, 'button-primary'))).status).toBe(403);
  });

  it('who installed it twice has one tenant', async () => {
    const browser = new TestBrowser();
    const page = await toPlatform(browser, 'sp');
    await approve(browser, page, memberOf(page, 'lin.qiao'));
    expect(await tenants('sp')).toHaveLength(2);
  });

  it('installs a delegated app, which the platform tells us by an event', async () => {
    const browser = new TestBrowser();
    const page = await toPlatform(browser, 'sp-dk');
    const done = await approve(browser, page, memberOf(page, 'lin.qiao'));
    expect(done.text).toContain('data-installed');
    await eventually(async () => expect(await tenants('sp-dk')).toHaveLength(1));
  });
});

/** The choice of the sandbox's page for a person, whose id there may name the corp too. */
function memberOf({ text }: Visit, userid: string): string {
  const found = [...text.matchAll(/data-member="([^"]+)"/g)].find(([, id]) =>
    id?.startsWith(userid),
  );
  if (!found?.[1])
    throw new Error(`${userid} is not among those on the page: ${text.slice(0, 2000)}`);
  return found[1];
}
