import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as client from 'openid-client';

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
import { delegated, registerCallbacks, thirdParty } from '../fixtures/service-provider.js';
import { atPortal, begin, discoverPortal, redeem, wecomAgent } from '../fixtures/sign-in.js';

let bed: TestBed;
let api: Api;
let configuration: client.Configuration;

beforeAll(async () => {
  bed = await openTestBed({
    env: { ACCESS_TOKEN_TTL_SECONDS: '14400' },
    provision: ({ connections }, sandbox) => {
      const { loginSuite, ...old } = thirdParty(sandbox);
      connections.push(
        { ...old, loginSuite },
        { ...old, slug: 'wecom-old', displayName: '旧版登录' },
        delegated(sandbox),
      );
    },
  });
  await bed.addReplica();
  api = await adminApi(bed);
  configuration = await discoverPortal(bed);
  await registerCallbacks(bed);
}, 60_000);
afterEach(() => bed.clock.reset());
afterAll(() => bed.stop());

const provider = () => bed.sandbox.control.wecomProvider;
const tenants = async (slug: string) =>
  ((await api('GET', `/connections/${slug}/tenants`)).body as { items: Tenant[] }).items;
interface Tenant {
  readonly corpId: string;
  readonly name: string | null;
  readonly status: string;
  readonly agentId: string | null;
}

/** The corp installs the app, and we know it. @returns its id as the provider sees it */
async function installed(corpId: string, suiteId: string, slug: string): Promise<string> {
  const { corpId: seen, answer } = await provider().install(corpId, suiteId);
  expect(answer?.outcome).toBe('ok');
  await eventually(async () => {
    const tenant = (await tenants(slug)).find((each) => each.corpId === seen);
    expect(tenant).toMatchObject({ status: 'active', agentId: expect.any(String) });
  });
  return seen;
}

interface Returned {
  readonly began: Awaited<ReturnType<typeof begin>>;
  readonly visit: Visit;
}

/** From `/authorize` to the portal, scanning as somebody (`userid@corpid`) where there is a page to scan. */
async function signIn(
  connection: string,
  person: string,
  { browser = new TestBrowser(), query = {} } = {},
): Promise<Returned> {
  const began = await begin(configuration, { connection, ...query });
  let visit = await browser.follow(began.url, atPortal);
  const forward = /content="0; url=([^"]+)"/.exec(visit.text)?.[1]?.replace(/&amp;/g, '&');
  // What a browser says of the page that it comes from.
  if (forward) visit = await browser.get(forward, { referer: `${bed.issuer}/` });
  if (!visit.location)
    visit = await browser.follow(linkWith(visit, `data-member="${person}"`), atPortal);
  return { began, visit };
}

async function tokensOf({ began, visit }: Returned) {
  return redeem(configuration, began, visit.location ?? new URL('x:'));
}

const errorOf = ({ visit }: Returned) => visit.location?.searchParams.get('error_description');
const inWecom = (person: string) =>
  new TestBrowser({ 'user-agent': wecomAgent, 'x-sandbox-user': person });
const audited = (action: string) =>
  bed.query<{ outcome: string; connection: string }>(
    'select outcome, connection from audit_events where action = $1',
    [action],
  );

describe('the tickets', () => {
  it('come to every callback, are kept sealed, and a replica that got none can use them', async () => {
    const read = () =>
      bed.query<{ suite_id: string; ticket: string }>(
        'select suite_id, ticket from suite_tickets order by suite_id',
      );
    await eventually(async () => expect(await read()).toHaveLength(3));
    const rows = await read();
    expect(rows.map(({ suite_id: id }) => id)).toEqual([
      'dk2f4a6c8e0b1d3f59',
      'ww4e6f8a0b2c4d6e57',
      'ww6b8d0f2a4c6e8a13',
    ]);
    expect(rows.every(({ ticket }) => ticket.startsWith('v1.'))).toBe(true);
    const base = bed.replicas[1]?.url ?? '';
    const check = await api('POST', '/connections/wecom-any/check', { base });
    expect(check.body).toMatchObject({ ok: true });
  });

  it('of more than half an hour are not used, and the check says what to do', async () => {
    bed.clock.advance(31 * 60);
    const before = bed.sandbox.control.callCount(
      'qyapi.weixin.qq.com/cgi-bin/service/get_suite_token',
    );
    const { body } = await api('POST', '/connections/wecom-dk/check');
    expect(JSON.stringify(body)).toMatch(/suite_ticket/);
    expect(body).toMatchObject({ ok: false });
    expect(
      bed.sandbox.control.callCount('qyapi.weixin.qq.com/cgi-bin/service/get_suite_token'),
    ).toBe(before);
  });
});

