import type { TokenSource } from '../auth/providers/platform-tokens.js';
import type { TokenReading } from '../metrics/state-metrics.js';
import { keyOf } from './token-entry.js';
import type { HeldToken } from './token-tiers.js';

/** A token that nobody has asked for in vain for this long is missed by nobody. */
const missedForMs = 30 * 60_000;

interface KnownToken {
  readonly kind: string;
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
  /** When it was last asked for and could not be had. */
  missedAtMs?: number;
}

/**
 * How old the tokens are that this replica uses: the worst of each connection and kind, so that a thousand corps are as few lines as one.
 * Holds no token.
 */
export class TokenAges {
  readonly #known = new Map<string, KnownToken>();
  /** Connections of one and the same app share its tokens. */
  readonly #connections = new Map<string, Set<string>>();

  /** A connection asks for a token, and so for what that needs. */
  asked(connection: string, source: TokenSource): void {
    const key = keyOf(source);
    const askers = this.#connections.get(key);
    if (askers?.has(connection)) return;
    if (askers) askers.add(connection);
    else this.#connections.set(key, new Set([connection]));
    if (source.dependsOn) this.asked(connection, source.dependsOn);
  }

  /** There is one. */
  held({ kind }: TokenSource, key: string, { fetchedAtMs, expiresAtMs }: HeldToken): void {
    this.#known.set(key, { kind, fetchedAtMs, expiresAtMs });
  }

  /** There was none to be had. */
  missed(key: string, nowMs: number): void {
    const known = this.#known.get(key);
    if (known) known.missedAtMs = nowMs;
  }

  /** @param isHeld whether memory holds a token of this key: one that it let go of is forgotten here too, unless it is missed */
  read(nowMs: number, isHeld: (key: string) => boolean): TokenReading[] {
    const worst = new Map<string, TokenReading>();
    for (const [key, known] of this.#known) {
      if (!isHeld(key) && !isMissed(known, nowMs)) {
        this.#known.delete(key);
        this.#connections.delete(key);
        continue;
      }
      for (const connection of this.#connections.get(key) ?? []) {
        const place = `${connection} ${known.kind}`;
        worst.set(place, worseOf(worst.get(place), connection, known, nowMs));
      }
    }
    return [...worst.values()];
  }
}

function isMissed({ expiresAtMs, missedAtMs = -Infinity }: KnownToken, nowMs: number): boolean {
  return expiresAtMs <= nowMs && nowMs - missedAtMs < missedForMs;
}

function worseOf(
  other: TokenReading | undefined,
  connection: string,
  { kind, fetchedAtMs, expiresAtMs }: KnownToken,
  nowMs: number,
): TokenReading {
  const age = Math.max(0, (nowMs - fetchedAtMs) / 1000);
  const rest = (expiresAtMs - nowMs) / 1000;
  return {
    connection,
    kind,
    oldestSeconds: Math.max(age, other?.oldestSeconds ?? 0),
    soonestEndSeconds: Math.min(rest, other?.soonestEndSeconds ?? Infinity),
  };
}
