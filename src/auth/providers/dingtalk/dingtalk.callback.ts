import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

import { AppError } from '../../../common/app-error.js';
import type { Secret } from '../../../common/secret.js';
import type { CallbackAnswer, CallbackRequest } from '../platform-events.js';
import { asObject, asText } from '../platform-reply.js';

/**
 * How DingTalk signs and encrypts what it pushes, and how it wants to be answered (reference dingtalk 6.1 to 6.3). What a callback says is
 * for `dingtalk.events.ts` to judge.
 */

/** The token and the aes_key of the console's event page. */
export interface CallbackKeys {
  readonly token: Secret;
  /** 43 digits of base64, the last of which may hold spare bits. */
  readonly aesKey: Secret;
}

/** What was inside: signed by whoever holds the keys. */
export interface OpenedCallback {
  readonly content: string;
  /** For whom it was made: the app's key or the corp's id (reference 6.2). */
  readonly ownerKey: string;
  /** When it was sent: milliseconds in a text, and signed. */
  readonly timestamp: string;
}

/** What an answer is made of; handed in, so that a test can know them. */
export interface AnswerMarks {
  readonly random: Buffer;
  readonly timestamp: string;
  readonly nonce: string;
}

/** A push names at most a few hundred people; anything larger is no event. */
const largestBody = 256 * 1024;

/** In front of the message: 16 random bytes and the message's length. */
const headBytes = 20;
/** PKCS#7 with a block that AES does not have (reference 6.2). */
const blockBytes = 32;

/** @throws AppError `callback_refused`, nothing else */
export function openCallback(keys: CallbackKeys, { query, body }: CallbackRequest): OpenedCallback {
  const encrypted = encryptedOf(body);
  const timestamp = query.get('timestamp') ?? '';
  const nonce = query.get('nonce') ?? '';
  if (!/^\d{1,20}$/.test(timestamp) || !/^[\x21-\x7e]{1,128}$/.test(nonce))
    throw callbackRefused('timestamp or nonce is missing or is none');
  // Both names are in use (reference 6.1).
  const given = query.get('msg_signature') ?? query.get('signature') ?? '';
  const expected = signatureOf(keys.token, timestamp, nonce, encrypted);
  // Constant in time; nothing is decrypted that was not signed, so that the padding tells nobody anything.
  if (
    !/^[0-9a-f]{40}$/.test(given) ||
    !timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'))
  )
    throw callbackRefused(
      'the signature is wrong',
      'Compare eventToken with the token in the console; otherwise somebody else knocks here.',
    );
  return { ...decrypt(keys.aesKey, encrypted), timestamp };
}

/** The one answer that counts: `success`, encrypted for the owner that the callback named (reference 6.3). */
export function successAnswer(
  { token, aesKey }: CallbackKeys,
  ownerKey: string,
  { random, timestamp, nonce }: AnswerMarks,
): CallbackAnswer {
  const message = Buffer.from('success');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  const bytes = Buffer.concat([random, length, message, Buffer.from(ownerKey)]);
  const padding = blockBytes - (bytes.length % blockBytes);
  const key = keyOf(aesKey);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypt = Buffer.concat([
    cipher.update(Buffer.concat([bytes, Buffer.alloc(padding, padding)])),
    cipher.final(),
  ]).toString('base64');
  return {
    contentType: 'application/json',
    body: JSON.stringify({
      msg_signature: signatureOf(token, timestamp, nonce, encrypt),
      timeStamp: timestamp,
      nonce,
      encrypt,
    }),
  };
}

export function newMarks(now: Date): AnswerMarks {
  return {
    random: Buffer.from(randomBytes(8).toString('hex')),
    timestamp: String(now.getTime()),
    nonce: randomBytes(8).toString('hex'),
  };
}

/** The same words for whoever sent it; the reason is for the operator alone. */
export function callbackRefused(reason: string, fix?: string): AppError {
  return new AppError('callback_refused', 'This callback is refused.', {
    operator: { platformMessage: reason, ...(fix !== undefined && { fix }) },
  });
}

function encryptedOf(body: string): string {
  if (body.length > largestBody) throw callbackRefused('it is too large');
  const encrypted = asText(asObject(parsed(body))['encrypt']);
  if (encrypted === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encrypted))
    throw callbackRefused('the body holds no ciphertext');
  return encrypted;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw callbackRefused('the body is no JSON');
  }
}

/** All of them are ASCII, where the order of JavaScript is that of the bytes. */
function signatureOf(token: Secret, timestamp: string, nonce: string, encrypted: string): string {
  const signed = [token.reveal(), timestamp, nonce, encrypted].sort().join('');
  return createHash('sha1').update(signed).digest('hex');
}

/** Node drops the spare bits of the last digit, which DingTalk does not set to zero. */
function keyOf(aesKey: Secret): Buffer {
  return Buffer.from(`${aesKey.reveal()}=`, 'base64');
}

function decrypt(aesKey: Secret, encrypted: string): { content: string; ownerKey: string } {
  const key = keyOf(aesKey);
  const ciphertext = Buffer.from(encrypted, 'base64');
  if (ciphertext.length % 16 !== 0) throw undecipherable();
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  const isPadded =
    padding >= 1 &&
    padding <= Math.min(blockBytes, padded.length) &&
    padded.subarray(-padding).every((byte) => byte === padding);
  if (!isPadded) throw undecipherable();
  const bytes = padded.subarray(0, -padding);
  const end = bytes.length < headBytes ? Infinity : headBytes + bytes.readUInt32BE(16);
  if (end > bytes.length) throw undecipherable();
  return { content: text(bytes.subarray(headBytes, end)), ownerKey: text(bytes.subarray(end)) };
}

function text(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw undecipherable();
  }
}

function undecipherable(): AppError {
  return callbackRefused(
    'it cannot be decrypted',
    'Compare eventAesKey with the aes_key in the console.',
  );
}
