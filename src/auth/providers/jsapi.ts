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
 * @throws AppError `value_not_allowed` naming `url`, where the signature would be that of a page elsewhere too
 */
export function jsapiSignature(
  { ticket, nonceStr, timestamp, url }: SignedParts,
  hash: 'sha1' | 'sha256',
): string {
  refuseSecondPage(url);
  return createHash(hash)
    .update(`jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`)
    .digest('hex');
}

/**
 * Nothing marks where one part of the signed text ends: a page of another origin may say that all which stands before its own address,
 * ours included, is its nonce.
 */
function refuseSecondPage(url: string): void {
  const { origin } = new URL(url);
  const others = url.split('&url=').slice(1);
  if (others.every((other) => !/^https?:/i.test(other) || isOf(origin, other))) return;
  throw pageRefused('url', 'must not have “&url=” in front of an address of another origin');
}

function isOf(origin: string, address: string): boolean {
  return URL.canParse(address) && new URL(address).origin === origin;
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
