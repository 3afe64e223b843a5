import { type Cache, createCache } from 'cache-manager';
import { Keyv } from 'keyv';

import {
  type PlatformTokens,
  PlatformTokenRejected,
  type TokenSource,
} from '../auth/providers/platform-tokens.js';
import { AppError } from '../common/app-error.js';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import { SingleFlight } from './single-flight.js';
import {
  isUsable,
  keyOf,
  pauseMs,
  type Refusal,
  renewalAtMs,
  type TokenEntry,
} from './token-entry.js';
import type { TokenStore } from './token-store.js';

/**
 * One live token per (kind, credential, tenant) in the whole deployment: memory in front of the shared store, one fetch at a time
 * however many ask. It owns when to fetch; how, is the source's business. Only platform tokens of apps come here: a
 * person's own token is never kept.
 */
export class TokenCache implements PlatformTokens {
  readonly #flights = new SingleFlight();
  readonly #memory: Keyv;
  readonly #shared: Keyv;
  /** Memory first, then the shared store; what is found there is put into memory on the way. */
  readonly #cache: Cache;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#memory = new Keyv({ serialize: undefined, deserialize: undefined });
    this.#shared = new Keyv({
      store: store.adapter,
      useKeyPrefix: false,
      throwOnErrors: true,
      emitErrors: false,
    });
    this.#cache = createCache({ stores: [this.#memory, this.#shared] });
  }

  async get(source: TokenSource): Promise<string> {
    const key = keyOf(source);
    const entry = await this.#cache.get<TokenEntry>(key);
    const nowMs = this.#nowMs();
    if (!isUsable(entry, nowMs))
      return this.#flights.run(key, () => this.#fetch(source, key, undefined));
    if (nowMs >= renewalAtMs(entry)) this.#renew(source, key, entry);
    return entry.value;
  }

  async use<T>(source: TokenSource, call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.get(source);
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof PlatformTokenRejected)) throw error;
    }
    const fresh = await this.replace(source, token);
    try {
      return await call(fresh);
    } catch (error) {
      throw error instanceof PlatformTokenRejected ? error.cause : error;
    }
  }

  /** A new token in place of one that the platform rejected; if that one was replaced already, the one that replaced it. */
  async replace(source: TokenSource, rejected: string): Promise<string> {
    const key = keyOf(source);
    const entry = await this.#memory.get<TokenEntry>(key);
    if (isUsable(entry, this.#nowMs()) && entry.value !== rejected) return entry.value;
    return this.#flights.run(`${key}|instead of a rejected one`, () =>
      this.#fetch(source, key, rejected),
    );
  }

  /** Forgets that the platform refused this credential: a person says that it was mended. */
  async forgetRefusal(source: TokenSource): Promise<void> {
    await this.#cache.del(refusalKey(keyOf(source)));
  }

  /** Ends the background renewals. */
  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** @param unwanted a value that must not be returned: it was rejected, or it is to be renewed */
  async #fetch(source: TokenSource, key: string, unwanted: string | undefined): Promise<string> {
    await this.#throwRefusal(key);
    // What the source needs first is fetched before its turn is taken, so that no turn waits for another.
    if (source.dependsOn) await this.get(source.dependsOn);
    return this.store.exclusively(key, async () => {
      const current = await this.#shared.get<TokenEntry>(key);
      if (isUsable(current, this.#nowMs()) && current.value !== unwanted) {
        await this.#remember(source, key, current);
        return current.value;
      }
      await this.#throwRefusal(key);
      return this.#fetchNow(source, key);
    });
  }

  async #fetchNow(source: TokenSource, key: string): Promise<string> {
    const fetchedAtMs = this.#nowMs();
    try {
      const { value, expiresInSeconds } = await source.fetch();
      const entry = { value, fetchedAtMs, expiresAtMs: fetchedAtMs + expiresInSeconds * 1000 };
      // Whoever lost its turn on the way (its connection broke) must not overwrite what came after it.
      const current = await this.#shared.get<TokenEntry>(key);
      if (current && current.fetchedAtMs > fetchedAtMs && isUsable(current, this.#nowMs()))
        return current.value;
      await this.#shared.set(key, entry, entry.expiresAtMs - fetchedAtMs);
      await this.#remember(source, key, entry);
      await this.#cache.del(refusalKey(key));
      return value;
    } catch (error) {
      await this.#noteRefusal(key, error);
      throw error;
    }
  }

  async #remember(source: TokenSource, key: string, entry: TokenEntry): Promise<void> {
    const nowMs = this.#nowMs();
    await this.#memory.set(key, entry, entry.expiresAtMs - nowMs);
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(
      () => this.#renew(source, key, entry),
      Math.max(renewalAtMs(entry) - nowMs, 1000),
    );
    this.#timers.set(key, timer.unref());
  }

  /** Nobody waits for this; while the platform is down, the token that is still valid goes on being served. */
  #renew(source: TokenSource, key: string, entry: TokenEntry): void {
    this.#flights
      .run(`${key}|renewal`, () => this.#fetch(source, key, entry.value))
      .catch((error: unknown) =>
        this.logger.warn(
          { err: error, kind: source.kind, credential: source.credential },
          'a platform token could not be renewed yet',
        ),
      );
  }

  async #throwRefusal(key: string): Promise<void> {
    const refusal = await this.#cache.get<Refusal>(refusalKey(key));
    if (refusal && refusal.untilMs > this.#nowMs()) {
      throw new AppError(
        refusal.code,
        refusal.message,
        refusal.operator && { operator: refusal.operator },
      );
    }
  }

  async #noteRefusal(key: string, error: unknown): Promise<void> {
    if (!(error instanceof AppError)) return;
    if (error.code !== 'platform_misconfigured' && error.code !== 'platform_rate_limited') return;
    const before = await this.#cache.get<Refusal>(refusalKey(key));
    const times = (before?.times ?? 0) + 1;
    const refusal: Refusal = {
      code: error.code,
      message: error.message,
      ...(error.operator && { operator: error.operator }),
      times,
      untilMs: this.#nowMs() + pauseMs(times),
    };
    // Kept beyond its pause, so that the next pause is longer.
    await this.#cache.set(refusalKey(key), refusal, pauseMs(times) * 4);
  }

  #nowMs(): number {
    return this.clock.now().getTime();
  }
}

function refusalKey(key: string): string {
  return `${key}|refused`;
}
