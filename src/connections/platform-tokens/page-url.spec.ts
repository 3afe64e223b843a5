import { expect, it } from '@jest/globals';

import { AppError } from '../../common/app-error.js';
import { pageUrl } from './page-url.js';

const origins = ['https://portal.example.com', 'http://localhost:8080'];

it.each([
  ['https://portal.example.com/app?tab=1#/home', 'https://portal.example.com/app?tab=1'],
  ['https://portal.example.com', 'https://portal.example.com'],
  ['https://portal.example.com?x=%2F#', 'https://portal.example.com?x=%2F'],
  ['http://localhost:8080/a/../b?名=字', 'http://localhost:8080/a/../b?名=字'],
])('%s is signed as %s', (given, signed) => {
  expect(pageUrl(given, origins)).toBe(signed);
});

it.each([
  ['another origin', 'https://evil.example.com/'],
  ['another port', 'https://portal.example.com:8443/'],
  ['a port that no browser shows', 'https://portal.example.com:443/'],
  ['another scheme', 'http://portal.example.com/'],
  ['an origin that only begins alike', 'https://portal.example.com.evil.example/'],
  ['a user before the host', 'https://portal.example.com@evil.example/'],
  ['a user in front of the real host', 'https://me@portal.example.com/'],
  ['a backslash, which parsers take for a slash', 'https://portal.example.com\\@evil.example/'],
  ['a host in capitals, which no browser shows', 'https://PORTAL.example.com/'],
  ['a line break, which parsers drop', 'https://portal.example.com/\nx'],
  ['a blank in front', ' https://portal.example.com/'],
  ['no address', 'portal'],
  ['a script', 'javascript:alert(1)'],
  ['a fragment alone', '#https://portal.example.com/'],
  ['a file', 'file:///etc/passwd'],
])('%s is refused', (_what, given) => {
  expect(() => pageUrl(given, origins)).toThrow(AppError);
});
