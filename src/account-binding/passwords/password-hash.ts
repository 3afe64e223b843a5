import { hash, verify } from '@node-rs/argon2';

import { AtMost } from './at-most.js';

/** What OWASP's Password Storage Cheat Sheet asks of argon2id, which is what the library takes when no algorithm is named. */
const settings = {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;

export const shortestPassword = 10;
const longestPassword = 128;

/** Those that are tried first, in any order of case; each is long enough to pass otherwise. */
const notorious = new Set([
  '1234567890',
  '0123456789',
  '0987654321',
  '1q2w3e4r5t',
  'qwertyuiop',
  'password123',
  'password1234',
  'iloveyou123',
  'woaini1314520',
  'abcd123456',
  'admin123456',
]);

/** A flood of guesses must not take the whole processor, or the memory. */
const turns = new AtMost(2);

/** @returns the argon2id hash in the PHC format, salt and parameters inside */
export function hashPassword(password: string): Promise<string> {
  return turns.run(() => hash(password.normalize('NFKC'), settings));
}

export function verifyPassword(hashed: string, password: string): Promise<boolean> {
  return turns.run(() => verify(hashed, password.normalize('NFKC')));
}

/** @returns what is wrong with a new password, in one sentence */
export function passwordFault(
  password: string,
  { phone }: { readonly phone?: string | undefined } = {},
): string | undefined {
  const plain = password.normalize('NFKC');
  const { length } = Array.from(plain);
  if (length < shortestPassword || length > longestPassword)
    return `The password must have ${shortestPassword} to ${longestPassword} characters.`;
  if (new Set(plain).size < 4 || notorious.has(plain.toLowerCase()))
    return 'The password is too easy to guess.';
  const digits = plain.replace(/[\s()+.-]/g, '');
  if (phone !== undefined && /^\d+$/.test(digits) && phone.includes(digits))
    return 'The password must not be the phone number.';
  return undefined;
}
