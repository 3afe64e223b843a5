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

  it.each([
    ['x7k-short', 'The password must have 10 to 128 characters.'],
    ['a1b2'.repeat(33), 'The password must have 10 to 128 characters.'],
    ['aaaaaaaaaaaa', 'The password is too easy to guess.'],
    ['1234567890', 'The password is too easy to guess.'],
    ['Password123', 'The password is too easy to guess.'],
    ['ｐａｓｓｗｏｒｄ１２３', 'The password is too easy to guess.'],
    ['13957286401', 'The password must not be the phone number.'],
    ['+86 139-5728-6401', 'The password must not be the phone number.'],
    ['3957286401', 'The password must not be the phone number.'],
  ])('%s is unsuitable', (password, fault) => {
    expect(passwordFault(password, { phone: '+8613957286401' })).toBe(fault);
  });

  it.each(['correct horse', '一二三四五六七八九十', 'tr0ub4dor&3x', 'a1b2'.repeat(32)])(
    '%s will do',
    (password) => {
      expect(passwordFault(password, { phone: '+8613957286401' })).toBeUndefined();
    },
  );
});
