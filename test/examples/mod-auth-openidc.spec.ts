import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { adminApi } from '../fixtures/api.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { apacheHere, PlainApplication, TestApache } from './apache.js';

/** The page's configuration as it stands there; only the addresses, and the times that a test cannot wait for, are ours. */
const page = readFileSync(resolve(import.meta.dirname, '../../docs/proxies.md'), 'utf8');
const [front = '', onward = '', door = ''] = [
  ...page.matchAll(/^```apache\n([\s\S]*?)^```$/gm),
].map((match) => match[1] ?? '');
const shown = parse(/^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '') as {
  readonly clients: readonly [Readonly<Record<string, unknown>>];
};
const lastLine = 'ProxyPass "/" "http://127.0.0.1:3001/"\n';
const secret = 'intranet-Zk3vQ9sN7xW0aTq5';

let bed: TestBed;
let app: PlainApplication;
let apache: TestApache;
/** Where everybody may go, and where only some may. */
let open: string;
let guarded: string;

interface Reached {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}
const reached = (visit: Visit): Reached => JSON.parse(visit.text) as Reached;

async function signIn(browser: TestBrowser, url: string, how: [string, string]): Promise<Visit> {
  const login = await browser.follow(url);
  const platform = await browser.follow(linkWith(login, `data-connection="${how[0]}"`));
  return browser.follow(linkWith(platform, `data-member="${how[1]}"`));
}

