import { describe, expect, it } from '@jest/globals';
import * as independent from '@wecom/crypto';

import { aesKeyOf, decrypt, encrypt, signatureOf } from './callback-crypto.js';
import { seedWecomProviderWorld } from './seed.js';

/** The vectors of reference 8.6. */
const KEY = 'SimulatorOnlyKeySimulatorOnlyKey01234567890';
const RANDOM = Buffer.from('0123456789abcdef');
const COMMAND =
  '<xml><SuiteId><![CDATA[ww5a1e0000000000aa]]></SuiteId><InfoType><![CDATA[suite_ticket]]></InfoType>' +
  '<TimeStamp>1700000000</TimeStamp><SuiteTicket><![CDATA[TICKET-0001]]></SuiteTicket></xml>';
const COMMAND_ENCRYPTED =
  'G8w5/bvfo8pIEI15fxxdI5WlgmrN7QIbTihytR9tODQVPMUaMmGNZ7uDeYGsRkYq/XjvlUQscSTa4nMPeBApRFnCcTAg3l0cNA8pCNIx6W1EQ' +
  '/w/2nN5cBFYOas60LR+2tyXpTlGmEP2Y0aGutUreTwWOFx3KDSwaSmRA5LrXv9oUXkToC4PAYowJoJFOVHjePbUV1n6o9VznV3LezIB1QGmjj' +
  'ILbjQpMa5enLQ7o5gkWzWIeyzLjsPXNrVLuXL5/Wp3jOL5OCIan5tkQgwAsc0rc/sXf3K5FSu+w3fdWAxEMcVD1RMUjj5EztJhJAKN2jS/Qr' +
  'MNTX8vRaxRryPF/Q==';
const ECHO_ENCRYPTED =
  'G8w5/bvfo8pIEI15fxxdI8YUM7TAoyZKgsAX168ivvdJD/SO9hxJ5K+Vfx4K4m8oHfvcS8ZpSj/WdpeWB6KzXA==';

describe('the callback crypto', () => {
  it('decodes the key, whatever its two spare bits', () => {
    const hex = '4a29ae95ab68ace9e5c8a7b24a29ae95ab68ace9e5c8a7b2d35db7e39ebbf3dd';
    for (const last of ['0', '1', '2', '3']) {
      expect(aesKeyOf(KEY.slice(0, 42) + last).toString('hex')).toBe(hex);
    }
    expect(() => aesKeyOf(KEY.slice(0, 42))).toThrow('43 digits');
  });

  it('encrypts and signs a command callback as in vector A', () => {
    expect(encrypt(KEY, COMMAND, 'ww5a1e0000000000aa', RANDOM)).toBe(COMMAND_ENCRYPTED);
    expect(signatureOf('simtoken01', '1700000000', 'nonce42', COMMAND_ENCRYPTED)).toBe(
      '1238a401b5daf9c8910c8a8fd8bf6add78e27737',
    );
    expect(decrypt(KEY, COMMAND_ENCRYPTED)).toEqual({
      message: COMMAND,
      receiveId: 'ww5a1e0000000000aa',
    });
  });

  it('encrypts and signs a URL check as in vector B', () => {
    expect(encrypt(KEY, '7130425512345678901', 'wwPROVIDER000000001', RANDOM)).toBe(ECHO_ENCRYPTED);
    expect(signatureOf('simtoken01', '1700000000', 'nonce42', ECHO_ENCRYPTED)).toBe(
      'c8bb9fc80ea68e604ac843e5425a822f35e66f63',
    );
  });

  it('pads an aligned text by a whole block of 32, vector C', () => {
    const encrypted = encrypt(KEY, 'x'.repeat(26), 'ww5a1e0000000000aa', RANDOM);
    expect(Buffer.from(encrypted, 'base64')).toHaveLength(96);
    expect(decrypt(KEY, encrypted)).toEqual({
      message: 'x'.repeat(26),
      receiveId: 'ww5a1e0000000000aa',
    });
  });

  it.each(['', 'a', '企业微信 <&>', 'x'.repeat(11), 'x'.repeat(5000)])(
    'agrees with an independent implementation in both directions on %j',
    (message) => {
      for (const receiveId of ['ww5a1e0000000000aa', '']) {
        for (const key of [KEY, `${KEY.slice(0, 42)}3`]) {
          const ours = independent.decrypt(key, encrypt(key, message, receiveId));
          expect({ message: ours.message, id: ours.id }).toEqual({ message, id: receiveId });
          expect(decrypt(key, independent.encrypt(key, message, receiveId))).toEqual({
            message,
            receiveId,
          });
        }
      }
    },
  );

  it('signs as an independent implementation does', () => {
    const cases: [string, string, string, string][] = [
      ['t', '1', 'n', 'E=='],
      ['Zz', '1700000001', '0nonce', 'aB+/='],
      ['9a', '1699999999', 'Nonce', '/x'],
    ];
    for (const values of cases) {
      expect(signatureOf(...values)).toBe(independent.getSignature(...values));
    }
  });

  it('opens nothing that is malformed', () => {
    expect(() => decrypt(KEY, 'AAAA')).toThrow();
    expect(() => decrypt(KEY, COMMAND_ENCRYPTED.slice(0, 64))).toThrow();
    expect(() => decrypt(`A${KEY.slice(1)}`, COMMAND_ENCRYPTED)).toThrow();
  });

  it('has seeded keys of 43 letters and digits that end in spare bits', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    for (const { callback } of seedWecomProviderWorld().provider.suites) {
      expect(callback.aesKey).toMatch(/^[A-Za-z0-9]{43}$/);
      expect(alphabet.indexOf(callback.aesKey.at(-1) ?? '') % 4).not.toBe(0);
      expect(callback.token).toMatch(/^[A-Za-z0-9]{1,32}$/);
    }
  });
});
