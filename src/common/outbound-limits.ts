/** Every number that outbound calls go by. */
export interface OutboundLimits {
  /** How often a call is made again. */
  readonly repeats: number;
  /** Before the first repeat of a call to a busy platform; the next pause is twice as long. */
  readonly busyPauseMs: number;
  /** Before the first repeat of a call that was too fast: such a limit counts the calls of a second. */
  readonly tooFastPauseMs: number;
  /** A platform that asks for a longer pause before the repeat than this gets no repeat. */
  readonly longestPauseMs: number;
  /** The first rest of a call that the platform limits; each one in a row is twice as long. */
  readonly restMs: number;
  readonly longestRestMs: number;
  /** For the exchange of a code, where the platform itself names a longer rest than the first. */
  readonly longestExchangeRestMs: number;
  /** A rest that ended so long ago does not make the next one longer. */
  readonly restMemoryMs: number;
  /** How many tries in a row without a usable answer open the breaker. */
  readonly breakAfter: number;
  /** How long a breaker is open at first; each time in a row it is twice as long. */
  readonly breakMs: number;
  readonly longestBreakMs: number;
  /** How many breakers, and how many rests, are kept. */
  readonly kept: number;
}

/** Those of the running service. */
export const outboundLimits: OutboundLimits = {
  repeats: 2,
  busyPauseMs: 100,
  tooFastPauseMs: 1000,
  longestPauseMs: 2500,
  restMs: 1000,
  longestRestMs: 60_000,
  longestExchangeRestMs: 5000,
  restMemoryMs: 300_000,
  breakAfter: 10,
  // Not shorter than a try may take: what went out before the breaker opened has ended when the probe goes.
  breakMs: 5000,
  longestBreakMs: 30_000,
  kept: 500,
};