describe('a third-party app', () => {
  let pine: string;
  let redwood: string;

  beforeAll(async () => {
    pine = await installed(pineCorp, spSuite.suiteId, 'wecom-any');
    redwood = await installed(redwoodCorp, spSuite.suiteId, 'wecom-any');
  });

  it('signs in people of two corps in a browser: the same userid is two people, and no name is invented', async () => {
    const first = await tokensOf(await signIn('wecom-any', `lin.qiao@${pineCorp}`));
    const second = await tokensOf(await signIn('wecom-any', `Lin.Qiao@${redwoodCorp}`));
    expect(first.claims()?.sub).not.toBe(second.claims()?.sub);
    expect(first.claims()).not.toHaveProperty('name');
    const person = await client.fetchUserInfo(
      configuration,
      first.access_token,
      first.claims()?.sub ?? '',
    );
    expect(person).not.toHaveProperty('name');
    expect(person).not.toHaveProperty('phone_number');
    const identities = await bed.query<{ issuer: string; subject: string; tenant: string }>(
      `select issuer, subject, tenant from identities where connection = 'wecom-any' order by created_at`,
    );
    expect(identities).toEqual([
      {
        issuer: `wecom-sp:${spProvider.corpId}:${pine}`,
        subject: provider().openUserid(pineCorp, 'lin.qiao'),
        tenant: pine,
      },
      {
        issuer: `wecom-sp:${spProvider.corpId}:${redwood}`,
        subject: expect.any(String),
        tenant: redwood,
      },
    ]);
  });

  it('leads to the same account by every way in', async () => {
    const web = await tokensOf(await signIn('wecom-any', `chen.mo@${pineCorp}`));
    const person = `chen.mo@${pineCorp}`;
    const inside = await tokensOf(await signIn('wecom-any', person, { browser: inWecom(person) }));
    expect(inside.claims()?.sub).toBe(web.claims()?.sub);
    expect(inside.claims()).toMatchObject({ sub: web.claims()?.sub });
  });

  it('hands out each corp’s token, and signs pages for it', async () => {
    const read = async (tenant: string) =>
      (await api('GET', `/connections/wecom-any/access-token?tenant=${tenant}`)).body as {
        accessToken: string;
      };
    const [one, two] = [await read(pine), await read(redwood)];
    expect(one.accessToken).not.toBe(two.accessToken);
    expect((await api('GET', '/connections/wecom-any/access-token')).body).toMatchObject({
      status: 422,
      errors: [{ field: 'tenant' }],
    });
    expect(
      (await api('GET', '/connections/wecom-any/access-token?tenant=wpNobody0001')).body,
    ).toMatchObject({ status: 404, code: 'tenant_not_found' });
  });

  it('lets nobody of a suspended corp in, and all of them out', async () => {
    const tokens = await tokensOf(await signIn('wecom-any', `gao.yuan@${pineCorp}`));
    const change = await api('PATCH', `/connections/wecom-any/tenants/${pine}`, {
      body: { status: 'suspended' },
    });
    expect(change.status).toBe(200);
    const held = await api('GET', `/connections/wecom-any/access-token?tenant=${pine}`);
    expect(held.body).toMatchObject({ status: 403, code: 'tenant_not_allowed' });
    await expect(
      client.refreshTokenGrant(configuration, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(errorOf(await signIn('wecom-any', `gao.yuan@${pineCorp}`))).toMatch(
      /^tenant_not_allowed: /,
    );
    await api('PATCH', `/connections/wecom-any/tenants/${pine}`, { body: { status: 'active' } });
    expect((await tokensOf(await signIn('wecom-any', `gao.yuan@${pineCorp}`))).claims()?.sub).toBe(
      tokens.claims()?.sub,
    );
  });

  it('signs out the people of a corp that cancels, forgets its secrets, and knows them when it is back', async () => {
    const tokens = await tokensOf(await signIn('wecom-any', `zhou.ke@${redwoodCorp}`));
    await provider().cancel(redwoodCorp, spSuite.suiteId);
    await eventually(async () => {
      const rows = await bed.query<{ status: string; permanent_code: string | null }>(
        'select status, permanent_code from tenants where corp_id = $1',
        [redwood],
      );
      expect(rows).toEqual([{ status: 'cancelled', permanent_code: null }]);
    });
    await eventually(async () => {
      await expect(
        client.refreshTokenGrant(configuration, tokens.refresh_token ?? ''),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    });
    expect(errorOf(await signIn('wecom-any', `zhou.ke@${redwoodCorp}`))).toMatch(
      /^tenant_not_allowed: /,
    );
    bed.sandbox.control.wecomProvider.settings.comingBack = 'keeps-ids';
    await installed(redwoodCorp, spSuite.suiteId, 'wecom-any');
    const again = await tokensOf(await signIn('wecom-any', `zhou.ke@${redwoodCorp}`));
    expect(again.claims()?.sub).toBe(tokens.claims()?.sub);
  });

  it('signs in by the older page where there is no login suite, which looks at the Referer', async () => {
    const began = await begin(configuration, { connection: 'wecom-old' });
    const page = await new TestBrowser().follow(began.url);
    expect(page.url.origin).toBe(bed.issuer);
    expect(page.headers.get('referrer-policy')).not.toMatch(/no-referrer$/);
    await installedAlso('wecom-old', pine);
    const tokens = await tokensOf(await signIn('wecom-old', `lin.qiao@${pineCorp}`));
    const here = await tokensOf(await signIn('wecom-any', `lin.qiao@${pineCorp}`));
    expect(tokens.claims()?.sub).toBe(here.claims()?.sub);
  });

  it('signs out a member who leaves the corp, within seconds', async () => {
    const tokens = await tokensOf(await signIn('wecom-any', `lin.qiao@${pineCorp}`));
    await provider().deleteMember(pineCorp, 'lin.qiao');
    await eventually(async () => {
      await expect(
        client.refreshTokenGrant(configuration, tokens.refresh_token ?? ''),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    }, 5000);
  });
});

/** Two connections of one suite are two tenants tables; the second gets its own installation by a row. */
async function installedAlso(slug: string, corpId: string): Promise<void> {
  await bed.query(
    `insert into tenants (connection, corp_id, name, status, agent_id, installed_at, updated_at)
     values ($1, $2, null, 'active', '1', now(), now())`,
    [slug, corpId],
  );
}

describe('a delegated app', () => {
  let pine: string;

  beforeAll(async () => {
    pine = await installed(pineCorp, spTemplate.suiteId, 'wecom-dk');
  });

  it('signs in in its only corp without asking, and asks where there are two', async () => {
    const one = await tokensOf(await signIn('wecom-dk', `chen.mo@${pineCorp}`));
    expect(one.claims()).not.toHaveProperty('name');
    const redwood = await installed(redwoodCorp, spTemplate.suiteId, 'wecom-dk');
    const began = await begin(configuration, { connection: 'wecom-dk' });
    const browser = new TestBrowser();
    const choice = await browser.follow(began.url);
    expect(choice.text).toContain('青松贸易');
    const scan = await browser.follow(linkWith(choice, `data-tenant="${redwood}"`));
    const visit = await browser.follow(linkWith(scan, 'data-member="zhou.ke@'), atPortal);
    const two = await tokensOf({ began, visit });
    expect(two.claims()?.sub).not.toBe(one.claims()?.sub);

    const named = await tokensOf(
      await signIn('wecom-dk', `chen.mo@${pineCorp}`, { query: { tenant: pine } }),
    );
    expect(named.claims()?.sub).toBe(one.claims()?.sub);
    const hinted = await begin(configuration, { login_hint: `connection:wecom-dk/${pine}` });
    const hint = await new TestBrowser().follow(hinted.url);
    expect(hint.url.searchParams.get('appid') ?? hint.text).toContain(pine);
  });

  it('of a corp that did not install it lets nobody in, and the application is told', async () => {
    const refused = await signIn('wecom-dk', 'nobody', { query: { tenant: 'wpNobody0001' } });
    expect(errorOf(refused)).toMatch(/^tenant_not_allowed: /);
    expect(refused.visit.location?.searchParams.get('error')).toBe('access_denied');
  });

  it('goes on with the new secret when the old one was reset', async () => {
    await provider().resetPermanentCode(pineCorp, spTemplate.suiteId);
    await eventually(async () => {
      const { body } = await api('GET', `/connections/wecom-dk/access-token?tenant=${pine}`);
      expect(body).toHaveProperty('accessToken');
    });
    expect(
      (
        await tokensOf(await signIn('wecom-dk', `chen.mo@${pineCorp}`, { query: { tenant: pine } }))
      ).claims()?.sub,
    ).toBeDefined();
  });
});

it('stays the app that it was made for: its corps did not install another', async () => {
  const { slug: _slug, loginSuite: _login, ...fields } = thirdParty(bed.sandbox);
  await api('POST', '/connections', { body: { ...fields, slug: 'wecom-fixed' } });
  for (const [field, value] of [
    ['suiteId', 'ww0000000000000001'],
    ['providerCorpId', 'ww0000000000000002'],
    ['appType', 'delegated'],
  ] as const) {
    const { body } = await api('PATCH', '/connections/wecom-fixed', { body: { [field]: value } });
    expect(body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field, message: 'is fixed once made' }],
    });
  }
  const renamed = await api('PATCH', '/connections/wecom-fixed', {
    body: { displayName: 'W', suiteId: spSuite.suiteId },
  });
  expect(renamed.status).toBe(200);
});

describe('what is not from WeCom', () => {
  it.each([
    ['a bad signature', 'badSignature'],
    ['another ReceiveId', 'wrongReceiveId'],
  ] as const)('%s has no effect', async (_what, kind) => {
    const before = await tenants('wecom-any');
    const attempt = await provider()[kind](spSuite.suiteId, pineCorp);
    expect(attempt.status).toBe(403);
    expect(await tenants('wecom-any')).toEqual(before);
    expect((await audited('tenant.cancel')).length).toBeGreaterThanOrEqual(0);
  });

  it('secrets, tickets and codes are in no log line', () => {
    const log = bed.log();
    for (const secret of [spProvider.secret, spSuite.secret, spTemplate.secret])
      expect(log.includes(secret)).toBe(false);
  });
});
