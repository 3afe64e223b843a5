import { createHash, randomBytes, randomInt } from 'node:crypto';

import { parse, serialize } from 'cookie';

const stateAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const stateLength = 32;

/** A new `state` towards a platform: 32 letters and digits, since WeCom takes nothing else (reference wecom 5). */
export function newState(): string {
  return Array.from(
    { length: stateLength },
    () => stateAlphabet[randomInt(stateAlphabet.length)],
  ).join('');
}

/** What is stored of a state, a code or a browser's secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** The cookie that ties a sign-in to the browser in which it began. */
export class BrowserCookie {
  readonly #name: string;

  constructor(private readonly secure: boolean) {
    this.#name = secure ? '__Host-lingpai_browser' : 'lingpai_browser';
  }

  read(cookieHeader: string | undefined): string | undefined {
    const value = parse(cookieHeader ?? '')[this.#name];
    return value && /^[\w-]{43}$/.test(value) ? value : undefined;
  }

  newValue(): string {
    return randomBytes(32).toString('base64url');
  }

  /** The `Set-Cookie` header. Lax: the platform sends the browser back by a top-level GET. */
  header(value: string): string {
    return serialize(this.#name, value, {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      secure: this.secure,
    });
  }
}
