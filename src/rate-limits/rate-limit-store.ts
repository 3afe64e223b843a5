/** A window that counts. */
export interface Counted {
  readonly count: number;
  readonly endsAt: Date;
}

/**
 * How much longer than it can be something may seem to last: replicas' clocks differ a little. What lasts longer was counted by a clock
 * that has been set back since, and would keep people waiting until that clock is there again.
 */
export const clockToleranceSeconds = 60;

/** Where it is counted: every method is one step, so that all replicas count as one. Keys are hashes. */
export interface RateLimitStore {
  /**
   * Counts one more, in a window that begins with the first and does not grow. Where the clock was set back, what was counted stays, and
   * the window ends a whole one from now.
   */
  count(key: string, now: Date, windowSeconds: number): Promise<Counted>;
  /** Takes one back, where the window still runs. */
  giveBack(key: string, now: Date): Promise<void>;
  /**
   * Takes one try of something that may be guessed; after the free ones each blocks the next for a growing time. Where the clock was set
   * back, a block that could not be so long is over; the tries before it stay counted.
   * @returns until when tries are blocked, where this one was not taken
   */
  tryGuess(key: string, now: Date, rule: GuessRule): Promise<Date | undefined>;
  forget(key: string): Promise<void>;
}

/** The block after the n-th try that was not free is `firstDelaySeconds` doubled n times, at most `longestDelaySeconds`. */
export interface GuessRule {
  readonly free: number;
  readonly firstDelaySeconds: number;
  readonly longestDelaySeconds: number;
  /** How long tries are remembered after the last one. */
  readonly rememberSeconds: number;
}
