import type { KeyvStoreAdapter } from 'keyv';

/** What Keyv hands to an adapter when it does not serialize. */
export interface StoredValue {
  readonly value: { readonly turn?: number };
}

/**
 * The side of the cache that all replicas share: Postgres, or Redis where `REDIS_URL` names one. What every
 * store must do is in `test/contracts/token-store.contract.ts`.
 */
export abstract class TokenStore {
  /**
   * For Keyv without a serializer: values are `StoredValue`s, arrive in plain and leave the process encrypted. `set` needs a time
   * to live and gives false, changing nothing, when what is stored has a higher `turn`.
   */
  abstract readonly adapter: KeyvStoreAdapter;

  /** As `adapter`, where it must be certain that nothing newer was written by a replica that sees less of the world. */
  abstract readonly record: KeyvStoreAdapter;

  /**
   * Runs `work` while nobody else, here or in another replica, holds the same key. A holder that dies or loses its connection
   * frees the key; since it may still be at work then, each turn has a number that is higher than all before.
   * @throws AppError `platform_unavailable` when the turn does not come within seconds
   */
  abstract exclusively<T>(key: string, work: (turn: number) => Promise<T>): Promise<T>;
}
