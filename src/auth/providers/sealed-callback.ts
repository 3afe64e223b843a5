import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';

import { AppError, type OperatorHint } from '../../common/app-error.js';
import type { Secret } from '../../common/secret.js';

/**
 * How both platforms sign and encrypt what they push (reference dingtalk 6.2, wecom-service-provider 8). What stands around the ciphertext, and
 * for whom a callback may be, is each platform's own.
 */

/** The token and the AES key of one callback URL. */
export interface CallbackKeys {
  readonly token: Secret;
  /** 43 digits of base64, the last of which may hold spare bits. */
  readonly aesKey: Secret;
}

/** A list of a thousand members fits ten times; anything larger is no event. */
export const largestCallback = 256 * 1024;

/** PKCS#7 with a block of 32, which libraries made for 16 refuse. */
export const paddingBlockBytes = 32;

/** In front of the message: 16 random bytes and the message's length. */
const headBytes = 20;

/** The same words for whoever sent it; the reason is for the operator alone. */
export function callbackRefused(
  reason: string,
  what: Pick<OperatorHint, 'call' | 'fix'> = {},
): AppError {
  return new AppError('callback_refused', 'This callback is refused.', {
    operator: { ...what, platformMessage: reason },
  });
}

/** Lower-case hex. All of the parts are ASCII, where the order of JavaScript is that of the bytes. */
export function callbackSignature(
  token: Secret,
  timestamp: string,
  nonce: string,
  encrypted: string,
): string {
  const signed = [token.reveal(), timestamp, nonce, encrypted].sort().join('');
  return createHash('sha1').update(signed).digest('hex');
}

/** Node drops the spare bits of the last digit, which the platforms do not set to zero. */
export function callbackKey(aesKey: Secret): Buffer {
  return Buffer.from(`${aesKey.reveal()}=`, 'base64');
}

/**
 * Constant in time; nothing is decrypted that was not signed, so that the padding tells nobody anything.
 * @param fix what an operator does about a wrong signature
 * @throws AppError `callback_refused`
 */
export function requireCallbackSignature(
  token: Secret,
  query: URLSearchParams,
  given: string,
  encrypted: string,
  fix: string,
): void {
  const timestamp = query.get('timestamp') ?? '';
  const nonce = query.get('nonce') ?? '';
  if (!/^\d{1,20}$/.test(timestamp) || !/^[\x21-\x7e]{1,128}$/.test(nonce))
    throw callbackRefused('timestamp or nonce is missing or is none');
  const expected = callbackSignature(token, timestamp, nonce, encrypted);
  if (
    !/^[0-9a-f]{40}$/.test(given) ||
    !timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'))
  )
    throw callbackRefused('the signature is wrong', { fix });
}

/**
 * Decrypts: random, length, message, and for whom it was made.
 * @param fix what an operator does about a ciphertext that does not open
 * @throws AppError `callback_refused`, nothing else
 */
export function openCiphertext(
  aesKey: Secret,
  ciphertext: Buffer,
  fix: string,
): { readonly content: string; readonly owner: string } {
  const undecipherable = (): AppError => callbackRefused('it cannot be decrypted', { fix });
  const text = (bytes: Buffer): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw undecipherable();
    }
  };
  if (ciphertext.length % 16 !== 0) throw undecipherable();
  const key = callbackKey(aesKey);
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  const isPadded =
    padding >= 1 &&
    padding <= Math.min(paddingBlockBytes, padded.length) &&
    padded.subarray(-padding).every((byte) => byte === padding);
  if (!isPadded) throw undecipherable();
  const bytes = padded.subarray(0, -padding);
  const end = bytes.length < headBytes ? Infinity : headBytes + bytes.readUInt32BE(16);
  if (end > bytes.length) throw undecipherable();
  return { content: text(bytes.subarray(headBytes, end)), owner: text(bytes.subarray(end)) };
}
