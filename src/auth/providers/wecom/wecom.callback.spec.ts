import { createCipheriv } from 'node:crypto';

import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { describe, expect, it } from '@jest/globals';

import { AppError } from '../../../common/app-error.js';
import { Secret } from '../../../common/secret.js';
import type { CallbackRequest } from '../platform-events.js';
import { openCallback, readXml, sentAtOf } from './wecom.callback.js';
import { callbackRefused } from '../sealed-callback.js';

const token = 'simtoken01';
const aesKey = 'SimulatorOnlyKeySimulatorOnlyKey01234567890';
const keys = { token: new Secret(token), aesKey: new Secret(aesKey) };

// Reference wecom-service-provider 8.6, A and B.
const ticketPush =
  'G8w5/bvfo8pIEI15fxxdI5WlgmrN7QIbTihytR9tODQVPMUaMmGNZ7uDeYGsRkYq/XjvlUQscSTa4nMPeBApRFnCcTAg3l0cNA8pCNIx6W1EQ/w/2nN5cBFYOas60LR+2tyXpTlGmEP2Y0aGutUreTwWOFx3KDSwaSmRA5LrXv9oUXkToC4PAYowJoJFOVHjePbUV1n6o9VznV3LezIB1QGmjjILbjQpMa5enLQ7o5gkWzWIeyzLjsPXNrVLuXL5/Wp3jOL5OCIan5tkQgwAsc0rc/sXf3K5FSu+w3fdWAxEMcVD1RMUjj5EztJhJAKN2jS/QrMNTX8vRaxRryPF/Q==';
const ticketXml =
  '<xml><SuiteId><![CDATA[ww5a1e0000000000aa]]></SuiteId><InfoType><![CDATA[suite_ticket]]></InfoType><TimeStamp>1700000000</TimeStamp><SuiteTicket><![CDATA[TICKET-0001]]></SuiteTicket></xml>';
const echo =
  'G8w5/bvfo8pIEI15fxxdI8YUM7TAoyZKgsAX168ivvdJD/SO9hxJ5K+Vfx4K4m8oHfvcS8ZpSj/WdpeWB6KzXA==';

interface Push {
  readonly encrypted: string;
  readonly signature?: string;
  readonly timestamp?: string;
  readonly nonce?: string;
}

function queryOf({ encrypted, ...given }: Push): URLSearchParams {
  const { timestamp = '1700000000', nonce = 'nonce42' } = given;
  return new URLSearchParams({
    msg_signature: given.signature ?? getSignature(token, timestamp, nonce, encrypted),
    timestamp,
    nonce,
  });
}

function post(push: Push): CallbackRequest {
  const body = `<xml><ToUserName><![CDATA[ww5a1e0000000000aa]]></ToUserName><AgentID><![CDATA[]]></AgentID><Encrypt><![CDATA[${push.encrypted}]]></Encrypt></xml>`;
  return { method: 'POST', query: queryOf(push), body };
}

function get(push: Push): CallbackRequest {
  const query = queryOf(push);
  query.set('echostr', push.encrypted);
  return { method: 'GET', query, body: '' };
}

/** The reason of the refusal; fails where there is none. */
function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('callback_refused');
    expect(error.message).toBe('This callback is refused.');
    return error.operator?.platformMessage;
  }
  throw new Error('it was let in');
}