(apacheHere ? describe : describe.skip)('Apache in front of an application', () => {
  beforeAll(async () => {
    const [first, second, inner] = await Promise.all([freePort(), freePort(), freePort()]);
    open = `http://localhost:${first}`;
    guarded = `http://localhost:${second}`;
    app = await PlainApplication.start();
    bed = await openTestBed({
      provision: ({ clients }) => {
        clients.push({
          ...shown.clients[0],
          clientSecret: secret,
          redirectUris: [open, guarded].map((home) => `${home}/oidc/callback`),
          postLogoutRedirectUris: [`${open}/signed-out`],
          initiateLoginUri: `${open}/oidc/callback`,
        });
      },
    });
    const at = (home: string, text: string): string =>
      text
        .replaceAll(/(?<!aud:)https:\/\/intranet\.example\.com/g, home)
        .replaceAll('https://id.example.com', bed.issuer)
        .replaceAll('127.0.0.1:3001', `127.0.0.1:${app.port}`)
        .replaceAll('127.0.0.1:8081', `127.0.0.1:${inner}`)
        .replace('IntrospectionInterval 30', 'IntrospectionInterval 1');
    expect(front).toContain(lastLine);
    expect(shown.clients[0]).toMatchObject({
      redirectUris: ['https://intranet.example.com/oidc/callback'],
      postLogoutRedirectUris: ['https://intranet.example.com/signed-out'],
      initiateLoginUri: 'https://intranet.example.com/oidc/callback',
    });
    apache = await TestApache.start(
      new Map([
        [first, at(open, front)],
        [second, at(guarded, front.replace(lastLine, onward))],
        [inner, at(guarded, door)],
      ]),
      {
        INTRANET_CLIENT_SECRET: secret,
        INTRANET_SESSION_SECRET: 'a-session-secret-of-this-test',
      },
    );
  });
  afterAll(async () => {
    await apache.stop();
    app.stop();
    await bed.stop();
  });

  it('signs a person in, and tells the application who they are', async () => {
    const browser = new TestBrowser();
    const visit = await signIn(browser, `${open}/wiki?page=1`, ['wecom-hq', 'Lin.Qiao']);
    expect(visit.url.href).toBe(`${open}/wiki?page=1`);
    const [account] = await bed.query<{ id: string }>('select id from accounts');
    expect(reached(visit)).toMatchObject({
      path: '/wiki?page=1',
      headers: { 'remote-user': account?.id, 'remote-name': '%e6%9e%97%e4%b9%94' },
    });
    expect(visit.text).not.toMatch(/eyJ|mod_auth_openidc_session/);
  });

  it('asks with PKCE, and without a page once its own session is over', async () => {
    const browser = new TestBrowser();
    const first = await browser.get(`${open}/`);
    expect(first.location?.searchParams.get('code_challenge_method')).toBe('S256');
    await signIn(browser, `${open}/`, ['wecom-hq', 'Lin.Qiao']);
    // The module forgets its session before it sends the browser on to ours, where this one does not go.
    await browser.get(`${open}/oidc/callback?logout=${encodeURIComponent(`${open}/signed-out`)}`);
    const way: string[] = [];
    const visit = await browser.follow(`${open}/again`, (url) => way.push(url.pathname) > 9);
    expect(way).toEqual(['/authorize', '/oidc/callback', '/again']);
    expect(reached(visit).headers['remote-user']).toBeDefined();
  });

  it('lets nobody say in a header who they are', async () => {
    const names = ['Remote-User', 'Remote_User', 'Remote_Name', 'Remote-Roles', 'OIDC_CLAIM_sub'];
    const forged = Object.fromEntries(names.map((name) => [name, 'root']));
    const stranger = await new TestBrowser().get(`${open}/`, forged);
    expect(stranger.location?.origin).toBe(bed.issuer);
    const browser = new TestBrowser();
    await signIn(browser, `${open}/`, ['wecom-hq', 'Lin.Qiao']);
    const visit = await browser.get(`${open}/`, { ...forged, Authorization: 'Bearer root' });
    expect(reached(visit).headers['remote-user']).toHaveLength(36);
    expect(visit.text).not.toContain('root');
  });

  it('answers a script with 401, and shows the one open page to everybody', async () => {
    const script = await new TestBrowser().get(`${open}/`, {
      'X-Requested-With': 'XMLHttpRequest',
    });
    expect([script.status, script.location]).toEqual([401, undefined]);
    expect((await new TestBrowser().get(`${open}/signed-out`)).text).toContain('signed out');
  });

  it('goes from the workbench straight to the platform', async () => {
    const entry = `${bed.issuer}/entry/wecom-hq?client_id=intranet`;
    const visit = await new TestBrowser().follow(entry);
    expect(visit.url.pathname).toBe('/login.work.weixin.qq.com/wwlogin/sso/login');
  });

  it('signs out here and at Lingpai', async () => {
    const browser = new TestBrowser();
    await signIn(browser, `${open}/`, ['wecom-hq', 'Lin.Qiao']);
    const target = encodeURIComponent(`${open}/signed-out`);
    const visit = await browser.follow(`${open}/oidc/callback?logout=${target}`);
    expect(visit.url.href).toBe(`${open}/signed-out`);
    const after = await browser.follow(`${open}/`);
    expect(after.url.pathname).toMatch(/^\/login\//);
  });

  it('lets in who has the role, by the connection and of the corp that are asked for', async () => {
    const staff = new TestBrowser();
    const visit = await signIn(staff, `${guarded}/`, ['wecom-hq', 'Lin.Qiao']);
    expect(reached(visit).headers).toMatchObject({ 'remote-roles': 'staff' });
    expect(reached(visit).headers).not.toHaveProperty('authorization');
    const many = await Promise.all(Array.from({ length: 10 }, () => staff.get(`${guarded}/`)));
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200]));

    const other = await signIn(new TestBrowser(), `${guarded}/`, ['dingtalk', 'manager0042']);
    expect([other.status, other.url.origin]).toEqual([403, guarded]);
  });

  it('shows a disabled account the door', async () => {
    const browser = new TestBrowser();
    const visit = await signIn(browser, `${guarded}/`, ['wecom-hq', 'Lin.Qiao']);
    const account = reached(visit).headers['remote-user'] ?? '';
    const api = await adminApi(bed, 'accounts:write');
    await api('PATCH', `/accounts/${account}`, { body: { status: 'disabled' } });
    await eventually(async () => expect((await browser.get(`${guarded}/`)).status).toBe(401));
  });

  it('writes no token into its log', async () => {
    expect(await apache.log()).not.toMatch(/eyJ[\w-]{20}/);
  });
});
