import { describe, expect, it } from '@jest/globals';

import { hashPassword, passwordFault, verifyPassword } from './password-hash.js';

describe('a password', () => {
  it('is hashed with argon2id and a salt of its own', async () => {
    const [one, other] = await Promise.all([
      hashPassword('correct horse'),
      hashPassword('correct horse'),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await verifyPassword(one, 'correct horse')).toBe(true);
    expect(await verifyPassword(one, 'correct horsf')).toBe(false);
  });

  it('is hashed two at a time, all in the end', async () => {
    const hashes = await Promise.all(
      Array.from({ length: 9 }, (_, n) => hashPassword(`word ${n}`)),
    );
    expect(await verifyPassword(hashes[8] ?? '', 'word 8')).toBe(true);
  });

  it.each(['short', 'aaaaaaaaaaaa', '1234567890', 'Password123', 'a'.repeat(129), '13800000001'])(
    '%s is unsuitable',
    (password) => {
      expect(passwordFault(password, { phone: '+8613800000001' })).toMatch(/^The password/);
    },
  );

  it.each(['correct horse', '一二三四五六七八九十', 'tr0ub4dor&3x'])('%s will do', (password) => {
    expect(passwordFault(password)).toBeUndefined();
  });
});
