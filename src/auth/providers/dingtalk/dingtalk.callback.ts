import { createCipheriv, randomBytes } from 'node:crypto';

import type { CallbackAnswer, CallbackRequest } from '../platform-events.js';
import { asObject, asText } from '../platform-reply.js';
import {
  callbackKey,
  type CallbackKeys,
  callbackRefused,
  callbackSignature,
  largestCallback,
  openCiphertext,
  paddingBlockBytes,
  requireCallbackSignature,
} from '../sealed-callback.js';

/**
 * How DingTalk signs and encrypts what it pushes, and how it wants to be answered (reference dingtalk 6.1 to 6.3). What a callback says is
 * for `dingtalk.events.ts` to judge.
 */

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

/** @throws AppError `callback_refused`, nothing else */
export function openCallback(keys: CallbackKeys, { query, body }: CallbackRequest): OpenedCallback {
  const encrypted = encryptedOf(body);
  // Both names are in use (reference 6.1).
  const given = query.get('msg_signature') ?? query.get('signature') ?? '';
  requireCallbackSignature(
    keys.token,
    query,
    given,
    encrypted,
    'Compare eventToken with the token in the console; otherwise somebody else knocks here.',
  );
  const { content, owner } = openCiphertext(
    keys.aesKey,
    Buffer.from(encrypted, 'base64'),
    'Compare eventAesKey with the aes_key in the console.',
  );
  return { content, ownerKey: owner, timestamp: query.get('timestamp') ?? '' };
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
  const padding = paddingBlockBytes - (bytes.length % paddingBlockBytes);
  const key = callbackKey(aesKey);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypt = Buffer.concat([
    cipher.update(Buffer.concat([bytes, Buffer.alloc(padding, padding)])),
    cipher.final(),
  ]).toString('base64');
  return {
    contentType: 'application/json',
    body: JSON.stringify({
      msg_signature: callbackSignature(token, timestamp, nonce, encrypt),
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

function encryptedOf(body: string): string {
  if (body.length > largestCallback) throw callbackRefused('it is too large');
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
