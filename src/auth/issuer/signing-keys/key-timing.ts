/** How long verifiers may keep our key set. */
export const keySetMaxAgeSeconds = 300;
/** How soon a replica follows what another one did. */
export const refreshEverySeconds = 20;
/** How soon it tries again where that failed. */
export const retryAfterSeconds = 2;
/** How much later than it should a refresh may come. */
const lateRefreshSeconds = 20;
/** How far apart the clocks of two replicas may be. */
const clockDifferenceSeconds = 20;

/**
 * How long a new key is published before it signs: the last replica hears of it after a refresh, a verifier that asked that replica just
 * before keeps the older set for its whole life, and the replica that signs first may have a clock that is ahead.
 */
export const publishSeconds =
  keySetMaxAgeSeconds + refreshEverySeconds + lateRefreshSeconds + clockDifferenceSeconds;

/**
 * How long verifiers may keep a set of keys that was read so long ago. A key of which it does not know signs at the earliest
 * `publishSeconds` after that reading: by then nobody may hold this set any more.
 */
export function maxAgeOf(ageSeconds: number): number {
  const safeSeconds = publishSeconds - clockDifferenceSeconds - ageSeconds;
  return Math.max(0, Math.min(keySetMaxAgeSeconds, Math.floor(safeSeconds)));
}
