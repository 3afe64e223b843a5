import { EventEmitter } from 'node:events';

import KeyvRedis, { type RedisClientType } from '@keyv/redis';
import type { KeyvStoreAdapter, StoredData } from 'keyv';

import type { Clock } from '../common/clock.js';
import type { Encryption } from '../common/encryption.js';
import { openEntry, sealEntry } from './sealed-entry.js';
import type { StoredValue } from './token-store.js';

/**
 * Writes unless what is there has a higher turn, in one step. A value is `<turn>|<expiry in ms since 1970>|<sealed entry>`.
 * KEYS: the key. ARGV: turn, value, time to live in ms.
 */
const writeUnlessNewer = `
  local kept = redis.call('GET', KEYS[1])
  local turn = kept and tonumber(string.match(kept, '^(%d+)|'))
  if turn and turn > tonumber(ARGV[1]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1`;

const namespace = 'lingpai:platform-token';
/** What the names of all entries in Redis begin with. */
export const tokenNamePrefix = `${namespace}:`;

/** Keyv's view of Redis: `@keyv/redis`, with entries sealed, and written by the order of their turns. */
export class RedisKeyvAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;
  readonly #keyv: KeyvRedis<string>;

  constructor(
    private readonly client: RedisClientType,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {
    super();
    this.#keyv = new KeyvRedis<string>(client, {
      namespace,
      keyPrefixSeparator: ':',
      throwOnErrors: true,
    });
    // Whoever asked gets the error.
    this.#keyv.on('error', () => undefined);
  }

  async get<Value>(key: string): Promise<StoredData<Value>> {
    const [, expiresAt = 0, sealed = ''] = (await this.#keyv.get(key))?.split('|') ?? [];
    if (!(this.clock.now().getTime() < Number(expiresAt))) return undefined;
    const value = openEntry(this.encryption, key, sealed);
    return value === undefined ? undefined : { value: value as Value };
  }

  async set(key: string, stored: StoredValue, ttlMs?: number): Promise<boolean> {
    if (ttlMs === undefined) throw new Error('a shared entry needs a time to live');
    const written = await this.client.eval(writeUnlessNewer, {
      keys: [this.#nameOf(key)],
      arguments: [turnOf(stored), this.#sealed(key, stored, ttlMs), String(wholeMs(ttlMs))],
    });
    return written === 1;
  }

  /** Writes where there is nothing, so that nothing which came meanwhile is lost. */
  async add(key: string, stored: StoredValue, ttlMs: number): Promise<void> {
    await this.client.set(this.#nameOf(key), this.#sealed(key, stored, ttlMs), {
      condition: 'NX',
      expiration: { type: 'PX', value: wholeMs(ttlMs) },
    });
  }

  delete(key: string): Promise<boolean> {
    return this.#keyv.delete(key);
  }

  clear(): Promise<void> {
    return this.#keyv.clear();
  }

  #nameOf(key: string): string {
    return this.#keyv.createKeyPrefix(key, this.#keyv.namespace);
  }

  #sealed(key: string, stored: StoredValue, ttlMs: number): string {
    const expiresAtMs = Math.ceil(this.clock.now().getTime() + ttlMs);
    return [turnOf(stored), expiresAtMs, sealEntry(this.encryption, key, stored.value)].join('|');
  }
}

function turnOf({ value }: StoredValue): string {
  return String(value.turn ?? 0);
}

function wholeMs(ttlMs: number): number {
  return Math.max(Math.ceil(ttlMs), 1);
}
