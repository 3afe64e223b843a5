import { type Encryption, UnreadableSecretError } from '../common/encryption.js';

/** An entry as it leaves the process: it opens under its own key only. */
export function sealEntry(encryption: Encryption, key: string, value: unknown): string {
  return encryption.encrypt(JSON.stringify(value), sealContext(key));
}

/** @returns undefined for what was sealed with a key that is gone: a platform token is simply fetched again */
export function openEntry(encryption: Encryption, key: string, sealed: string): unknown {
  try {
    return JSON.parse(encryption.decrypt(sealed, sealContext(key)));
  } catch (error) {
    if (error instanceof UnreadableSecretError) return undefined;
    throw error;
  }
}

/** An entry opens under its own key only. */
export function sealContext(key: string): string {
  return `platform-token:${key}`;
}
