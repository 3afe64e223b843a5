import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AuditService } from '../../src/audit/audit.service.js';
import { AppError } from '../../src/common/app-error.js';
import { Secret } from '../../src/common/secret.js';
import { Sweeper } from '../../src/database/sweeper.js';
import { adminApi, type Api, apiWith, machineToken } from '../fixtures/api.js';
import { TestBrowser, type Visit } from '../fixtures/browser.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { codeOf, type InstallableApp, standInApp } from './installable-connection.js';

const vendor = { clientId: 'vendor', clientSecret: 'vendor-Zk3vQ9sN7xW0aTq5-Zk3vQ9sN7xW0' };
const returnTo = 'http://localhost:9/installed?from=vendor';

let bed: TestBed;
let admin: Api;
let api: Api;
let app: InstallableApp;
let other: InstallableApp;

beforeAll(async () => {
  bed = await openTestBed();
  await bed.addReplica();
  app = standInApp(bed, 'sp');
  other = standInApp(bed, 'sp-2');
  admin = await adminApi(bed);
  const made = await admin('POST', '/clients', {
    body: {
      ...vendor,
      displayName: 'Vendor',
      grantTypes: ['client_credentials', 'authorization_code'],
      scopes: ['connections:write'],
      redirectUris: [returnTo],
      postLogoutRedirectUris: ['http://localhost:9/bye'],
    },
  });
  expect(made.status).toBe(201);
  api = apiWith(bed, await machineToken(bed, vendor, 'connections:write'));
});
beforeEach(async () => {
  for (const table of ['tenants', 'install_links', 'rate_limits'])
    await bed.query(`delete from ${table}`);
  for (const each of [app, other]) {
    each.opened.length = 0;
    each.traded.length = 0;
    each.meanwhile = () => Promise.resolve();
    each.unreachable = undefined;
    each.enabled = true;
  }
});
afterAll(() => bed.stop());

async function link(body: { returnTo?: string } = {}, slug = 'sp'): Promise<URL> {
  const made = await api('POST', `/connections/${slug}/install-links`, { body });
  expect(made.status).toBe(201);
  return new URL((made.body as { url: string }).url);
}

/** Opens a link, and has the platform send the browser back. */
async function wayBack(
  browser: TestBrowser,
  body: { returnTo?: string } = {},
  query: Record<string, string> = { auth_code: codeOf('wpCorpA'), expires_in: '600' },
): Promise<URL> {
  const page = await browser.get(await link(body));
  expect(page.status).toBe(200);
  const { state, callbackUrl } = app.opened.at(-1)!;
  const back = new URL(callbackUrl);
  for (const [name, value] of Object.entries({ ...query, state }))
    back.searchParams.set(name, value);
  return back;
}

const statusOf = async (corpId: string) => (await app.installations.find(corpId))?.status;
const codeOnPage = ({ text }: Visit) => /<dd><code>([a-z_]+)<\/code>/.exec(text)?.[1];

async function audited(action: string) {
  await bed.replicas[0]!.service.app.get(AuditService).flush();
  return bed.query<Record<string, unknown>>(
    `select outcome, reason, connection, client_id, details from audit_events where action = $1 order by id desc limit 1`,
    [action],
  );
}

