/** A delivery whose time has come, with what sending it takes. */
export interface DueDelivery {
  readonly id: string;
  readonly webhookId: string;
  /** The same in every attempt: receivers tell repeats by it. */
  readonly eventId: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly url: string;
  readonly sealedSecret: string;
}

/** How one attempt ended. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | {
      readonly kind: 'retry';
      readonly status?: number;
      readonly error: string;
      /** What the receiver asked for. */
      readonly afterSeconds?: number;
    }
  /** The receiver says that it will never take this again (410). */
  | { readonly kind: 'gone'; readonly status: number; readonly error: string };

const minute = 60;
const hour = 3600;
/** How long to wait after each failure; after the last, the delivery is given up. */
const pausesSeconds = [5, 30, 2 * minute, 10 * minute, hour, 3 * hour, 12 * hour, 24 * hour];
const longestWishSeconds = 24 * hour;

/**
 * When to try again.
 * @param attempts how many there have been
 * @param wishSeconds what the receiver asked for
 * @returns `undefined` when it is given up
 */
export function nextAttemptAfter(
  attempts: number,
  now: Date,
  wishSeconds = 0,
  random: () => number = Math.random,
): Date | undefined {
  const pause = pausesSeconds[attempts - 1];
  if (pause === undefined) return undefined;
  // A fifth more at most, so that what failed together does not come back together.
  const seconds = Math.max(pause * (1 + random() / 5), Math.min(wishSeconds, longestWishSeconds));
  return new Date(now.getTime() + seconds * 1000);
}

/**
 * How long a receiver asks to be left alone (RFC 9110, 10.2.3): a number of seconds, or a date.
 * @returns `undefined` for what is neither, or past
 */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1000);
  return seconds > 0 ? seconds : undefined;
}
