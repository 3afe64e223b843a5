import { randomUUID } from 'node:crypto';

import {
  type PlatformTokens,
  PlatformTokenRejected,
  type TokenSource,
} from '../auth/providers/platform-tokens.js';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import { NoTracer, type Tracer } from '../common/tracer.js';
import { withinJob } from '../common/work-context.js';
import { Refusals } from './refusals.js';
import { Renewals } from './renewals.js';
import { SingleFlight } from './single-flight.js';
import { TokenAges } from './token-ages.js';
import { TokenFetches } from './token-fetches.js';
import type { TokenReading } from '../metrics/state-metrics.js';
import type { PlatformToken, TokenState } from './token-state.js';
import { keyOf, type TokenEntry, usableUntilMs } from './token-entry.js';
import type { TokenStore } from './token-store.js';
import { type HeldToken, TokenTiers } from './token-tiers.js';

/** How long a failed renewal rests: the less, the sooner the token ends. */
const restMs = { least: 1000, most: 60_000 };

/** A new token that was rejected at once is not traded for yet another one so soon: the next would fare no better. */
const keptMs = 10_000;

/**
 * One live token per (kind, credential, tenant) in the whole deployment: memory in front of the shared store, one fetch at a time
 * however many ask. It owns when to fetch; how, is the source's business. Only platform tokens of apps come here: a
 * person's own token is never kept.
 */
