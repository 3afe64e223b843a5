import { type Cache, createCache } from 'cache-manager';
import { Keyv, type KeyvStoreAdapter } from 'keyv';

import { renewalAtMs, type TokenEntry, usableUntilMs } from './token-entry.js';
import type { TokenStore } from './token-store.js';

/** A token in this process's memory, with what is worked out once so that handing it out costs nothing. */
export interface HeldToken extends TokenEntry {
  readonly usableUntilMs: number;
  /** Moved on when a renewal fails. */
  renewAtMs: number;
  usedAtMs: number;
  /** When it was rejected as soon as it had come in place of another one. */
  rejectedAtMs?: number;
}

/** Memory in front of the shared store, for tokens. A newer token is never replaced by an older one, in either. */
export class TokenTiers {
  readonly cache: Cache;
  readonly #map = new Map<string, { value: unknown }>();
  readonly #memory = new Keyv({ store: this.#map, useKeyPrefix: false, ...plain });
  readonly #shared: Keyv;
  readonly #record: Keyv;

  constructor(store: TokenStore) {
    const keyv = (adapter: KeyvStoreAdapter): Keyv =>
      new Keyv({ store: adapter, useKeyPrefix: false, ...plain, ...strict });
    this.#shared = keyv(store.adapter);
    this.#record = keyv(store.record);
    this.cache = createCache({ stores: [this.#memory, this.#shared] });
  }

  /** What memory holds, at the price of a look into a Map. */
  peek(key: string): HeldToken | undefined {
    return this.#map.get(key)?.value as HeldToken | undefined;
  }

  /** Memory, then the shared store; one that cannot be reached counts as empty, since whoever fetches meets its error anyway. */
  read(key: string): Promise<TokenEntry | undefined> {
    return this.cache.get<TokenEntry>(key);
  }

  /** What was written last, by whomever. @throws what the store throws */
  readRecord(key: string): Promise<TokenEntry | undefined> {
    return this.#record.get<TokenEntry>(key);
  }

  /** @returns whether it was written: false when a later turn has written already */
  writeShared(key: string, entry: TokenEntry, nowMs: number): Promise<boolean> {
    return this.#shared.set(key, entry, Math.max(entry.expiresAtMs - nowMs, 1));
  }

  /** Takes a token into memory, unless a newer one is there and usable. @returns what memory holds then */
  async hold(key: string, entry: TokenEntry, nowMs: number): Promise<HeldToken> {
    const current = this.peek(key);
    if (current && current.turn >= entry.turn && nowMs < current.usableUntilMs) return current;
    const held: HeldToken = {
      ...entry,
      usableUntilMs: usableUntilMs(entry),
      renewAtMs: renewalAtMs(entry, Math.random()),
      // To be renewed is not to be used.
      usedAtMs: current?.usedAtMs ?? nowMs,
    };
    await this.#memory.set(key, held);
    return held;
  }

  /** Forgets a token in memory if it is still that one. @returns whether it was */
  letGo(key: string, { turn }: TokenEntry): boolean {
    return this.peek(key)?.turn === turn && this.#map.delete(key);
  }

  /**
   * Forgets a token in the shared store if it is still that one: what stays in its place has its turn, and nothing to use.
   * @returns whether it was
   */
  async dropShared(key: string, entry: TokenEntry, nowMs: number): Promise<boolean> {
    const nothing: TokenEntry = { ...entry, value: '', fetchedAtMs: 0, expiresAtMs: 0 };
    return this.#shared.set(key, nothing, Math.max(entry.expiresAtMs - nowMs, 1));
  }
}

const plain = { serialize: undefined, deserialize: undefined };
const strict = { throwOnErrors: true, emitErrors: false };
