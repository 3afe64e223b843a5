import type { RedisLink } from '../redis/redis-link.js';
import type { Counted, GuessRule, RateLimitStore } from './rate-limit-store.js';
import { RedisRateLimitStore } from './redis-rate-limit-store.js';

/**
 * Counts in Redis where it is there, else in Postgres. Neither knows what the other counted: when Redis goes or comes, counting
 * begins anew once, and no limit is ever left out.
 */
export class FailoverRateLimitStore implements RateLimitStore {
  constructor(
    private readonly link: RedisLink,
    private readonly postgres: RateLimitStore,
  ) {}

  count(key: string, now: Date, windowSeconds: number): Promise<Counted> {
    return this.#run((store) => store.count(key, now, windowSeconds));
  }

  giveBack(key: string, now: Date): Promise<void> {
    return this.#run((store) => store.giveBack(key, now));
  }

  tryGuess(key: string, now: Date, rule: GuessRule): Promise<Date | undefined> {
    return this.#run((store) => store.tryGuess(key, now, rule));
  }

  forget(key: string): Promise<void> {
    return this.#run((store) => store.forget(key));
  }

  #run<T>(work: (store: RateLimitStore) => Promise<T>): Promise<T> {
    return this.link.run(
      (client) => work(new RedisRateLimitStore(client)),
      () => work(this.postgres),
    );
  }
}
