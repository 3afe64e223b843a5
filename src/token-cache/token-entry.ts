import type { TokenSource } from '../auth/providers/platform-tokens.js';

/** A platform token as it is kept. Times are in milliseconds since 1970. */
export interface TokenEntry {
  readonly value: string;
  /** The number of the turn in which it was fetched: of two, the higher is the newer, whatever the replicas' clocks say. */
  readonly turn: number;
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
}

/** A token that is about to end is not handed out: it must survive the call that it is for. */
const longestMarginMs = 60_000;
/** The part of its life after which a token is renewed in the background. */
const renewAfter = 0.8;

const keys = new WeakMap<TokenSource, string>();

/** Where a token is kept. Tells two secrets of one credential apart, and holds neither. */
export function keyOf(source: TokenSource): string {
  const known = keys.get(source);
  if (known !== undefined) return known;
  const parts = [source.kind, source.credential, source.tenant ?? '', source.secret.fingerprint()];
  const key = parts.map(encodeURIComponent).join('|');
  keys.set(source, key);
  return key;
}

/** Until when a token may be handed out; a short-lived one keeps a margin of a tenth of its life. */
export function usableUntilMs({ fetchedAtMs, expiresAtMs }: TokenEntry): number {
  return expiresAtMs - Math.min(longestMarginMs, (expiresAtMs - fetchedAtMs) / 10);
}

/** When a token is renewed: before its end, and not at the same instant on every replica. @param jitter 0 to 1 */
export function renewalAtMs({ fetchedAtMs, expiresAtMs }: TokenEntry, jitter: number): number {
  return fetchedAtMs + (expiresAtMs - fetchedAtMs) * (renewAfter + jitter / 10);
}
