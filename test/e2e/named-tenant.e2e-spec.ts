import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type * as client from 'openid-client';

import {
  pineCorp,
  redwoodCorp,
  spSuite,
  spTemplate,
} from '../../sandbox/testing/wecom-provider.js';
import { linkWith, TestBrowser } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { delegated, registerCallbacks, thirdParty } from '../fixtures/service-provider.js';
import { atPortal, begin, discoverPortal } from '../fixtures/sign-in.js';

let bed: TestBed;
let configuration: client.Configuration;
/** As the provider sees them. */
const seen = new Map<string, string>();

beforeAll(async () => {
  bed = await openTestBed({
    provision: ({ connections }, sandbox) => {
      connections.push(thirdParty(sandbox), delegated(sandbox));
    },
  });
  configuration = await discoverPortal(bed);
  await registerCallbacks(bed);
  for (const { suiteId } of [spSuite, spTemplate])
    for (const corp of [pineCorp, redwoodCorp])
      seen.set(corp, (await bed.sandbox.control.wecomProvider.install(corp, suiteId)).corpId);
  await eventually(async () => {
    expect(await bed.query('select 1 from tenants')).toHaveLength(4);
  });
}, 60_000);
afterAll(() => bed.stop());

const tenantOf = (corp: string): string => seen.get(corp) ?? '';

/** What the application is told of a sign-in of a third-party app. */
async function outcome(asked: string, person: string): Promise<string> {
  const query = { connection: 'wecom-any', tenant: tenantOf(asked) };
  const browser = new TestBrowser();
  const page = await browser.follow((await begin(configuration, query)).url);
  const { location } = await browser.follow(linkWith(page, `data-member="${person}"`), atPortal);
  return location?.searchParams.get('error_description') ?? 'signed in';
}

describe('an application that names a corp', () => {
  it('gets nobody of another one from a third-party app', async () => {
    expect(await outcome(pineCorp, `chen.mo@${pineCorp}`)).toBe('signed in');
    expect(await outcome(redwoodCorp, `chen.mo@${pineCorp}`)).toMatch(/^tenant_not_allowed: /);
  });

  it('is not answered by a corp that the browser puts in its place', async () => {
    const query = { connection: 'wecom-dk', tenant: tenantOf(pineCorp) };
    const { url } = await begin(configuration, query);
    const browser = new TestBrowser();
    const { location } = await browser.follow(url, ({ pathname }) =>
      pathname.startsWith('/login/'),
    );
    location?.searchParams.set('tenant', tenantOf(redwoodCorp));
    const page = await browser.follow(location ?? url);
    expect(page.url.searchParams.get('appid')).toBe(tenantOf(pineCorp));
  });
});
