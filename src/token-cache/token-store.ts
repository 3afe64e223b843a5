import type { KeyvStoreAdapter } from 'keyv';

/** The side of the cache that all replicas share. Postgres is one; Redis joins it where `REDIS_URL` is set. */
export abstract class TokenStore {
  /** For Keyv, which gives each entry its time to live. Values arrive here in plain and leave the process encrypted. */
  abstract readonly adapter: KeyvStoreAdapter;

  /**
   * Runs `work` while no other replica holds the same key.
   * @throws AppError `platform_unavailable` when the turn does not come within seconds
   */
  abstract exclusively<T>(key: string, work: () => Promise<T>): Promise<T>;
}