describe('a callback', () => {
  it('of POST opens as in the reference', () => {
    const signature = '1238a401b5daf9c8910c8a8fd8bf6add78e27737';
    expect(openCallback(keys, post({ encrypted: ticketPush, signature }))).toEqual({
      content: ticketXml,
      receiveId: 'ww5a1e0000000000aa',
    });
  });

  it('of GET opens as in the reference', () => {
    const signature = 'c8bb9fc80ea68e604ac843e5425a822f35e66f63';
    expect(openCallback(keys, get({ encrypted: echo, signature }))).toEqual({
      content: '7130425512345678901',
      receiveId: 'wwPROVIDER000000001',
    });
  });

  it('opens as in the reference of self-built apps', () => {
    const query = new URLSearchParams({
      msg_signature: '46a7cfb69275b15d4abb8a4177cbf4479db0cd88',
      timestamp: '1767225600',
      nonce: 'nonce20260101',
      echostr:
        'DDWKJ6HxOXOMfsgQIpBkPUtzOth1CnspoF07EQGNnXhbpZFk9e5GeujSz9V9427LrACNicnpq+QQC3k99kB95A==',
    });
    const own = {
      token: new Secret('exampleCallbackTok3n'),
      aesKey: new Secret('ZXhhbXBsZS1vbmx5LWFlcy1rZXktMzItYnl0ZXMhIS4'),
    };
    expect(openCallback(own, { method: 'GET', query, body: '' })).toEqual({
      content: '8392017465120938475',
      receiveId: 'ww1a2b3c4d5e6f7a8b',
    });
  });

  it.each(['0', '1', '2', '3'])(
    'opens with a key that ends in %s: spare bits count for nothing',
    (digit) => {
      const spare = { ...keys, aesKey: new Secret(aesKey.slice(0, 42) + digit) };
      expect(openCallback(spare, post({ encrypted: ticketPush })).receiveId).toBe(
        'ww5a1e0000000000aa',
      );
    },
  );

  it('opens where the + of the echo text became blanks on the way', () => {
    const query = queryOf({ encrypted: echo });
    query.set('echostr', echo.replaceAll('+', ' '));
    expect(openCallback(keys, { method: 'GET', query, body: '' }).content).toBe(
      '7130425512345678901',
    );
  });

  it('opens what another implementation made, whatever padding it needs', () => {
    for (let length = 0; length < 64; length++) {
      const content = '龙'.repeat(length % 7) + 'x'.repeat(length);
      expect(openCallback(keys, post({ encrypted: encrypt(aesKey, content, 'ww-corp') }))).toEqual({
        content,
        receiveId: 'ww-corp',
      });
    }
  });

  it('takes an empty ReceiveId as one', () => {
    expect(openCallback(keys, post({ encrypted: encrypt(aesKey, 'hello', '') }))).toEqual({
      content: 'hello',
      receiveId: '',
    });
  });

  it('is read by the other implementation as by us', () => {
    expect(decrypt(aesKey, ticketPush)).toMatchObject({
      message: ticketXml,
      id: 'ww5a1e0000000000aa',
    });
  });
});

