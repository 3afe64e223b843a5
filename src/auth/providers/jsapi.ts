import { createHash, randomInt } from 'node:crypto';

import { AppError } from '../../common/app-error.js';

/** A page that is to use the platform's JavaScript. */
export interface JsapiPage {
  /** As the browser shows it, without its fragment. */
  readonly url: string;
  /** `agent`: the ticket behind `wx.agentConfig`. */
  readonly ticket: 'corp' | 'agent';
  /** The corp, where one connection serves many. */
  readonly tenant?: string;
}

/** What the page spreads into the platform's own configuration call, in the platform's own spelling. */
export type JsapiConfig = Readonly<Record<string, string | number | boolean>>;

export interface Jsapi {
  /**
   * Signs a page.
   * @throws AppError `value_not_allowed` naming `url`, `ticket` or `tenant`; the platform's failures
   */
  sign(page: JsapiPage): Promise<JsapiConfig>;
}

/** What goes into a signature. */
export interface SignedParts {
  readonly ticket: string;
  readonly nonceStr: string;
  /** Exactly as the page will say it. */
  readonly timestamp: number | string;
  readonly url: string;
}

/**
 * The signature that both platforms ask for, in lower-case hex: fixed order, nothing encoded (reference dingtalk 5.2,
 * wecom-self-built 8).
 */
export function jsapiSignature(
  { ticket, nonceStr, timestamp, url }: SignedParts,
  hash: 'sha1' | 'sha256',
): string {
  return createHash(hash)
    .update(`jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`)
    .digest('hex');
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Sixteen random letters and digits. */
export function newNonce(): string {
  return Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join('');
}

/** A page that the platform would not take, e.g. `pageRefused('ticket', 'must be corp')`. */
export function pageRefused(field: 'url' | 'ticket', message: string): AppError {
  return new AppError('value_not_allowed', 'This page cannot be signed.', {
    errors: [{ field, message }],
  });
}
