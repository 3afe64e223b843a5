import { expect, it } from '@jest/globals';

import { isWecomClient } from './user-agent.js';

it.each([
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 wxwork/4.1.10 MicroMessenger/7.0.1 Language/zh',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) wxwork/4.1.3 (MicroMessenger/6.2) WeChat/2.0.4',
  'Mozilla/5.0 (Linux; Android 13) wxworklocal/2.8 wxwork/3.0 MicroMessenger/7.0.1',
  'Mozilla/5.0 WXWork/4.0.0',
])('%s is WeCom', (userAgent) => {
  expect(isWecomClient(userAgent)).toBe(true);
});

it.each([
  'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.42',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36',
  'Mozilla/5.0 AliApp(DingTalk/7.0)',
  '',
])('%j is not', (userAgent) => {
  expect(isWecomClient(userAgent)).toBe(false);
});
