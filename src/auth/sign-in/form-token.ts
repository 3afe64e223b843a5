import { createHmac, hkdfSync } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { isSameText } from '../../common/is-same-text.js';
import { Config } from '../../config/config.js';

/** The token on every form of ours: a form that another site made, or another browser, does not have it (SECURITY 21). */
@Injectable()
export class FormToken {
  readonly #keys: readonly Buffer[];

  constructor(config: Config) {
    this.#keys = config.secretKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', key, '', 'lingpai forms', 32)),
    );
  }

  /** @param browser the secret in the browser's cookie */
  of(browser: string): string {
    return token(this.#keys[0] ?? Buffer.alloc(0), browser);
  }

  /** @param browser the secrets that the browser holds */
  matches(browser: readonly string[], given: string): boolean {
    const tokens = this.#keys.flatMap((key) => browser.map((secret) => token(key, secret)));
    return tokens.some((right) => isSameText(right, given));
  }
}

function token(key: Buffer, browser: string): string {
  return createHmac('sha256', key).update(browser).digest('base64url');
}
