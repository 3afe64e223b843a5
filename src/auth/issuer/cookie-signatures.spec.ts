import { describe, expect, it } from '@jest/globals';

import { CookieSignatures } from './cookie-signatures.js';

const first = Buffer.alloc(32, 1);
const second = Buffer.alloc(32, 2);
const cookie = 'lingpai_session=person-14';
/** As `keygrip` 1.1 signs it: with what was derived from the first key, and from the second. */
const byFirst = 'Wz07iEungT3-HhucdyN4a6F__7A';
const bySecond = 'V-hCkNog6sXpsTKpvuXEuXp0ejI';

describe('signatures of cookies', () => {
  const signatures = new CookieSignatures([first, second]);

  it('are those that browsers hold already', () => {
    expect(signatures.sign(cookie)).toBe(byFirst);
  });

  it('say under which key they were made', () => {
    expect(signatures.index(cookie, byFirst)).toBe(0);
    expect(signatures.index(cookie, bySecond)).toBe(1);
    expect(signatures.verify(cookie, bySecond)).toBe(true);
  });

  it.each([
    ['another cookie', 'lingpai_session=person-15', byFirst],
    ['one letter is another', cookie, 'Wz07iEungT3-HhucdyN4a6F__7B'],
    ['one letter is missing', cookie, 'Wz07iEungT3-HhucdyN4a6F__7'],
    ['there is more of it', cookie, `${byFirst}A`],
    ['letters of several bytes', cookie, 'é'.repeat(27)],
    ['nothing', cookie, ''],
  ])('are refused: %s', (_case, data, given) => {
    expect(signatures.index(data, given)).toBe(-1);
    expect(signatures.verify(data, given)).toBe(false);
  });

  it('of a key that was taken away are refused', () => {
    expect(new CookieSignatures([second]).index(cookie, byFirst)).toBe(-1);
  });
});