describe('an install link', () => {
  it('is good for seven days, and stored as a hash', async () => {
    const made = await api('POST', '/connections/sp/install-links', { body: {} });
    expect(made.status).toBe(201);
    const { url, expiresAt } = made.body as { url: string; expiresAt: string };
    expect(url).toMatch(new RegExp(`^${bed.issuer}/install/[\\w-]{43}$`));
    const days = (new Date(expiresAt).getTime() - bed.clock.now().getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThanOrEqual(7);
    const ticket = url.split('/').at(-1)!;
    expect(JSON.stringify(await bed.query('select * from install_links'))).not.toContain(ticket);
    expect(bed.log()).not.toContain(ticket);
    expect(await audited('install_link.create')).toMatchObject([
      { outcome: 'ok', connection: 'sp', client_id: 'vendor' },
    ]);
    // The platform's code lives for twenty minutes: it is not fetched yet.
    expect(app.opened).toEqual([]);
  });

  it('needs no body', async () => {
    expect((await api('POST', '/connections/sp/install-links')).status).toBe(201);
  });

  it.each([
    'http://localhost:9/installed',
    'http://localhost:9/installed?from=vendor#x',
    'http://localhost:9/installed?from=vendor&x=1',
    'HTTP://localhost:9/installed?from=vendor',
    'http://localhost:9/callback',
    '',
  ])('returns to no address but one of the client: %s', async (address) => {
    const refused = await api('POST', '/connections/sp/install-links', {
      body: { returnTo: address },
    });
    expect(refused.body).toMatchObject({
      status: 422,
      code: 'value_not_allowed',
      errors: [{ field: 'returnTo' }],
    });
  });

  it('of another client does not return to the addresses of this one', async () => {
    const refused = await admin('POST', '/connections/sp/install-links', { body: { returnTo } });
    expect(refused.status).toBe(422);
  });

  it('is given for connections alone that corps install, and that are enabled', async () => {
    const ask = async (slug: string) =>
      (
        (await api('POST', `/connections/${slug}/install-links`, { body: {} })).body as {
          code: string;
        }
      ).code;
    expect(await ask('wecom-hq')).toBe('value_not_allowed');
    expect(await ask('nowhere')).toBe('connection_not_found');
    app.enabled = false;
    expect(await ask('sp')).toBe('connection_not_found');
  });

  it.each([{ returnTo: null }, { returnTo: 5 }, { returnto: returnTo }])(
    'is not made of %j',
    async (body) => {
      expect((await api('POST', '/connections/sp/install-links', { body })).status).toBe(400);
    },
  );

  it('is not given six hundred and one times an hour', async () => {
    await link();
    await bed.query('update rate_limits set count = 600');
    const refused = await api('POST', '/connections/sp/install-links', { body: {} });
    expect(refused.body).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
    expect((await admin('POST', '/connections/sp/install-links', { body: {} })).status).toBe(201);
  });
});

describe('the install page', () => {
  it('names the app and leads to the platform by a click, with a state of its own', async () => {
    const browser = new TestBrowser();
    const page = await browser.get(await link());
    expect(page.status).toBe(200);
    expect(page.text).toContain('示例应用');
    const links = [...page.text.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) => href);
    const [{ state, callbackUrl }] = app.opened as [(typeof app.opened)[0]];
    expect(links).toHaveLength(1);
    expect(links[0]).toContain(`state=${state}`);
    expect(state).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(callbackUrl.href).toBe(`${bed.issuer}/install/sp/callback`);
    expect(page.headers.get('referrer-policy')).toBe('origin');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/http-equiv="refresh"|<script|noreferrer/);
    expect(browser.cookie('lingpai_browser')).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await bed.query('select * from install_attempts'))).not.toContain(state);
  });

  it('fetches the way anew at each opening', async () => {
    const url = await link();
    const browser = new TestBrowser();
    for (let time = 0; time < 3; time += 1) expect((await browser.get(url)).status).toBe(200);
    expect(new Set(app.opened.map(({ state }) => state)).size).toBe(3);
  });

  it('speaks the language of the browser', async () => {
    const url = await link();
    const inEnglish = await new TestBrowser({ 'accept-language': 'en-GB' }).get(url);
    expect(inEnglish.text).toContain('Continue to WeCom');
    expect((await new TestBrowser().get(url)).text).toContain('前往企业微信安装');
  });

  it.each(['A'.repeat(43), 'x', 'sp', '%E0%A4%A', '%00', "'or 1=1"])(
    'is not there for %s',
    async (ticket) => {
      const page = await new TestBrowser().get(`${bed.issuer}/install/${ticket}`);
      expect(page.status).toBe(400);
      if (ticket !== '%E0%A4%A') expect(codeOnPage(page)).toBe('install_link_invalid');
      expect(app.opened).toEqual([]);
    },
  );

  it('ends after seven days, and when the connection is switched off', async () => {
    const url = await link();
    app.enabled = false;
    expect(codeOnPage(await new TestBrowser().get(url))).toBe('install_link_invalid');
    app.enabled = true;
    bed.clock.advance(7 * 86_400 - 60);
    expect((await new TestBrowser().get(url)).status).toBe(200);
    bed.clock.advance(61);
    expect(codeOnPage(await new TestBrowser().get(url))).toBe('install_link_invalid');
    bed.clock.reset();
    expect(app.opened).toHaveLength(1);
  });

  it('says it when the platform is away, with a code and the request', async () => {
    app.unreachable = new AppError('platform_misconfigured', 'The platform refused us.', {
      operator: { platformCode: '60020', fix: 'Add the address to the trusted ones.' },
    });
    const page = await new TestBrowser().get(await link());
    expect(page.status).toBe(500);
    expect(codeOnPage(page)).toBe('platform_misconfigured');
    expect(page.text).toContain(page.headers.get('x-request-id') ?? 'no request id');
    expect(page.text).not.toMatch(/60020|trusted/);
    expect(bed.log()).toContain('Add the address to the trusted ones.');
    expect(await audited('install.open')).toMatchObject([
      { outcome: 'refused', reason: 'platform_misconfigured', connection: 'sp' },
    ]);
    expect(await bed.query('select 1 from install_attempts')).toEqual([]);
  });

  it('of one link asks the platform sixty times an hour at most', async () => {
    const [url, another] = [await link(), await link()];
    const browser = new TestBrowser();
    for (let time = 0; time < 60; time += 1) await browser.get(url);
    const page = await browser.get(url);
    expect([page.status, codeOnPage(page)]).toEqual([429, 'too_many_requests']);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(3000);
    expect(app.opened).toHaveLength(60);
    expect((await browser.get(another)).status).toBe(200);
  });

  it('gives nothing to HEAD', async () => {
    const url = await link();
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
    expect(app.opened).toEqual([]);
  });
});

