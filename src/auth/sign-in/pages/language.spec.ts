import { describe, expect, it } from '@jest/globals';

import { chooseLanguage } from './language.js';

describe('chooseLanguage', () => {
  it.each([
    [undefined, 'zh-CN'],
    ['', 'zh-CN'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
    ['zh-TW', 'zh-CN'],
    ['ZH', 'zh-CN'],
    ['en-US,en;q=0.9', 'en'],
    ['en-GB;q=0.7, zh-CN;q=0.9', 'zh-CN'],
    ['zh;q=0.2,en;q=0.8', 'en'],
    ['fr-FR,fr;q=0.9,zh;q=0.1', 'zh-CN'],
    ['fr-FR,de;q=0.9', 'en'],
    ['zh;q=0,fr', 'en'],
    ['*', 'zh-CN'],
    ['de, *;q=0.5', 'zh-CN'],
    ['en;q=nonsense', 'zh-CN'],
    [';;,,;q=1', 'zh-CN'],
  ])('reads the header %j as %s', (header, language) => {
    expect(chooseLanguage(header)).toBe(language);
  });

  it.each([
    ['en', 'zh-CN', 'en'],
    ['zh-Hans en', 'en', 'zh-CN'],
    ['fr en zh', 'zh-CN', 'en'],
    ['fr', 'zh-CN', 'zh-CN'],
    ['  ', 'en', 'en'],
  ])('lets ui_locales %j go before the header %j', (uiLocales, header, language) => {
    expect(chooseLanguage(header, uiLocales)).toBe(language);
  });

  it('keeps the default when ui_locales names no language of ours and there is no header', () => {
    expect(chooseLanguage(undefined, 'fr')).toBe('zh-CN');
  });
});
