import type { SigningKey } from './signing-key.js';

/** Where a published key stands. */
export type KeyState = 'next' | 'signing' | 'retiring';

/**
 * Publish, then sign, then retire: which key does what at an instant follows from the instants at which keys begin to sign,
 * so replicas agree without telling each other.
 */
export interface KeySet {
  /** The key that signs now. */
  readonly signing: SigningKey;
  /** Every key that is published now, the signing one first. */
  readonly published: readonly SigningKey[];
  /** Keys whose last token has expired. */
  readonly retired: readonly SigningKey[];
  /** When this answer changes next, if it does. */
  readonly changesAt: Date | undefined;
}

/**
 * @param keys at least one
 * @param keepSeconds how long the last token of a key, or anything that is checked against it, may live here; elsewhere it may be longer
 */
export function scheduleKeys(keys: readonly SigningKey[], now: Date, keepSeconds: number): KeySet {
  const byStart = [...keys].sort((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime());
  const [first] = byStart;
  if (!first) throw new Error('there is no signing key');

  const started = byStart.filter((key) => key.signsFrom <= now);
  const signing = started.at(-1) ?? first;
  const endOf = (key: SigningKey): number => {
    const successor = byStart[byStart.indexOf(key) + 1];
    const seconds = Math.max(keepSeconds, key.keepSeconds ?? 0);
    return successor ? successor.signsFrom.getTime() + seconds * 1000 : Infinity;
  };
  const retired = byStart.filter((key) => endOf(key) <= now.getTime());
  const published = byStart.filter((key) => !retired.includes(key));
  const changes = [
    ...byStart.map((key) => key.signsFrom.getTime()),
    ...published.map((key) => endOf(key)),
  ].filter((at) => at > now.getTime() && Number.isFinite(at));
  return {
    signing,
    published: [signing, ...published.filter((key) => key !== signing)],
    retired,
    changesAt: changes.length > 0 ? new Date(Math.min(...changes)) : undefined,
  };
}

export function stateOf({ kid, signsFrom }: SigningKey, { signing }: KeySet): KeyState {
  if (kid === signing.kid) return 'signing';
  return signsFrom > signing.signsFrom ? 'next' : 'retiring';
}
