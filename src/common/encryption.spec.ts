import { randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { Encryption, UnreadableSecretError } from './encryption.js';

const oldKey = randomBytes(32);
const newKey = randomBytes(32);
const context = 'connection:wecom-hq';

describe('Encryption', () => {
  it('opens what it sealed, whatever the text', () => {
    const encryption = new Encryption([oldKey]);
    for (const text of ['', 'secret', '令牌 🔑', 'x'.repeat(100_000)]) {
      expect(encryption.decrypt(encryption.encrypt(text, context), context)).toBe(text);
    }
  });

  it('opens a value that was sealed under the published format', () => {
    // AES-256-GCM, key 00…1f, nonce twelve times 07, made with another implementation.
    const key = Buffer.from([...Array(32).keys()]);
    expect(new Encryption([key]).decrypt(sealedElsewhere, context)).toBe('hello');
  });

  it('seals the same text differently each time', () => {
    const encryption = new Encryption([oldKey]);
    const sealed = new Set(Array.from({ length: 100 }, () => encryption.encrypt('same', context)));
    expect(sealed.size).toBe(100);
  });

  it('shows neither the text nor the key', () => {
    const sealed = new Encryption([oldKey]).encrypt('hunter2hunter2', context);
    const bytes = Buffer.from(sealed.split('.')[2]!, 'base64url');
    expect(bytes.includes('hunter2')).toBe(false);
    expect(sealed).not.toContain(oldKey.toString('hex').slice(0, 8));
  });

  it('seals with the first key and opens with any', () => {
    const before = new Encryption([oldKey]).encrypt('kept', context);
    const rotated = new Encryption([newKey, oldKey]);

    expect(rotated.decrypt(before, context)).toBe('kept');
    const after = rotated.encrypt('fresh', context);
    expect(new Encryption([newKey]).decrypt(after, context)).toBe('fresh');
    expect(() => new Encryption([oldKey]).decrypt(after, context)).toThrow(UnreadableSecretError);
  });

  it('names its keys as sealed values do, the one that seals first', () => {
    const ids = [oldKey, newKey].map(
      (key) => new Encryption([key]).encrypt('', context).split('.')[1],
    );
    expect(new Encryption([newKey, oldKey]).keyIds).toEqual([ids[1], ids[0]]);
  });

  it('opens nothing in a place where it was not sealed', () => {
    const encryption = new Encryption([oldKey]);
    const sealed = encryption.encrypt('kept', context);
    expect(() => encryption.decrypt(sealed, 'connection:other')).toThrow(UnreadableSecretError);
  });

  it('notices every changed bit, and whatever is not a sealed value', () => {
    const encryption = new Encryption([oldKey]);
    const [version, id, body] = encryption.encrypt('kept', context).split('.');
    const bytes = Buffer.from(body!, 'base64url');
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes);
      changed[place]! ^= 1;
      const sealed = [version, id, changed.toString('base64url')].join('.');
      expect(() => encryption.decrypt(sealed, context)).toThrow(UnreadableSecretError);
    }
    for (const odd of [
      '',
      'kept',
      `v2.${id}.${body}`,
      `v1.${id}.`,
      `v1.${id}.AAAA`,
      `v1..${body}`,
    ]) {
      expect(() => encryption.decrypt(odd, context)).toThrow(UnreadableSecretError);
    }
  });

  it('says what could not be opened and why, without the value', () => {
    const sealed = new Encryption([oldKey]).encrypt('hunter2', context);
    expect(() => new Encryption([newKey]).decrypt(sealed, context)).toThrow(
      /SECRET_KEY cannot open what is stored for connection:wecom-hq/,
    );
  });

  it.each([[[]], [[Buffer.alloc(16)]], [[oldKey, Buffer.alloc(31)]]])(
    'refuses to start with keys that are no keys',
    (keys) => expect(() => new Encryption(keys)).toThrow(/32 bytes/),
  );
});

const sealedElsewhere = 'v1.98a4cbca.BwcHBwcHBwcHBwcHZw_KMADS5jCslQzo2bFPtVY2f8RL';
