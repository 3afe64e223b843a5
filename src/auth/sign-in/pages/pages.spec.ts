import { describe, expect, it } from '@jest/globals';

import { assets } from './assets.js';
import { engineMessages } from './engine-messages.js';
import { languages } from './language.js';
import { messages } from './messages.js';
import type { ErrorModel } from './page-models.js';
import { Pages } from './pages.js';
import type { Page } from './page.js';

const pages = new Pages();
const hostile = `"><script>alert('x')</script>&`;
const hostileEscaped = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;';

const error = { language: 'en', status: 400, requestId: 'req-1' } as const;
const script = {
  bridge: { clientId: 'ding-app', corpId: 'ding-corp' },
  callbackUrl: 'https://id.example.com/callback/dingtalk?state=abc',
  fallbackUrl: '/login/uid/dingtalk?way=web',
};

/** One of each page, each with everything optional left out and filled in. */
function everyPage(): Page[] {
  return languages.flatMap((language) => {
    const choice = { slug: 's', displayName: 'N', platform: 'dingtalk', href: '/login/u/s' };
    const failure = { language, requestId: 'req-1', code: 'state_invalid' } as const;
    const signOut = { language, action: '/logout/confirm', xsrf: 'x' };
    return [
      pages.login({ language, clientName: 'C', connections: [] }),
      pages.login({
        language,
        clientName: 'C',
        connections: [
          choice,
          { ...choice, platform: 'wecom-self-built' },
          { ...choice, platform: 'new' },
        ],
        otherWay: { label: 'L', href: '/other' },
      }),
      pages.error({ ...failure, status: 400 }),
      pages.error({ ...failure, status: 500, message: 'M', startAgainUrl: '/again' }),
      pages.startAgain(failure),
      pages.startAgain({ ...failure, startAgainUrl: '/again' }),
      pages.handOffScript({ ...script, language }),
      pages.handOffForward({ language, url: 'https://platform.example.com/?a=1&b=2' }),
      pages.signedOut({ language }),
      pages.confirmSignOut(signOut),
      pages.confirmSignOut({ ...signOut, clientName: 'C', leadsTo: ['https://app.example.com/'] }),
    ];
  });
}

const policyOf = (page: Page): string => page.headers['Content-Security-Policy'] ?? '';

describe('every page', () => {
  it.each(everyPage().map((page) => [/<title>(.*)<\/title>/.exec(page.html)?.[1], page] as const))(
    '%s is whole, and holds nothing inline',
    (title, page) => {
      expect(title).toMatch(/\S/);
      expect(page.html).toMatch(/^<!doctype html>\n<html lang="(zh-CN|en)">/);
      expect(page.html).not.toMatch(/undefined|null|\[object|NaN/);
      expect(page.html).not.toMatch(/\sstyle=|<style|<script(?! src=)|\son\w+=|javascript:/i);
      expect(page.html.match(/<main /g)).toHaveLength(1);
      expect(page.html).toContain('<h1 ');
    },
  );

  it('has a policy without anything unsafe, framed or cached', () => {
    for (const page of everyPage()) {
      const policy = policyOf(page);
      expect(policy).toMatch(/^default-src 'none'; style-src 'self'; /);
      expect(policy).toMatch(/form-action [^;]+; base-uri 'none'; frame-ancestors 'none'$/);
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(page.headers).toMatchObject({
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
      });
    }
  });

  it('tells the next site its origin, which platforms check, and nothing more', () => {
    for (const page of everyPage()) expect(page.headers['Referrer-Policy']).toBe('strict-origin');
  });

  it('refers only to assets that exist', () => {
    for (const page of everyPage()) {
      const urls = [...page.html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
        (match) => match[1]!,
      );
      expect(urls.length).toBeGreaterThan(1);
      for (const url of urls) expect(assets.has(url)).toBe(true);
    }
  });
});

describe('login', () => {
  const connections = [
    { slug: 'dingtalk', displayName: '钉钉', platform: 'dingtalk', href: '/login/uid/dingtalk' },
    { slug: 'hq', displayName: '企业微信', platform: 'wecom-self-built', href: '/login/uid/hq' },
  ];

  it('offers each connection as a link, in order, and names the client', () => {
    const { html, status } = pages.login({ language: 'zh-CN', clientName: '门户', connections });

    expect(status).toBe(200);
    expect(html).toContain('<title>登录 · 门户</title>');
    expect(html).toContain('使用<bdi>钉钉</bdi>登录');
    expect([...html.matchAll(/class="choice" href="([^"]+)"/g)].map((match) => match[1])).toEqual([
      '/login/uid/dingtalk',
      '/login/uid/hq',
    ]);
  });

  it('speaks English', () => {
    const page = pages.login({ language: 'en', clientName: 'Portal', connections });

    expect(page.html).toContain('<html lang="en">');
    expect(page.html).toContain('Continue with <bdi>钉钉</bdi>');
    expect(page.headers['Content-Language']).toBe('en');
  });

  it('says so when there is no way to sign in', () => {
    const { html } = pages.login({ language: 'en', clientName: 'Portal', connections: [] });

    expect(html).toContain('no way to sign in at the moment');
    expect(html).not.toContain('<ul');
  });

  it('shows hostile names as they are', () => {
    const { html } = pages.login({
      language: 'en',
      clientName: hostile,
      connections: [
        { slug: hostile, displayName: hostile, platform: hostile, href: `/x?${hostile}` },
      ],
      otherWay: { label: hostile, href: hostile },
    });

    expect(html).not.toContain('<script>');
    expect(html.split(hostileEscaped)).toHaveLength(8);
  });

  it('allows no script and no form', () => {
    const policy = policyOf(pages.login({ language: 'en', clientName: 'Portal', connections }));

    expect(policy).not.toContain('script-src');
    expect(policy).toContain("form-action 'none'");
  });
});

