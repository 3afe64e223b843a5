import { Injectable, Logger } from '@nestjs/common';
import { JwksClient, type SigningKey } from 'jwks-rsa';

import { Settings } from './settings.js';

/** The max-age of Lingpai's key set: a new key is published for so long before it signs. */
const keysAgeMs = 300_000;
/** While the issuer cannot be asked, the keys that we have are good for a little longer. */
const keysLimitMs = 900_000;

/** The key set could not be fetched: this says nothing about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/**
 * The issuer's keys by their `kid`, from one answer. The library's own cache and limit are left off: they count by `kid`, so
 * that made-up ones use up what a new key would need.
 */
@Injectable()
export class IssuerKeys {
  /** After a failure the issuer is not asked for so long. */
  readonly pauseMs: number;
  readonly #logger = new Logger(IssuerKeys.name);
  readonly #client: JwksClient;
  #keys: ReadonlyMap<string, SigningKey> = new Map();
  #fetchedAt = -Infinity;
  #pausedUntil = -Infinity;
  #running: Promise<void> | undefined;

  constructor(private readonly settings: Settings) {
    this.pauseMs = Math.min(5000, settings.keysCooldownMs);
    this.#client = new JwksClient({ jwksUri: settings.jwksUri, cache: false, timeout: 5000 });
  }

  /**
   * @returns nothing for a `kid` that the issuer does not publish
   * @throws KeysUnavailable
   */
  async find(kid: string): Promise<SigningKey | undefined> {
    if (this.#isDue(kid)) {
      // Who comes while another one asks waits for that answer.
      this.#running ??= this.#fetch().finally(() => (this.#running = undefined));
      await this.#running;
      const isLost = !this.#keys.has(kid) || this.#ageMs() >= keysLimitMs;
      if (isLost && this.#isDue(kid)) throw new KeysUnavailable('the key set is not to be had');
    }
    return this.#keys.get(kid);
  }

  #ageMs(): number {
    return performance.now() - this.#fetchedAt;
  }

  #isDue(kid: string): boolean {
    // Made-up kids make us ask the issuer once in so long, not for every request.
    return this.#ageMs() >= (this.#keys.has(kid) ? keysAgeMs : this.settings.keysCooldownMs);
  }

  async #fetch(): Promise<void> {
    if (performance.now() < this.#pausedUntil) return;
    this.#pausedUntil = performance.now() + this.pauseMs;
    try {
      const keys = await this.#client.getSigningKeys();
      this.#keys = new Map(keys.map((key) => [key.kid, key]));
      this.#fetchedAt = performance.now();
    } catch (error) {
      this.#logger.error('the key set could not be fetched', error);
    }
  }
}
