import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { assetUrl, assets } from './assets.js';

describe('the assets', () => {
  it.each([
    ['lingpai.css', /^\/assets\/lingpai\.[0-9a-f]{12}\.css$/, 'text/css; charset=utf-8'],
    [
      'dingtalk-bridge.js',
      /^\/assets\/dingtalk-bridge\.[0-9a-f]{12}\.js$/,
      'text/javascript; charset=utf-8',
    ],
    ['send-form.js', /^\/assets\/send-form\.[0-9a-f]{12}\.js$/, 'text/javascript; charset=utf-8'],
    ['mark.svg', /^\/assets\/mark\.[0-9a-f]{12}\.svg$/, 'image/svg+xml'],
  ] as const)('serve %s under a name with its content’s hash', (name, path, contentType) => {
    const url = assetUrl(name);
    const asset = assets.get(url)!;

    expect(url).toMatch(path);
    expect(asset.contentType).toBe(contentType);
    expect(asset.body.length).toBeGreaterThan(100);
    expect(url).toContain(
      `.${createHash('sha256').update(asset.body).digest('hex').slice(0, 12)}.`,
    );
    expect(asset.etag).toMatch(/^"[0-9a-f]{12}"$/);
  });

  it('are no more than those', () => {
    expect(assets.size).toBe(4);
  });

  it('load nothing from elsewhere', () => {
    const sheet = assets.get(assetUrl('lingpai.css'))!.body.toString();

    expect(sheet).toContain('prefers-color-scheme: dark');
    expect(sheet).not.toMatch(/url\(|@import|https?:/);
  });
});