describe('a callback that is not from WeCom', () => {
  const refused = (request: CallbackRequest) => refusalOf(() => openCallback(keys, request));

  it('is refused in the same words, with the reason for the operator alone', () => {
    const error = callbackRefused('because', { fix: 'do this' });
    expect([error.code, error.message, error.operator]).toEqual([
      'callback_refused',
      'This callback is refused.',
      { platformMessage: 'because', fix: 'do this' },
    ]);
  });

  it('is refused for a signature that is wrong, short, in capitals or not there', () => {
    const signature = getSignature(token, '1700000000', 'nonce42', ticketPush);
    for (const other of [
      signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      signature.slice(1),
      signature.toUpperCase(),
      `${signature}00`,
      '',
    ])
      expect(refused(post({ encrypted: ticketPush, signature: other }))).toBe(
        'the signature is wrong',
      );
  });

  it('is refused when time or nonce are others than those signed', () => {
    const signature = getSignature(token, '1700000000', 'nonce42', ticketPush);
    for (const other of [{ timestamp: '1700000001' }, { nonce: 'nonce43' }])
      expect(refused(post({ encrypted: ticketPush, signature, ...other }))).toBe(
        'the signature is wrong',
      );
    for (const other of [{ timestamp: '' }, { timestamp: 'now' }, { nonce: '' }])
      expect(refused(post({ encrypted: ticketPush, signature, ...other }))).toBe(
        'timestamp or nonce is missing or is none',
      );
  });

  it('is refused for every byte that changed on the way', () => {
    const signature = getSignature(token, '1700000000', 'nonce42', ticketPush);
    const bytes = Buffer.from(ticketPush, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (bytes[at] ?? 0) ^ 1;
      const encrypted = flipped.toString('base64');
      expect(refused(post({ encrypted, signature }))).toBe('the signature is wrong');
    }
  });

  it('harms nobody when such bytes are signed: it opens as something else or is refused', () => {
    const bytes = Buffer.from(ticketPush, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (bytes[at] ?? 0) ^ 0x80;
      expect(contentOrRefusal(flipped.toString('base64'))).not.toBe(ticketXml);
    }
  });

  function contentOrRefusal(encrypted: string): string | undefined {
    let content: string | undefined;
    const reason = refusalOf(() => {
      ({ content } = openCallback(keys, post({ encrypted })));
      throw callbackRefused('none');
    });
    return content ?? reason;
  }

  it('is refused wherever it was cut off, signed or not', () => {
    for (let length = 0; length < ticketPush.length; length++)
      expect(refused(post({ encrypted: ticketPush.slice(0, length) }))).toMatch(
        /^(?:the ciphertext is no base64|the ciphertext is cut off.*|it cannot be decrypted)$/,
      );
    const { body, query } = post({ encrypted: ticketPush });
    for (let length = 0; length < body.length; length++)
      expect(refused({ method: 'POST', query, body: body.slice(0, length) })).toMatch(
        /^(?:there is nothing in it|the body is no XML|the XML is not whole|the XML holds a declaration, or is cut off)$/,
      );
  });

  it('is refused when it is oversize, before anything is computed', () => {
    const encrypted = 'A'.repeat(256 * 1024 + 4);
    expect(refused(post({ encrypted, signature: '' }))).toBe('it is too large');
    expect(refused(get({ encrypted, signature: '' }))).toBe('it is too large');
  });

  it('is refused for the key of another', () => {
    const other = { ...keys, aesKey: new Secret('AnotherKeyAnotherKeyAnotherKeyAnotherKey012') };
    expect(refusalOf(() => openCallback(other, post({ encrypted: ticketPush })))).toBe(
      'it cannot be decrypted',
    );
  });

  it('is refused for a padding that is none', () => {
    const cases: [Buffer, string][] = [
      [Buffer.alloc(32, 0), 'no padding'],
      [Buffer.alloc(64, 33), 'more than a block'],
      [Buffer.alloc(16, 17), 'more than there is'],
      [Buffer.alloc(32, 32), 'nothing but padding'],
      [Buffer.concat([Buffer.alloc(30, 7), Buffer.from([1, 2])]), 'bytes that differ'],
      [
        Buffer.concat([Buffer.alloc(16), Buffer.from([255, 255, 255, 255]), Buffer.alloc(12, 12)]),
        'a length beyond the end',
      ],
      [
        Buffer.concat([
          Buffer.alloc(16),
          Buffer.from([0, 0, 0, 2, 0xff, 0xfe]),
          Buffer.alloc(10, 10),
        ]),
        'no UTF-8',
      ],
    ];
    for (const [plain, why] of cases)
      expect([why, refused(post({ encrypted: encryptedAsIs(plain) }))]).toEqual([
        why,
        'it cannot be decrypted',
      ]);
  });

  it.each([17, 20, 31, 32])(
    'opens with a padding of %d bytes, unless one of them differs',
    (count) => {
      const head = Buffer.concat([Buffer.alloc(16), Buffer.from([0, 0, 0, 64 - 20 - count])]);
      const plain = Buffer.concat([
        head,
        Buffer.alloc(64 - 20 - count, 'x'),
        Buffer.alloc(count, count),
      ]);
      expect(openCallback(keys, post({ encrypted: encryptedAsIs(plain) }))).toEqual({
        content: 'x'.repeat(44 - count),
        receiveId: '',
      });
      plain[64 - count] = 1;
      expect(refused(post({ encrypted: encryptedAsIs(plain) }))).toBe('it cannot be decrypted');
    },
  );
});