export class TokenCache implements PlatformTokens {
  /** Whose tokens there are, and how old they are: for metrics. */
  readonly #ages = new TokenAges();
  readonly #flights = new SingleFlight();
  readonly #tiers: TokenTiers;
  readonly #refusals: Refusals;
  readonly #renewals: Renewals;
  readonly #fetches: TokenFetches;

  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** Told of each fetch: the kind, and `ok` or the code of what went wrong. */
    observe: (kind: string, code: string) => void = () => undefined,
    tracer: Tracer = new NoTracer(),
  ) {
    this.#fetches = new TokenFetches(logger, tracer, observe);
    this.#tiers = new TokenTiers(store);
    this.#refusals = new Refusals(this.#tiers.cache, clock);
    this.#renewals = new Renewals(clock);
  }

  /** Notes which connection asks for a token. */
  askedBy(connection: string, source: TokenSource): TokenSource {
    this.#ages.asked(connection, source);
    return source;
  }

  get(source: TokenSource): Promise<string> {
    const held = this.#warm(source);
    return held ? Promise.resolve(held.value) : this.#cold(source).then(({ value }) => value);
  }

  async use<T>(source: TokenSource, call: (token: string) => Promise<T>): Promise<T> {
    const held = this.#warm(source) ?? (await this.#cold(source));
    try {
      return await call(held.value);
    } catch (error) {
      if (!(error instanceof PlatformTokenRejected)) throw error;
      if (this.#isKept(held)) throw error.cause;
    }
    const fresh = await this.#replace(source, held);
    try {
      return await call(fresh.value);
    } catch (error) {
      if (!(error instanceof PlatformTokenRejected)) throw error;
      fresh.rejectedAtMs = this.#nowMs();
      throw error.cause;
    }
  }

  /**
   * The live token and its end, as all replicas see it: one that any of them dropped is not handed out.
   * @throws what `source.fetch` throws
   */
  async read(source: TokenSource): Promise<PlatformToken> {
    const held = this.#warm(source) ?? (await this.#cold(source));
    const { value, expiresAtMs } = await this.#confirmed(source, held);
    return { value, expiresAt: new Date(expiresAtMs) };
  }

  /** Whether a token is the one that is handed out. */
  async isCurrent(source: TokenSource, value: string): Promise<boolean> {
    const key = keyOf(source);
    const current = (await this.#tiers.readRecord(key)) ?? this.#tiers.peek(key);
    return current?.value === value;
  }

  /** Drops a token that the platform refused to somebody, in every replica. @returns false when it was not the current one */
  async drop(source: TokenSource, value: string): Promise<boolean> {
    const key = keyOf(source);
    const nowMs = this.#nowMs();
    const held = this.#tiers.peek(key);
    if (held?.value === value) this.#tiers.letGo(key, held);
    const shared = await this.#tiers.readRecord(key);
    if (shared?.value === value) return this.#tiers.dropShared(key, shared, nowMs);
    // A token that could not be shared lives here alone.
    return !shared && held?.value === value && nowMs < held.usableUntilMs;
  }

  /** How it stands with a token, without asking the platform. */
  async state(source: TokenSource): Promise<TokenState> {
    const key = keyOf(source);
    const known = (await this.#tiers.readRecord(key)) ?? this.#tiers.peek(key);
    const lastError = await this.#refusals.last(key);
    return {
      ...(known &&
        this.#nowMs() < known.expiresAtMs && {
          live: { fetchedAt: new Date(known.fetchedAtMs), expiresAt: new Date(known.expiresAtMs) },
        }),
      ...(lastError && { lastError }),
    };
  }

  /** The worst of the tokens in use, by connection and kind. Costs a look at each, and no input or output. */
  ages(): TokenReading[] {
    const nowMs = this.#nowMs();
    return this.#ages.read(nowMs, (key) => this.#tiers.peek(key) !== undefined);
  }

  /** Forgets that the platform refused this credential: a person says that it was mended. */
  async forgetRefusal(source: TokenSource): Promise<void> {
    await this.#refusals.forget(keyOf(source));
    if (source.dependsOn) await this.forgetRefusal(source.dependsOn);
  }

  /** Ends the background renewals. */
  stop(): void {
    this.#renewals.stop();
  }

  /** The hot path: a look into memory, no waiting, no input or output. */
  #warm(source: TokenSource): HeldToken | undefined {
    const held = this.#tiers.peek(keyOf(source));
    const nowMs = this.#nowMs();
    if (!held || !(nowMs < held.usableUntilMs)) return undefined;
    held.usedAtMs = nowMs;
    if (nowMs >= held.renewAtMs) this.#renew(source, held);
    return held;
  }

  /** What memory holds, unless another replica knows better: also one that does not reach Redis. */
  async #confirmed(source: TokenSource, held: HeldToken): Promise<HeldToken> {
    const key = keyOf(source);
    const shared = await this.#tiers.readRecord(key).catch(() => undefined);
    if (!shared || shared.turn < held.turn) return held;
    if (shared.turn === held.turn && shared.value === held.value) return held;
    this.#tiers.letGo(key, held);
    return this.#nowMs() < usableUntilMs(shared)
      ? this.#hold(source, shared)
      : this.#obtain(source, shared.turn);
  }

  async #cold(source: TokenSource): Promise<HeldToken> {
    const held = await this.#obtain(source, 0).catch((error: unknown) => {
      this.#ages.missed(keyOf(source), this.#nowMs());
      throw error;
    });
    held.usedAtMs = this.#nowMs();
    return held;
  }

  /** A newer token than one that the platform rejected, which is dropped everywhere if it is still the current one. */
  async #replace(source: TokenSource, rejected: HeldToken): Promise<HeldToken> {
    const key = keyOf(source);
    const current = this.#warm(source);
    if (current && current.turn > rejected.turn) return current;
    // Of many whose token was rejected, one finds it in memory and drops it.
    if (this.#tiers.letGo(key, rejected)) {
      await this.#tiers.dropShared(key, rejected, this.#nowMs());
    }
    return this.#obtain(source, rejected.turn);
  }

  /** Not for long where the clock was set back. */
  #isKept({ rejectedAtMs = -Infinity }: HeldToken): boolean {
    const sinceMs = this.#nowMs() - rejectedAtMs;
    return sinceMs >= 0 && sinceMs < keptMs;
  }

  /** Nobody waits for this; while the platform is down, the token that is still valid goes on being served. */
  #renew(source: TokenSource, held: HeldToken): void {
    const nowMs = this.#nowMs();
    const restingMs = Math.max(restMs.least, (held.usableUntilMs - nowMs) / 8);
    held.renewAtMs = nowMs + Math.min(restingMs, restMs.most);
    void withinJob(`renewal ${randomUUID()}`, () =>
      this.#obtain(source, held.turn).catch((error: unknown) => {
        this.#watch(source, held);
        this.#warn(source, error, 'a platform token could not be renewed yet');
      }),
    );
  }

  /** @returns a token that was fetched in a later turn than `newerThan` */
  async #obtain(source: TokenSource, newerThan: number): Promise<HeldToken> {
    const key = keyOf(source);
    for (;;) {
      const joined = this.#flights.isRunning(key);
      const held = await this.#flights.run(key, () => this.#bring(source, key, newerThan));
      // A flight that was under way may have been started by somebody who wanted less.
      if (!joined || held.turn > newerThan) return held;
    }
  }

  /** Takes what another replica fetched, or fetches. */
  async #bring(source: TokenSource, key: string, newerThan: number): Promise<HeldToken> {
    const fits = (entry: TokenEntry | undefined): entry is TokenEntry =>
      entry !== undefined && entry.turn > newerThan && this.#nowMs() < usableUntilMs(entry);
    const known = await this.#tiers.read(key);
    if (fits(known)) return this.#hold(source, known);
    await this.#refusals.check(key);
    // What the source needs first is fetched before its turn is taken, so that turns are short.
    if (source.dependsOn) await this.get(source.dependsOn);
    return this.store.exclusively(key, async (turn) => {
      const meanwhile = await this.#tiers.readRecord(key);
      if (fits(meanwhile)) return this.#hold(source, meanwhile);
      await this.#refusals.check(key);
      return this.#fetch(source, key, turn);
    });
  }

  async #fetch(source: TokenSource, key: string, turn: number): Promise<HeldToken> {
    const fetchedAtMs = this.#nowMs();
    const { value, expiresInSeconds } = await this.#fetches
      .fetch(source)
      .catch(async (error: unknown) => {
        await this.#refusals.note(key, error).catch((fault: unknown) => {
          this.#warn(source, fault, 'a refusal could not be shared');
        });
        throw error;
      });
    const entry = { value, turn, fetchedAtMs, expiresAtMs: fetchedAtMs + expiresInSeconds * 1000 };
    return this.#hold(source, await this.#share(source, key, entry));
  }

  /**
   * Tells the other replicas; one that can't be told does not take the token from those who wait for it here.
   * @returns the current token: another one if the turn was lost on the way and somebody else has fetched since
   */
  async #share(source: TokenSource, key: string, entry: TokenEntry): Promise<TokenEntry> {
    try {
      await this.#refusals.forget(key);
      if (await this.#tiers.writeShared(key, entry, this.#nowMs())) return entry;
      const newer = await this.#tiers.readRecord(key);
      return newer && this.#nowMs() < usableUntilMs(newer) ? newer : entry;
    } catch (error) {
      this.#warn(source, error, 'a platform token could not be shared');
      return entry;
    }
  }

  async #hold(source: TokenSource, entry: TokenEntry): Promise<HeldToken> {
    const key = keyOf(source);
    const held = await this.#tiers.hold(key, entry, this.#nowMs());
    this.#ages.held(source, key, held);
    this.#watch(source, held);
    return held;
  }

  #watch(source: TokenSource, held: HeldToken): void {
    this.#renewals.schedule(
      keyOf(source),
      held,
      () => this.#renew(source, held),
      () => void this.#tiers.letGo(keyOf(source), held),
    );
  }

  #warn({ kind, credential, tenant }: TokenSource, error: unknown, message: string): void {
    this.logger.warn({ err: error, kind, credential, tenant }, message);
  }

  #nowMs(): number {
    return this.clock.now().getTime();
  }
}
