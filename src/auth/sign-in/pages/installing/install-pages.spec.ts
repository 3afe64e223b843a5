import { describe, expect, it } from '@jest/globals';

import { assets } from '../assets.js';
import { languages } from '../language.js';
import type { Page } from '../page.js';
import { InstallPages } from './install-pages.js';
import { installMessages } from './install-words.js';

const pages = new InstallPages();
const url = 'https://open.work.weixin.qq.com/3rdapp/install?suite_id=ww1&state=S';
const hostile = `"><script>alert('x')</script>&`;
const hostileEscaped = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;';

function everyPage(): Page[] {
  return languages.flatMap((language) => [
    pages.install({ language, appName: '示例应用', url }),
    pages.installed({ language, corpName: '示例贸易' }),
    ...[...Object.keys(installMessages), 'internal_error'].map((code) =>
      pages.problem({ language, code: code as 'internal_error', requestId: 'req-1', status: 400 }),
    ),
  ]);
}

describe('every page of an installation', () => {
  it.each(everyPage().map((page) => [/<title>(.*)<\/title>/.exec(page.html)?.[1], page] as const))(
    '%s is whole, and holds nothing inline',
    (title, page) => {
      expect(title).toMatch(/\S/);
      expect(page.html).toMatch(/^<!doctype html>\n<html lang="(zh-CN|en)">/);
      expect(page.html).not.toMatch(/undefined|null|\[object|NaN/);
      expect(page.html).not.toMatch(/\sstyle=|<style|<script|\son\w+=|javascript:|http-equiv/i);
      expect(page.html.match(/<h1 /g)).toHaveLength(1);
      expect(page.headers['Content-Security-Policy']).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(page.headers['Cache-Control']).toBe('no-store');
      expect(page.headers['Referrer-Policy']).toMatch(/^(?:strict-)?origin$/);
      for (const [, asset = ''] of page.html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
        expect(assets.has(asset)).toBe(true);
    },
  );
});

describe('the page before the platform', () => {
  it('names the app, and is left by one link that tells our origin', () => {
    const { html, headers, status } = pages.install({ language: 'en', appName: '示例应用', url });
    expect(status).toBe(200);
    expect(html).toContain('<bdi class="title-name">示例应用</bdi>');
    expect([...html.matchAll(/<a [^>]*>/g)].map(([link]) => link)).toEqual([
      '<a class="button button-primary" href="https://open.work.weixin.qq.com/3rdapp/install?suite_id=ww1&amp;state=S" rel="nofollow">',
    ]);
    expect(html).not.toContain('noreferrer');
    expect(headers['Referrer-Policy']).toBe('origin');
  });

  it('shows hostile values as they are', () => {
    const { html } = pages.install({ language: 'en', appName: hostile, url: hostile });
    expect(html.split(hostileEscaped)).toHaveLength(4);
    expect(pages.installed({ language: 'en', corpName: hostile }).html).toContain(hostileEscaped);
  });
});

describe('a problem', () => {
  it('has words of its own, its code and the request', () => {
    const { html, status, headers } = pages.problem({
      language: 'zh-CN',
      code: 'install_link_invalid',
      requestId: 'req-1',
      status: 400,
    });
    expect(status).toBe(400);
    expect(html).toContain('安装链接已失效');
    expect(html).toContain('<code>install_link_invalid</code>');
    expect(html).toContain('<code>req-1</code>');
    expect(headers['Retry-After']).toBeUndefined();
  });

  it('says how long to wait', () => {
    const page = pages.problem({
      language: 'en',
      code: 'too_many_requests',
      requestId: 'req-1',
      status: 429,
      retryAfterSeconds: 90,
    });
    expect(page.headers['Retry-After']).toBe('90');
  });
});
