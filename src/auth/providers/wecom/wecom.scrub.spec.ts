import { expect, it } from '@jest/globals';

import { scrubbed } from './wecom.scrub.js';

it.each([
  'invalid code, hint: [1767225600186056773912722], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=40029',
  'api forbidden, hint: [1767225600_28_0f1e2d3c4b5a69788796a5b4c3d2e1f0]',
  'not allow operate another agent with this accesstoken.',
])('keeps %s', (words) => {
  expect(scrubbed(words, [])).toBe(words);
});

it.each([
  ['corpsecret=abc&x=1', 'corpsecret=***&x=1'],
  ['{"user_ticket":"abc"}', '{"user_ticket":"***"}'],
  ['js_code: abc', 'js_code: ***'],
  ['token Zk3vQ9sNxW0aTqZk3vQ9sNxW0aTq is bad', 'token *** is bad'],
  ['13900000017 not found', '*** not found'],
])('turns %s into %s', (words, expected) => {
  expect(scrubbed(words, [])).toBe(expected);
});

it('has an end', () => {
  expect(scrubbed('x '.repeat(500), [])).toHaveLength(400);
});
