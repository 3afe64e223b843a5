import type { EventSource } from './event-effects.js';

/** An event that this replica has taken for itself. */
export interface PendingEvent extends EventSource {
  readonly seq: string;
  readonly contentHash: string;
  readonly sealedContent: string;
  readonly receivedAt: Date;
  /** The request that brought it; not known of one that an older version took in. */
  readonly requestId: string | null;
  /** This one included. */
  readonly attempts: number;
}

const minuteMs = 60_000;
const longestPauseMs = 5 * minuteMs;
const patienceMs = 24 * 60 * minuteMs;

/** A day of failures has fewer: beyond this the attempts of an event never end at all. */
export const mostAttempts = 400;

/**
 * When to try again after a failure: a second later, then twice as long each time, up to five minutes, for a day from its arrival.
 * @param attempts how many there have been
 * @returns `undefined` when it is given up
 */
export function nextAttemptAfter(
  { attempts, receivedAt }: Pick<PendingEvent, 'attempts' | 'receivedAt'>,
  now: Date,
  random: () => number = Math.random,
): Date | undefined {
  if (now.getTime() - receivedAt.getTime() >= patienceMs) return undefined;
  // 2^9 seconds are more than the longest pause already.
  const pauseMs = Math.min(1000 * 2 ** Math.min(attempts - 1, 9), longestPauseMs);
  // A fifth more at most, so that what failed together does not come back together.
  return new Date(now.getTime() + pauseMs * (1 + random() / 5));
}
