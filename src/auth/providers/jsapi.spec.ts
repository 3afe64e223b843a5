import 'reflect-metadata';

import { expect, it } from '@jest/globals';
import { getJsApiSignature } from '@wecom/crypto';

import { AppError } from '../../common/app-error.js';
import { asTheClientReadsIt } from './dingtalk/dingtalk.jsapi.js';
import { jsapiSignature, newNonce } from './jsapi.js';

const oldTicket =
  'mS5k98fdkdgDKxkXGEs8LORVREiweeWETE40P37wkidkfksDSKDJFD5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcKIDU8l';

it.each([
  [
    'WeCom’s worked example',
    {
      ticket:
        'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
      nonceStr: 'Wm3WZYTPz0wzccnW',
      timestamp: 1414587457,
      url: 'http://mp.weixin.qq.com?params=value',
    },
    { sha1: '0f9de62fce790f9a083d5c99e95740ceb90c27ed' },
  ],
  [
    'an agent’s ticket',
    {
      ticket: 'agentTicketEXAMPLE0001',
      nonceStr: 'Kq8Zr2Lm',
      timestamp: 1767225600,
      url: 'https://portal.example.com/app/home?tab=1',
    },
    { sha1: '91e0fcfe7a57b946137577e09b95f61404c4b2a5' },
  ],
  [
    'DingTalk’s old example',
    {
      ticket: oldTicket,
      nonceStr: 'Zn4zmLFKD0wzilzM',
      timestamp: '1414588745',
      url: 'http://open.dingtalk.com',
    },
    {
      sha1: '10de2b0a6763ec3685a50272b5b0eb2848098dc2',
      sha256: '6d6e0580d57aac61e427c1e82e7545cca4eed5c59ae6bb468c6bf6f89753cdb2',
    },
  ],
  [
    'a page of DingTalk with an encoded query',
    {
      ticket: 'exampleTicketAAAABBBBCCCC0001',
      nonceStr: 'nonce001',
      timestamp: '1700000000',
      url: asTheClientReadsIt(
        'https://app.example.com/dt/index.html?corpid=dingexamplecorp01&next=%2Fa%20b',
      ),
    },
    {
      sha1: '42fbab2ea9bff81eaaa9f6ffae78dbd7a437b1fa',
      sha256: '4ec970e2ae0c20de5ed29e4733a4a43764f3b1674b65ab1b448bfdb000996f7b',
    },
  ],
] as const)('%s is signed as the reference says', (_name, parts, digests) => {
  const hashes = Object.keys(digests) as ('sha1' | 'sha256')[];
  expect(Object.fromEntries(hashes.map((hash) => [hash, jsapiSignature(parts, hash)]))).toEqual(
    digests,
  );
});

it('agrees with WeCom’s own library on any page', () => {
  for (let round = 0; round < 200; round += 1) {
    const parts = {
      ticket: newNonce() + newNonce(),
      nonceStr: newNonce(),
      timestamp: 1_700_000_000 + round,
      url: `https://portal.example.com/${newNonce()}?名字=${newNonce()}&x=%E4%BD%A0`,
    };
    expect(jsapiSignature(parts, 'sha1')).toBe(getJsApiSignature(parts).signature);
  }
});

it('a signature is that of one page: what names another one inside is refused', () => {
  const ticket = 'exampleTicketAAAABBBBCCCC0001';
  const other = 'https://evil.example.com/';
  const page = 'https://portal.example.com/';
  // What a page elsewhere would say its nonce was.
  const nonceStr = `nonce001&timestamp=1700000000&url=${page}?`;
  const taken = getJsApiSignature({ ticket, nonceStr, timestamp: 1700000001, url: other });
  const asked = { ticket, nonceStr: 'nonce001', timestamp: 1700000000 };
  const url = `${page}?&timestamp=1700000001&url=${other}`;
  expect(getJsApiSignature({ ...asked, url }).signature).toBe(taken.signature);
  expect(() => jsapiSignature({ ...asked, url }, 'sha1')).toThrow(AppError);
  const encoded = `${page}?x=%26url%3Dhttps%3A%2F%2Fevil.example.com%2F`;
  expect(() => jsapiSignature({ ...asked, url: asTheClientReadsIt(encoded) }, 'sha256')).toThrow(
    AppError,
  );
  for (const harmless of [
    encoded,
    `${page}?url=${other}`,
    `${page}?a=1&url=%2Fhome&timestamp=1`,
    `${page}?a=1&url=${page}home`,
  ])
    expect(jsapiSignature({ ...asked, url: harmless }, 'sha1')).toMatch(/^[0-9a-f]{40}$/);
});

it.each([
  [
    'https://abc.com?url=http%3A%2F%2Fabc.com%2Fsomewhere&a=1',
    'https://abc.com?url=http://abc.com/somewhere&a=1',
  ],
  ['https://abc.com/a%20b?x=1+2', 'https://abc.com/a%20b?x=1 2'],
  ['https://abc.com:8443/a?x=%252F?y', 'https://abc.com:8443/a?x=%2F?y'],
  ['https://abc.com/no-query', 'https://abc.com/no-query'],
])('DingTalk’s client reads %s as %s', (shown, read) => {
  expect(asTheClientReadsIt(shown)).toBe(read);
});

it('a query that DingTalk’s client could not decode is refused', () => {
  expect(() => asTheClientReadsIt('https://abc.com/?x=%E4%')).toThrow(AppError);
});

it('nonces are letters and digits, and never the same', () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces).size).toBe(1000);
  expect(nonces.every((nonce) => /^[A-Za-z0-9]{16}$/.test(nonce))).toBe(true);
});