/** Without random, length or padding of its own. */
function encryptedAsIs(plain: Buffer): string {
  const key = Buffer.from(`${aesKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

describe('XML', () => {
  it('is read as the flat fields of its root, all of them texts', () => {
    const content = `<?xml version="1.0"?>
      <xml>
        <SuiteId> <![CDATA[ww01]]></SuiteId><InfoType>change_contact</InfoType>
        <TimeStamp> 0017 </TimeStamp><Big>12345678901234567890</Big><Hex>0x1F</Hex><No>false</No>
        <Empty></Empty><None/><Text><![CDATA[<a>&amp;</a>]]></Text><Amp>a&amp;b</Amp>
        <Two>1</Two><Two>2</Two><Two>3</Two><Deep><Er>1</Er></Deep>
        
      </xml>
    `;
    expect({ ...readXml(content) }).toEqual({
      SuiteId: 'ww01',
      InfoType: 'change_contact',
      TimeStamp: '0017',
      Big: '12345678901234567890',
      Hex: '0x1F',
      No: 'false',
      Empty: '',
      None: '',
      Text: '<a>&amp;</a>',
      Amp: 'a&amp;b',
    });
  });

  it('knows no field that was not sent', () => {
    const { toString, constructor, __proto__: prototype } = readXml('<xml><A>1</A></xml>');
    expect([toString, constructor, prototype]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['a bomb', '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><A>&b;</A></xml>'],
    ['a file', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>'],
    ['small letters', '<!doctype x><xml><A>1</A></xml>'],
    ['one inside', '<xml><!DOCTYPE x [<!ENTITY a "ha">]><A>&a;</A></xml>'],
    ['one behind', '<xml><A>1</A></xml><!DOCTYPE x>'],
    [
      'one hidden',
      '<!-- <![CDATA[ --><!DOCTYPE x [<!ENTITY a "ha">]><!-- ]]> --><xml><A>&a;</A></xml>',
    ],
    ['a comment', '<xml><!-- --><A>1</A></xml>'],
    ['an instruction', '<?go?><xml><A>1</A></xml>'],
  ])('with %s of a declaration is refused', (_what, content) => {
    expect(refusalOf(() => readXml(content))).toBe('the XML holds a declaration, or is cut off');
  });

  it.each(['', 'hello', '{"a":1}', '<xml>', '<xml><A>1</A>', '<a>1</a><b>2</b>', '</xml>', '<'])(
    'that is none is refused: %s',
    (content) => {
      expect(refusalOf(() => readXml(content))).toMatch(
        /^(?:there is nothing in it|the body is no XML|the XML is not whole)$/,
      );
    },
  );

  it('spoils no prototype', () => {
    expect(refusalOf(() => readXml('<xml><__proto__>1</__proto__></xml>'))).toBe(
      'the body is no XML',
    );
    expect(refusalOf(() => readXml('<__proto__><A>1</A></__proto__>'))).toBe('the body is no XML');
    expect(refusalOf(() => readXml('<xml><constructor>1</constructor></xml>'))).toBe(
      'the body is no XML',
    );
    expect(({} as Record<string, unknown>)['A']).toBeUndefined();
  });

  it('that is deep, large or hostile is refused within a moment', () => {
    const started = performance.now();
    expect(refusalOf(() => readXml('<a>'.repeat(80_000)))).toBe('the body is no XML');
    expect(refusalOf(() => readXml('<xml>' + '<![CDATA['.repeat(28_000) + '</xml>'))).toBe(
      'the XML holds a declaration, or is cut off',
    );
    expect(refusalOf(() => readXml('<'.repeat(256 * 1024)))).toMatch(/XML/);
    expect(refusalOf(() => readXml('<a '.repeat(80_000)))).toMatch(/XML/);
    expect(refusalOf(() => readXml('<a>'.repeat(1_000_000)))).toBe('it is too large');
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});

describe('the time of a callback', () => {
  const now = new Date('2026-01-01T12:00:00Z');

  it('is read to the second, up to a day off', () => {
    expect(sentAtOf('1767225600', now)).toEqual(new Date('2026-01-01T00:00:00Z'));
    expect(sentAtOf('1767182400', now)).toEqual(new Date('2025-12-31T12:00:00Z'));
    expect(sentAtOf('1767355200', now)).toEqual(new Date('2026-01-02T12:00:00Z'));
  });

  it.each(['1767182399', '1767355201', '1767225600000', '', 'x', '-1', '1e9', ' 1767225600'])(
    'is refused beyond that, or when it is none: %s',
    (seconds) => {
      expect(refusalOf(() => sentAtOf(seconds, now))).toBe(
        'its time is missing, or more than a day off',
      );
    },
  );
});
