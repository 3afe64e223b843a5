/** How one try to call a platform went: for logs and metrics. Holds nothing of the URL but its host and the call's name. */
export interface OutboundEvent {
  readonly platform: string;
  readonly call: string;
  readonly host: string;
  /** `held-back` is a call that did not go out, because the breaker is open or the platform wants a rest. */
  readonly outcome: 'answered' | 'busy' | 'throttled' | 'unreadable' | 'no-answer' | 'held-back';
  /** `ok`; else the platform's own code, or what stands in its place. One of a bounded number of words. */
  readonly code: string;
  /** The code says no to a person, or to what they brought: there is nothing to mend. */
  readonly isAboutPerson?: true;
  readonly status?: number;
  readonly durationMs: number;
  /** 0 for the first try. */
  readonly attempt: number;
}

/** The breaker of one call on one host has changed. */
export interface BreakerChange {
  readonly host: string;
  readonly call: string;
  /**
   * - `made`: the first call goes out, nothing has failed yet;
   * - `probing`: one call is under way to see whether it goes better;
   * - `forgotten`: unused for long, and no longer kept.
   */
  readonly state: 'made' | 'open' | 'probing' | 'closed' | 'forgotten';
  /** What the last try met, where the breaker opened. */
  readonly reason?: string;
  /** How long no call goes out, where the breaker opened. */
  readonly pauseMs?: number;
}
