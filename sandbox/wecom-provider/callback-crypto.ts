import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const BLOCK = 32;
const RANDOM_BYTES = 16;
const HEAD_BYTES = RANDOM_BYTES + 4;

/** What a callback's ciphertext holds. */
export interface Opened {
  readonly message: string;
  readonly receiveId: string;
}

/** 32 bytes of 43 digits; the two spare bits of the last one may be anything (reference 8.1). */
export function aesKeyOf(encodingAesKey: string): Buffer {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  if (key.length !== 32) throw new Error('an EncodingAESKey has 43 digits');
  return key;
}

/** AES-256-CBC over random bytes, length, message and receiver, padded to blocks of 32 (reference 8.1). */
export function encrypt(
  encodingAesKey: string,
  message: string,
  receiveId: string,
  random: Buffer = randomBytes(RANDOM_BYTES),
): string {
  const text = Buffer.from(message, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return encryptPadded(
    encodingAesKey,
    pad(Buffer.concat([random, length, text, Buffer.from(receiveId, 'utf8')])),
  );
}

/** Bytes as they are: for callbacks that are broken on purpose. */
export function encryptPadded(encodingAesKey: string, plain: Buffer): string {
  const key = aesKeyOf(encodingAesKey);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

/**
 * What a passive reply or one of our own callbacks says.
 * @throws Error when it is none of the form of reference 8.3
 */
export function decrypt(encodingAesKey: string, encrypted: string): Opened {
  const key = aesKeyOf(encodingAesKey);
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > BLOCK || count > padded.length) throw new Error('bad padding');
  const plain = padded.subarray(0, padded.length - count);
  if (plain.length < HEAD_BYTES) throw new Error('too short');
  const end = HEAD_BYTES + plain.readUInt32BE(RANDOM_BYTES);
  if (end > plain.length) throw new Error('length beyond the end');
  return {
    message: plain.toString('utf8', HEAD_BYTES, end),
    receiveId: plain.toString('utf8', end),
  };
}

/** SHA-1 of the four values sorted as byte strings, in lower-case hex (reference 8.2). */
export function signatureOf(
  token: string,
  timestamp: string,
  nonce: string,
  encrypted: string,
): string {
  const parts = [token, timestamp, nonce, encrypted].map((part) => Buffer.from(part, 'utf8'));
  return createHash('sha1')
    .update(Buffer.concat(parts.sort((one, other) => Buffer.compare(one, other))))
    .digest('hex');
}

function pad(plain: Buffer): Buffer {
  const count = BLOCK - (plain.length % BLOCK);
  return Buffer.concat([plain, Buffer.alloc(count, count)]);
}