describe('error', () => {
  const everyCode = Object.keys({ ...messages, ...engineMessages });

  it.each(languages.flatMap((language) => everyCode.map((code) => [code, language] as const)))(
    'shows %s in %s with its code and request id',
    (code, language) => {
      const { html, status } = pages.error({ ...error, language, code, status: 403 });

      expect(status).toBe(403);
      expect(html).toContain(`<code>${code}</code>`);
      expect(html).toContain('<code>req-1</code>');
      expect(html).not.toContain('undefined');
    },
  );

  it('shows the detail and the way to start again where there are such', () => {
    const full: ErrorModel = {
      ...error,
      code: 'server_error',
      message: 'A <b>',
      startAgainUrl: '/again',
    };

    expect(pages.error(full).html).toContain('<dd lang="en">A &lt;b&gt;</dd>');
    expect(pages.error(full).html).toContain('href="/again"');
    expect(pages.error({ ...error, code: 'server_error' }).html).not.toMatch(
      /<dd lang|class="button/,
    );
  });

  it('escapes a code and a request id that someone else made up', () => {
    const { html } = pages.error({ ...error, code: hostile, requestId: hostile });

    expect(html).not.toContain('<script>');
    expect(html.split(hostileEscaped)).toHaveLength(3);
  });
});

describe('startAgain', () => {
  it('is a 400 that leads to a new start in this browser', () => {
    const page = pages.startAgain({
      language: 'zh-CN',
      code: 'state_invalid',
      requestId: 'req-1',
      startAgainUrl: '/authorize?a=1&b=2',
    });

    expect(page.status).toBe(400);
    expect(page.html).toContain('这次登录是在另一个浏览器里开始的，或者已经用过了。');
    expect(page.html).toContain('href="/authorize?a=1&amp;b=2"');
  });

  it('sends the person back to the application when it knows no address', () => {
    const page = pages.startAgain({ language: 'en', code: 'state_invalid', requestId: 'req-1' });

    expect(page.html).toContain('Please go back to your application');
    expect(page.html).not.toContain('class="button');
  });
});

describe('handOffScript', () => {
  it('hands the values to the script as attributes, and offers the web way without it', () => {
    const { html } = pages.handOffScript({ ...script, language: 'en' });

    expect(html).toContain('data-client-id="ding-app"');
    expect(html).toContain('data-corp-id="ding-corp"');
    expect(html).toContain(
      'data-callback-url="https://id.example.com/callback/dingtalk?state=abc"',
    );
    expect(html.match(/href="\/login\/uid\/dingtalk\?way=web"/g)).toHaveLength(2);
    expect(html).toMatch(/<noscript>[^]*way=web[^]*<\/noscript>/);
  });

  it("allows our script and DingTalk's, or the one given in its place", () => {
    const own = {
      ...script,
      language: 'en',
      jsapiScriptUrl: 'http://localhost:4000/a/dd.js',
    } as const;

    expect(policyOf(pages.handOffScript({ ...script, language: 'en' }))).toContain(
      "script-src 'self' https://g.alicdn.com;",
    );
    expect(policyOf(pages.handOffScript(own))).toContain(
      "script-src 'self' http://localhost:4000;",
    );
    expect(pages.handOffScript(own).html).toContain(
      '<script src="http://localhost:4000/a/dd.js" async>',
    );
  });
});

describe('handOffForward', () => {
  it('moves on at once, with a link besides', () => {
    const { html } = pages.handOffForward({
      language: 'en',
      url: 'https://p.example.com/?a=1&b=2',
    });

    expect(html).toContain(
      'http-equiv="refresh" content="0; url=https://p.example.com/?a=1&amp;b=2"',
    );
    expect(html).toContain('href="https://p.example.com/?a=1&amp;b=2"');
  });
});

describe('confirmSignOut', () => {
  const model = {
    language: 'en',
    action: '/logout/confirm',
    xsrf: 'tok"en',
    clientName: 'Portal',
  } as const;

  it('posts xsrf, and logout=yes with the one button that signs out', () => {
    const { html } = pages.confirmSignOut(model);

    expect(html).toContain('method="post" action="/logout/confirm"');
    expect(html).toContain('<input type="hidden" name="xsrf" value="tok&quot;en">');
    expect(html).toMatch(/<button [^>]*name="logout" value="yes">Sign out<\/button>/);
    expect(html).toMatch(/<button class="[^"]*" type="submit">Stay signed in<\/button>/);
  });

  it('lets the post lead to us and on from the addresses given, whatever those hold', () => {
    const leadsTo = [
      'https://app.example.com/bye;script-src *',
      'com.example.app:/bye',
      'https://app.example.com/',
    ];

    expect(policyOf(pages.confirmSignOut(model))).toContain("form-action 'self';");
    expect(policyOf(pages.confirmSignOut({ ...model, leadsTo }))).toContain(
      "form-action 'self' https: com.example.app:;",
    );
  });
});
