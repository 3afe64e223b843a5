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

/** As long as what begins without a cookie may take: a step lasts half an hour. */
const besideSeconds = 1800;

/**
 * The cookie that ties a sign-in to the browser in which it began. Two tabs that begin at once come without one, and of the two that
 * they get the browser keeps the later: so each gets its secret a second time, for a while, under a name of its own. Whoever comes with
 * the cookie gets no other, so there are never more of these than tabs that began in the same moment.
 */
export class BrowserCookie {
  readonly #name: string;
  readonly #besideName: RegExp;

  constructor(private readonly secure: boolean) {
    this.#name = secure ? '__Host-lingpai_browser' : 'lingpai_browser';
    this.#besideName = new RegExp(`^${this.#name}_[\\w-]{6}$`);
  }

  /** What new things are tied to. */
  read(cookieHeader: string | undefined): string | undefined {
    const value = parse(cookieHeader ?? '')[this.#name];
    return isSecret(value) ? value : undefined;
  }

  /** Everything that may have been tied to this browser: what `read` says comes first. */
  readAll(cookieHeader: string | undefined): readonly string[] {
    const cookies = parse(cookieHeader ?? '');
    const beside = Object.keys(cookies).filter((name) => this.#besideName.test(name));
    const values = [this.#name, ...beside].map((name) => cookies[name]);
    return [...new Set(values)].filter(isSecret);
  }

  newValue(): string {
    return randomBytes(32).toString('base64url');
  }

  /** The `Set-Cookie` headers. Lax: the platform sends the browser back by a top-level GET. */
  headers(value: string): readonly string[] {
    const attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure: this.secure } as const;
    const beside = `${this.#name}_${hashOf(value).slice(0, 6)}`;
    return [
      serialize(this.#name, value, attributes),
      serialize(beside, value, { ...attributes, maxAge: besideSeconds }),
    ];
  }
}

function isSecret(value: string | undefined): value is string {
  return value !== undefined && /^[\w-]{43}$/.test(value);
}
