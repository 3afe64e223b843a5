import type { TokenSource } from '../auth/providers/platform-tokens.js';
import type { ErrorCode, OperatorHint } from '../common/app-error.js';

/** A platform token as it is kept. Times are in milliseconds since 1970. */
export interface TokenEntry {
  readonly value: string;
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
}

/** A refusal that is remembered, so that a refused credential is not hammered. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly operator?: OperatorHint;
  /** How often in a row. */
  readonly times: number;
  readonly untilMs: number;
}

/** A token that is about to end is not handed out: it must survive the call that it is for. */
const marginMs = 60_000;
/** The part of its life after which a token is renewed in the background. */
const renewAfter = 0.8;
const firstPauseMs = 5000;
const longestPauseMs = 300_000;

/** Where a token is kept. Tells two secrets of one credential apart, and holds neither. */
export function keyOf(source: TokenSource): string {
  return [source.kind, source.credential, source.tenant ?? '', source.secret.fingerprint()].join(
    '|',
  );
}

export function isUsable(entry: TokenEntry | undefined, nowMs: number): entry is TokenEntry {
  if (!entry) return false;
  // A short-lived token keeps a margin of a tenth of its life.
  const margin = Math.min(marginMs, (entry.expiresAtMs - entry.fetchedAtMs) / 10);
  return nowMs < entry.expiresAtMs - margin;
}

/** When a token is renewed: before its end, and not at the same instant on every replica. */
export function renewalAtMs(entry: TokenEntry, jitter = Math.random()): number {
  const life = entry.expiresAtMs - entry.fetchedAtMs;
  return entry.fetchedAtMs + life * (renewAfter + 0.1 * jitter);
}

export function pauseMs(times: number): number {
  return Math.min(firstPauseMs * 2 ** (times - 1), longestPauseMs);
}
