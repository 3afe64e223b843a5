import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/** No key of SECRET_KEY opens what is stored. */
export class UnreadableSecretError extends Error {
  override readonly name = 'UnreadableSecretError';

  constructor(context: string) {
    super(
      `SECRET_KEY cannot open what is stored for ${context}: it is not the key, or not among the keys, that sealed it.`,
    );
  }
}

const version = 'v1';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals text with AES-256-GCM: the first key seals, all open. What is sealed says under which key, and opens only in the context
 * in which it was sealed, so that a value cannot be moved to another row.
 */
export class Encryption {
  readonly #keys: readonly { readonly id: string; readonly key: Buffer }[];

  /** @param keys 32 bytes each; at least one */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0 || keys.some((key) => key.length !== keyBytes))
      throw new Error(`encryption needs at least one key, each of ${keyBytes} bytes`);
    this.#keys = keys.map((key) => ({ id: keyId(key), key }));
  }

  /** Names of the keys that are safe to show; the first is the one that seals. */
  get keyIds(): readonly [string, ...string[]] {
    const [first, ...others] = this.#keys.map(({ id }) => id);
    if (first === undefined) throw new Error('there is no key');
    return [first, ...others];
  }

  encrypt(text: string, context: string): string {
    const [first] = this.#keys;
    if (!first) throw new Error('there is no key to encrypt with');
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', first.key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [
      version,
      first.id,
      Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url'),
    ].join('.');
  }

  /** What stands for a text that must not be guessed from it: the same under the same first key, and under no other. */
  pseudonym(text: string, context: string): string {
    const [first] = this.#keys;
    if (!first) throw new Error('there is no key to hash with');
    return createHmac('sha256', first.key).update(`${context}\0${text}`).digest('base64url');
  }

  /** @throws UnreadableSecretError */
  decrypt(sealed: string, context: string): string {
    const [format, id, body] = sealed.split('.');
    const known = this.#keys.find((candidate) => candidate.id === id);
    if (format !== version || !known || !body) throw new UnreadableSecretError(context);
    const bytes = Buffer.from(body, 'base64url');
    const nonce = bytes.subarray(0, nonceBytes);
    const text = bytes.subarray(nonceBytes, -tagBytes);
    try {
      const decipher = createDecipheriv('aes-256-gcm', known.key, nonce, {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-tagBytes));
      return decipher.update(text, undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new UnreadableSecretError(context);
    }
  }
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('lingpai key id').update(key).digest('hex').slice(0, 8);
}
