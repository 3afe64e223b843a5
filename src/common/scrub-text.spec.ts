import { expect, it } from '@jest/globals';

import { scrubText } from './scrub-text.js';

it.each([
  ['https://api.example.com/a/b?access_token=4711#x', 'https://api.example.com/…'],
  ['getaddrinfo ENOTFOUND qyapi.weixin.qq.com', 'getaddrinfo ENOTFOUND qyapi.weixin.qq.com'],
  ['postgres://lingpai:4711@db:5432/lingpai', 'postgres://db:5432/…'],
  ['see (http://receiver:8080/hook/4711)', 'see (http://receiver:8080/…'],
  ['access_token=4711&x=1', 'access_token=***&x=1'],
  ['"client_secret": "4711"', '"client_secret": "***"'],
  ['Authorization: Bearer 4711', 'Authorization: ***'],
  ['suite_ticket=4711, authCode: 4712', 'suite_ticket=***, authCode: ***'],
  ['mail to lin.qiao@example.com now', 'mail to ***@example.com now'],
  ['call +8613800000001', 'call +86138****0001'],
  ['key 0af7651916cd43dd8448eb211c80319c here', 'key *** here'],
  [
    'account 6f9619ff-8b86-4d01-b42d-00cf4fc964ff is gone',
    'account 6f9619ff-8b86-4d01-b42d-00cf4fc964ff is gone',
  ],
  ['at run (file:///srv/dist/src/main.js:12:5)', 'at run (file:///srv/dist/src/main.js:12:5)'],
  ['relation "accounts" does not exist', 'relation "accounts" does not exist'],
  ['the status code 500', 'the status code 500'],
])('%s', (given, shown) => {
  expect(scrubText(given)).toBe(shown);
});