describe('the way back', () => {
  it('ends on a page of ours that names the corp, escaped', async () => {
    const browser = new TestBrowser();
    const page = await browser.get(await wayBack(browser));
    expect(page.status).toBe(200);
    expect(page.text).toContain('企业 &lt;b&gt;wpCorpA&lt;/b&gt;');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(app.traded).toEqual(['install-wpCorpA']);
    expect(await statusOf('wpCorpA')).toBe('active');
    expect(await audited('install')).toMatchObject([
      { outcome: 'ok', connection: 'sp', client_id: 'vendor', details: { tenant: 'wpCorpA' } },
    ]);
    expect(bed.log()).not.toMatch(/install-wpCorpA|permanent-wpCorpA/);
  });

  it('ends at the address that was registered, with the result', async () => {
    const browser = new TestBrowser();
    const { location } = await browser.get(await wayBack(browser, { returnTo }));
    expect(location?.href).toBe('http://localhost:9/installed?from=vendor&installed=ok');
    const leaving = await browser.get(
      await wayBack(browser, { returnTo: 'http://localhost:9/bye' }, { auth_code: 'used' }),
    );
    expect(leaving.location?.href).toBe('http://localhost:9/bye?error=platform_code_rejected');
    expect(leaving.headers.get('referrer-policy')).not.toBe('no-referrer');
  });

  it('shows what went wrong where there is no address', async () => {
    const browser = new TestBrowser();
    const page = await browser.get(await wayBack(browser, {}, { auth_code: 'used' }));
    expect([page.status, codeOnPage(page)]).toEqual([400, 'platform_code_rejected']);
    expect(page.text).toContain(page.headers.get('x-request-id') ?? 'no request id');
    expect(await audited('install')).toMatchObject([
      { outcome: 'refused', reason: 'platform_code_rejected' },
    ]);
    const cancelled = await browser.get(await wayBack(browser, {}, {}));
    expect([cancelled.status, codeOnPage(cancelled)]).toEqual([403, 'user_cancelled']);
  });

  it('shows a calm page for a fault of ours, without its words', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    app.meanwhile = () => Promise.reject(new Error('a detail that is nobody’s business'));
    const page = await browser.get(back);
    expect([page.status, codeOnPage(page)]).toEqual([500, 'internal_error']);
    expect(page.text).not.toContain('nobody');
  });

  it('shows the result again to a reload, on any replica, and trades nothing twice', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    const first = await browser.get(back);
    const again = await browser.get(back);
    browser.route = (url) => new URL(url.pathname + url.search, bed.replicas[1]!.url);
    const elsewhere = await browser.get(back);
    for (const { status, text } of [again, elsewhere]) {
      expect(status).toBe(200);
      expect(text).toBe(first.text);
    }
    expect(app.traded).toEqual(['install-wpCorpA']);
  });

  it('leads a reload to the same address, also after a failure', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser, { returnTo }, { auth_code: 'used' });
    const [first, again] = [await browser.get(back), await browser.get(back)];
    expect(again.location?.href).toBe(first.location?.href);
    expect(app.traded).toEqual(['used']);
  });

  it('is walked once by twenty reloads that come before the platform has answered', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    app.meanwhile = () => sleep(300);
    const pages = await Promise.all(Array.from({ length: 20 }, () => browser.get(back)));
    expect(app.traded).toEqual(['install-wpCorpA']);
    expect(pages.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  });

  it('is closed to another browser, which learns nothing of the result either', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    const stranger = new TestBrowser();
    await stranger.get(await link());
    for (const each of [new TestBrowser(), stranger]) {
      const page = await each.get(back);
      expect([page.status, codeOnPage(page)]).toEqual([400, 'state_invalid']);
    }
    expect(app.traded).toEqual([]);
    expect((await browser.get(back)).status).toBe(200);
    const late = await stranger.get(back);
    expect(codeOnPage(late)).toBe('state_invalid');
    expect(late.text).not.toContain('wpCorpA');
  });

  it('is closed to a state of another connection, an unknown one, none, and one that is too old', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    const changed = (change: (url: URL) => void) => {
      const url = new URL(back);
      change(url);
      return browser.get(url);
    };
    const refused = [
      await changed((url) => (url.pathname = '/install/sp-2/callback')),
      await changed((url) => (url.pathname = '/install/wecom-hq/callback')),
      await changed((url) => (url.pathname = '/install/nowhere/callback')),
      await changed((url) => url.searchParams.set('state', 'A'.repeat(32))),
      await changed((url) => url.searchParams.delete('state')),
    ];
    bed.clock.advance(1801);
    refused.push(await browser.get(back));
    bed.clock.reset();
    for (const page of refused) {
      expect([page.url.pathname, page.status, codeOnPage(page)]).toEqual([
        page.url.pathname,
        400,
        'state_invalid',
      ]);
    }
    expect([app.traded, other.traded]).toEqual([[], []]);
    expect(await audited('install')).toMatchObject([
      { outcome: 'refused', reason: 'state_invalid' },
    ]);
    expect((await browser.get(back)).status).toBe(200);
  });

  it('is not walked by HEAD', async () => {
    const browser = new TestBrowser();
    const back = await wayBack(browser);
    const cookie = `lingpai_browser=${browser.cookie('lingpai_browser') ?? ''}`;
    expect((await fetch(back, { method: 'HEAD', headers: { cookie } })).status).toBe(200);
    expect(app.traded).toEqual([]);
    expect((await browser.get(back)).status).toBe(200);
  });

  it('shows no result that another state sealed, nor one that was made up', async () => {
    const browser = new TestBrowser();
    const used = await wayBack(browser);
    await browser.get(used);
    const fresh = await wayBack(browser, {}, { auth_code: codeOf('wpCorpB') });
    const page = await browser.get(fresh);
    expect(page.text).toContain('wpCorpB');
    expect(app.traded).toEqual(['install-wpCorpA', 'install-wpCorpB']);
    // The cookie now holds the second result; the first is remembered here, and nowhere else.
    browser.route = (url) => new URL(url.pathname + url.search, bed.replicas[1]!.url);
    expect(codeOnPage(await browser.get(used))).toBe('state_invalid');
    expect(app.traded).toHaveLength(2);
  });

  it('does no harm where the same authorization came by an event, before or after', async () => {
    const permanentCode = new Secret('permanent-by-event');
    const browser = new TestBrowser();
    await app.installations.save({ corpId: 'wpCorpA', name: '示例', permanentCode });
    expect((await browser.get(await wayBack(browser))).status).toBe(200);
    await app.installations.save({ corpId: 'wpCorpA', permanentCode });
    expect(await statusOf('wpCorpA')).toBe('active');
    expect(await bed.query('select corp_id from tenants')).toEqual([{ corp_id: 'wpCorpA' }]);
  });

  it('lifts no suspension', async () => {
    await app.installations.save({ corpId: 'wpCorpA', permanentCode: new Secret('code') });
    await bed.query(`update tenants set status = 'suspended'`);
    const browser = new TestBrowser();
    expect((await browser.get(await wayBack(browser))).status).toBe(200);
    expect(await statusOf('wpCorpA')).toBe('suspended');
  });
});

describe('what has expired', () => {
  it('is swept out; who opened a link at its last moment still comes back', async () => {
    const browser = new TestBrowser();
    const url = await link();
    await link();
    bed.clock.advance(7 * 86_400 - 60);
    await browser.get(url);
    bed.clock.advance(120);
    const sweeper = bed.replicas[0]!.service.app.get(Sweeper);
    await sweeper.run();
    expect(await bed.query('select 1 as one from install_links')).toHaveLength(1);
    const back = new URL(`${bed.issuer}/install/sp/callback`);
    back.searchParams.set('state', app.opened[0]!.state);
    back.searchParams.set('auth_code', codeOf('wpCorpA'));
    expect((await browser.get(back)).status).toBe(200);
    bed.clock.advance(1800);
    await sweeper.run();
    expect(await bed.query('select 1 from install_links')).toEqual([]);
    expect(await bed.query('select 1 from install_attempts')).toEqual([]);
    bed.clock.reset();
  });
});
