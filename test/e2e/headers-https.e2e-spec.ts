import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { adminApi } from '../fixtures/api.js';
import { linkWith, TestBrowser, type Visit } from '../fixtures/browser.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { codeOf, type InstallableApp, standInApp } from './installable-connection.js';

const issuer = 'https://sso.example.com';
const documentation = readFileSync(join(import.meta.dirname, '../../docs/headers.md'), 'utf8');

let bed: TestBed;
let app: InstallableApp;

beforeAll(async () => {
  bed = await openTestBed({ env: { ISSUER_URL: issuer } });
  bed.sandbox.control.dingtalk.registerRedirect(
    'dingexampleappkey1',
    `${issuer}/callback/dingtalk`,
  );
  app = standInApp(bed, 'sp');
});
afterAll(() => bed.stop());

const newBrowser = () =>
  new TestBrowser({}, (url) => new URL(url.href.replace(issuer, bed.replicas[0]!.url)));

const authorization = `${issuer}/connections/dingtalk/authorize?${new URLSearchParams({
  client_id: portal.clientId,
  response_type: 'code',
  scope: 'openid',
  redirect_uri: portal.redirectUri,
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
}).toString()}`;

/** Every answer of ours on the way from a start to a page, or to the application. */
async function wayFrom(browser: TestBrowser, start: string | URL): Promise<Visit[]> {
  const visits = [await browser.get(start)];
  for (let next = visits[0]!.location; next && next.port !== '9'; next = visits.at(-1)!.location)
    visits.push(await browser.get(next));
  return visits;
}

/** A way in, a way out, and an installation. */
async function everyWay(): Promise<Visit[]> {
  const browser = newBrowser();
  const there = await wayFrom(browser, authorization);
  const back = await wayFrom(browser, linkWith(there.at(-1)!, 'data-member="manager0042"'));
  expect(back.at(-1)!.location?.searchParams.get('code')).toMatch(/./);
  const account = await wayFrom(browser, `${issuer}/account`);
  expect(account.at(-1)!.status).toBe(200);
  const leaving = await browser.get(`${issuer}/logout`);
  const xsrf = /name="xsrf" value="([^"]*)"/.exec(leaving.text)![1]!;
  const left = await browser.post(`${issuer}/logout/confirm`, { xsrf, logout: 'yes' });
  expect(left.location?.pathname).toBe('/logout/success');

  const api = await adminApi(bed);
  const made = await api('POST', '/connections/sp/install-links', { body: {} });
  const installer = newBrowser();
  const page = await installer.get((made.body as { url: string }).url);
  const { state, callbackUrl } = app.opened.at(-1)!;
  const installed = await installer.get(
    `${callbackUrl.href}?auth_code=${codeOf('wpCorpA')}&state=${state}`,
  );
  expect(installed.status).toBe(200);
  return [...there, ...back, ...account, leaving, left, page, installed].filter(
    ({ url }) => url.origin === issuer,
  );
}

/** One of these cookies is named anew each time. */
const withoutEnding = (name: string): string => name.replace(/(?<=_browser_)[\w-]{6}$/, '…');

describe('a service that is reached by https', () => {
  let visits: Visit[];

  beforeAll(async () => {
    visits = await everyWay();
  });

  it('sets no cookie that a script, another site or plain http could use', () => {
    const cookies = new Map<string, string>();
    for (const header of visits.flatMap(({ headers }) => headers.getSetCookie())) {
      const [pair = '', ...attributes] = header.split(/; */);
      const words = attributes
        .map((attribute) => attribute.toLowerCase().replace(/^(expires|max-age)=.*/, 'for a while'))
        .map((word) => word.replace(/^(path=\/\w+\/)[\w-]{43}/, '$1:uid'));
      cookies.set(withoutEnding(pair.slice(0, pair.indexOf('='))), words.sort().join('; '));
    }
    expect(Object.fromEntries(cookies)).toEqual({
      '__Host-lingpai_browser': 'httponly; path=/; samesite=lax; secure',
      '__Host-lingpai_browser_…': 'for a while; httponly; path=/; samesite=lax; secure',
      '__Host-lingpai_session': 'for a while; httponly; path=/; samesite=lax; secure',
      '__Host-lingpai_session.sig': 'for a while; httponly; path=/; samesite=lax; secure',
      '__Secure-lingpai_install':
        'for a while; httponly; path=/install/sp/callback; samesite=lax; secure',
      '__Secure-lingpai_interaction':
        'for a while; httponly; path=/login/:uid/dingtalk; samesite=lax; secure',
      '__Secure-lingpai_interaction.sig':
        'for a while; httponly; path=/login/:uid/dingtalk; samesite=lax; secure',
      '__Secure-lingpai_resume':
        'for a while; httponly; path=/authorize/:uid; samesite=lax; secure',
      '__Secure-lingpai_resume.sig':
        'for a while; httponly; path=/authorize/:uid; samesite=lax; secure',
    });
  });

  it('keeps browsers on https with every answer', () => {
    expect(visits.length).toBeGreaterThan(8);
    for (const { url, headers } of visits)
      expect([url.pathname, headers.get('strict-transport-security')]).toEqual([
        url.pathname,
        'max-age=63072000',
      ]);
  });

  it('keeps none of its pages and redirects in a cache', () => {
    for (const { url, headers } of visits)
      expect([url.pathname, headers.get('cache-control')]).toEqual([url.pathname, 'no-store']);
  });

  it('leaves the referrer to platforms on the whole way', () => {
    for (const { url, headers } of visits)
      expect([url.pathname, headers.get('referrer-policy')]).toEqual([
        url.pathname,
        expect.stringMatching(/^(?:strict-)?origin$/),
      ]);
  });

  it('stays in the window of the application that opened it, but for the account page', () => {
    for (const { url, headers } of visits)
      expect([url.pathname, headers.get('cross-origin-opener-policy')]).toEqual([
        url.pathname,
        url.pathname.startsWith('/account') ? 'same-origin' : 'unsafe-none',
      ]);
  });

  it('answers as its documentation says', async () => {
    const { headers } = await newBrowser().get(`${issuer}/health/live`);
    const rows = [...documentation.matchAll(/^\| `([\w-]+)` \| `([^`]+)` \|/gm)].filter(
      ([, name = '']) => /^[A-Z]/.test(name),
    );
    expect(rows).toHaveLength(12);
    for (const [, name = '', value] of rows)
      expect([name, headers.get(name)]).toEqual([name, value]);
    const told = [...documentation.matchAll(/^\| `(__[\w…-]+)` \|/gm)].map(([, name]) => name);
    const set = visits
      .flatMap((visit) => visit.headers.getSetCookie())
      .map((cookie) => withoutEnding(/^[^=]+?(?==|\.sig=)/.exec(cookie)?.[0] ?? ''));
    expect([...new Set(set)].sort()).toEqual([...told].sort());
  });
});
