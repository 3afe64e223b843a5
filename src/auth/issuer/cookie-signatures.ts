import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

import { isSameText } from '../../common/is-same-text.js';

/**
 * Signs the engine's cookies, and finds out under which key one was signed: the first signs, all are believed. The signatures are those
 * that `keygrip`, the engine's own choice, makes from the same keys; but that one makes three for each cookie that it reads, and hands
 * Node its keys as bytes, which Node 24 takes seven times as long to use as a key object.
 */
export class CookieSignatures {
  readonly #keys: readonly KeyObject[];

  /** @param secretKeys of the configuration; what signs is derived from them */
  constructor(secretKeys: readonly Buffer[]) {
    this.#keys = secretKeys.map((key) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'lingpai cookies', 32))),
    );
  }

  sign(cookie: string): string {
    const [first] = this.#keys;
    if (!first) throw new Error('there is no key to sign cookies with');
    return signature(first, cookie);
  }

  /** @returns which key signed it; -1: none of ours. One that is not the first makes the engine sign anew. */
  index(cookie: string, given: string): number {
    return this.#keys.findIndex((key) => isSameText(signature(key, cookie), given));
  }

  verify(cookie: string, given: string): boolean {
    return this.index(cookie, given) >= 0;
  }
}

/** What `keygrip` makes: browsers hold cookies that were signed so. */
function signature(key: KeyObject, cookie: string): string {
  return createHmac('sha1', key).update(cookie).digest('base64url');
}
