/**
 * Which events come too late: those that were made before the person signed in again, and were overtaken on their way.
 *
 * `sent_at` is by the platform's clock and often in whole seconds, a sign-in by ours. A clock that is wrong must not keep a leaver signed in,
 * so a sign-in counts as later only when it is later by more than two clocks differ; within that, whoever came back signs in once more.
 */
const clockMarginMs = 30_000;

/** A sign-in after this instant is later than the event. */
export function overtakenAfter(sentAt: Date): Date {
  return new Date(sentAt.getTime() + clockMarginMs);
}
