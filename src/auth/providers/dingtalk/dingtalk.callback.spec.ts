import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../common/secret.js';
import type { CallbackRequest } from '../platform-events.js';
import { openCallback, successAnswer } from './dingtalk.callback.js';
import { type CallbackKeys } from '../sealed-callback.js';

/** Reference dingtalk 6.4. */
const vectorA: CallbackKeys = {
  token: new Secret('exampleToken01'),
  aesKey: new Secret('abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456'),
};
const checkUrl = {
  signature: '7fc742dc89b1597e0e6dc3aea6538cea60801ccb',
  timestamp: '1700000000000',
  nonce: 'nonce001',
  encrypt:
    'dzME0rsa/LQkToZuN6R3PdmawVTRxE0T+xtRoyL/yoJf01Ykd9XMG5XpmQKjZvFdjt90VhK9B6Jvu7NCoCrMag==',
};
const successOfA =
  'oGjAn8P9hcIdmgusfm98OT81GWTxmaL0kpeU02vP5MTp//Stu+JW8rcsCfOimGAwDRSYcv8QBoa8DcpKz+Pu2w==';

function request(
  { signature, timestamp, nonce, encrypt }: typeof checkUrl,
  name = 'msg_signature',
): CallbackRequest {
  return {
    method: 'POST',
    query: new URLSearchParams({ [name]: signature, timestamp, nonce }),
    body: JSON.stringify({ encrypt }),
  };
}

const refused = { code: 'callback_refused', message: 'This callback is refused.' };
const reasonOf = (given: CallbackRequest): unknown => {
  try {
    openCallback(vectorA, given);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject(refused);
    return (error as { operator?: { platformMessage?: string } }).operator?.platformMessage;
  }
};

describe('a callback', () => {
  it.each(['msg_signature', 'signature'])('of vector A opens, signed as %s', (name) => {
    expect(openCallback(vectorA, request(checkUrl, name))).toEqual({
      content: '{"EventType":"check_url"}',
      ownerKey: 'dingexampleappkey1',
      timestamp: '1700000000000',
    });
  });

  it('of vector B, DingTalk’s own, opens: its key has spare bits', () => {
    const keys = {
      token: new Secret('123456'),
      aesKey: new Secret('4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij'),
    };
    const opened = openCallback(
      keys,
      request({
        signature: '5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0',
        timestamp: '1445827045067',
        nonce: 'nEXhMP4r',
        encrypt:
          '1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==',
      }),
    );
    expect(opened).toMatchObject({
      content:
        '{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}',
      ownerKey: 'suite4xxxxxxxxxxxxxxx',
    });
  });

  it('of vector C, DingTalk’s own, opens: it is padded to 32 bytes', () => {
    const keys = {
      token: new Secret('123456'),
      aesKey: new Secret('1234567890123456789012345678901234567890123'),
    };
    const opened = openCallback(
      keys,
      request({
        signature: '9a95a004dd16f5c307e849b994173f76aa26e5eb',
        timestamp: '1614767836',
        nonce: 'A7Co0cJLMzIDtMMI',
        encrypt:
          'YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==',
      }),
    );
    expect(opened).toMatchObject({ content: 'success', ownerKey: 'dingsnotzck6pm5veliw' });
  });

  it.each([
    [{ signature: '7fc742dc89b1597e0e6dc3aea6538cea60801ccc' }, 'the signature is wrong'],
    [{ signature: '' }, 'the signature is wrong'],
    [{ signature: 'é'.repeat(40) }, 'the signature is wrong'],
    [{ timestamp: '1700000000001' }, 'the signature is wrong'],
    [{ timestamp: 'now' }, 'timestamp or nonce is missing or is none'],
    [{ nonce: '' }, 'timestamp or nonce is missing or is none'],
    [{ encrypt: successOfA }, 'the signature is wrong'],
    [{ encrypt: '<b64>' }, 'the body holds no ciphertext'],
    [{ encrypt: 'A'.repeat(300_000) }, 'it is too large'],
  ])('with %j is refused', (change, reason) => {
    expect(reasonOf(request({ ...checkUrl, ...change }))).toBe(reason);
  });

  it.each([
    ['{"encrypt":', 'the body is no JSON'],
    ['[]', 'the body holds no ciphertext'],
    ['', 'the body is no JSON'],
  ])('with the body %j is refused', (body, reason) => {
    expect(reasonOf({ ...request(checkUrl), body })).toBe(reason);
  });

  it.each(['AAAA', 'A'.repeat(64)])(
    'that is signed and cannot be decrypted (%s) is refused',
    (encrypt) => {
      const signed = ['exampleToken01', '1700000000000', 'nonce001', encrypt].sort().join('');
      const signature = createHash('sha1').update(signed).digest('hex');
      expect(reasonOf(request({ ...checkUrl, encrypt, signature }))).toBe('it cannot be decrypted');
    },
  );
});

describe('the answer', () => {
  it('is the success of vector A, spelled as DingTalk wants it', () => {
    const answer = successAnswer(vectorA, 'dingexampleappkey1', {
      random: Buffer.from('fedcba9876543210'),
      timestamp: '1700000000001',
      nonce: 'nonce002',
    });
    expect(answer.contentType).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual({
      msg_signature: '5251110776a5e7390338bf54f1c58b9605180726',
      timeStamp: '1700000000001',
      nonce: 'nonce002',
      encrypt: successOfA,
    });
  });
});
