import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { Clock } from '../../../common/clock.js';
import { Logger } from '../../../common/logger.js';
import { Config } from '../../../config/config.js';
import { KeyChanges, type Revocation } from './key-changes.js';
import { KeyFreshness } from './key-freshness.js';
import { type KeySet, type KeyState, scheduleKeys, stateOf } from './key-schedule.js';
import { maxAgeOf, refreshEverySeconds, retryAfterSeconds } from './key-timing.js';
import type { SigningAlg, SigningKey } from './signing-key.js';
import { StoredSigningKeys } from './stored-signing-keys.js';

/** What may be told of a key. */
export interface PublishedKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly state: KeyState;
  readonly createdAt: Date;
  readonly signsFrom: Date;
}

/** Tokens that name a key of which this replica has not heard make it look again, but no more often than this. */
const soonestLookMs = 1000;

/** The keys that sign tokens: in Postgres, encrypted, the same for all replicas. */
@Injectable()
export class SigningKeys implements OnApplicationShutdown {
  #keys: readonly SigningKey[] = [];
  #set: KeySet | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** From the start on; whoever merely looks at the keys makes none. */
  #isFollowing = false;
  /** What was told of a failure to read them. */
  #trouble: 'late' | 'outdated' | undefined;
  /** The latest look that tokens have caused, and the one that waits for its turn. */
  #look: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;
  #lookedAtMs = -Infinity;
  /** The kids of those that were here and are no more: no look brings them back. */
  readonly #gone = new Set<string>();

  constructor(
    private readonly stored: StoredSigningKeys,
    private readonly changes: KeyChanges,
    private readonly freshness: KeyFreshness,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** Reads the keys, makes what is missing, and keeps following from then on. */
  async start(): Promise<void> {
    this.#isFollowing = true;
    await this.#follow();
    this.#followIn(refreshEverySeconds);
  }

  /** The keys as they stand now; the same object as long as nothing changed. */
  current(): KeySet {
    const now = this.clock.now();
    if (!this.#set || (this.#set.changesAt && this.#set.changesAt <= now)) {
      this.#set = scheduleKeys(this.#keys, now, this.changes.keepSeconds);
    }
    return this.#set;
  }

  /** How long verifiers may keep what this replica publishes now: ever shorter while it cannot read the keys again. */
  maxAgeSeconds(): number {
    return maxAgeOf(this.freshness.ageSeconds());
  }

  /** Whether this replica knows which key signs: others may have gone on to one of which it has not heard. */
  maySign(): boolean {
    return this.maxAgeSeconds() > 0;
  }

  /** Every key that is published, in the order in which they sign. */
  list(): PublishedKey[] {
    if (this.#keys.length === 0) return [];
    const set = this.current();
    return [...set.published]
      .sort((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime())
      .map((key) => ({
        kid: key.kid,
        alg: key.alg,
        state: stateOf(key, set),
        createdAt: key.createdAt,
        signsFrom: key.signsFrom,
      }));
  }

  /** One of them. */
  view(kid: string): PublishedKey {
    const key = this.list().find((each) => each.kid === kid);
    if (!key) throw new Error('a key that was just made is not published');
    return key;
  }

  /**
   * Makes the next key: published at once, signing once every verifier has it.
   * @returns its kid; a key that waits for its turn already is returned instead of making another
   */
  async rotate(): Promise<string> {
    const kid = await this.changes.next();
    await this.refresh();
    return kid;
  }

  /**
   * Takes a key back at once, e.g. a stolen one: no replica publishes or accepts it any more after its next refresh. Where it was the
   * one that signed, the next one signs from now on.
   * @throws AppError `signing_key_not_found`
   */
  async revoke(kid: string): Promise<Revocation> {
    const revocation = await this.changes.revoke(kid);
    await this.refresh();
    return revocation;
  }

  /** Reads what other replicas did, and does what is due. A failure keeps the keys we have. */
  async refresh(): Promise<void> {
    try {
      await this.#follow();
      if (this.#trouble) this.logger.info({}, 'the signing keys are read again');
      this.#trouble = undefined;
    } catch (error) {
      this.#tell(error);
    }
  }

  /**
   * A token names a key of which this replica has not heard: another one may just have made it.
   * @returns once a look has ended that began after the call; those who ask meanwhile share it
   */
  refreshSoon(kid: string | undefined): Promise<void> {
    // After a revocation most tokens name the key that is gone.
    if (kid !== undefined && this.#gone.has(kid)) return Promise.resolve();
    this.#nextLook ??= this.#lookSoon();
    return this.#nextLook;
  }

  onApplicationShutdown(): void {
    this.#isFollowing = false;
    clearTimeout(this.#timer);
  }

  /** After the one that is under way, and not right after it: tokens may name whatever key they like. */
  async #lookSoon(): Promise<void> {
    const waitMs = this.#lookedAtMs + soonestLookMs - this.freshness.nowMs();
    await Promise.all([this.#look, sleep(Math.max(0, waitMs))]);
    this.#nextLook = undefined;
    this.#lookedAtMs = this.freshness.nowMs();
    this.#look = this.refresh();
    await this.#look;
  }

  /** The next try waits for no answer longer than for its own time: a connection may hang for hours. */
  #followIn(seconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#isFollowing) return;
    this.#timer = setTimeout(() => {
      const late = sleep(refreshEverySeconds * 1000, undefined, { ref: false });
      void Promise.race([this.refresh(), late]).then(() =>
        this.#followIn(this.#trouble ? retryAfterSeconds : refreshEverySeconds),
      );
    }, seconds * 1000).unref();
  }

  /** Once when it begins, and once when it comes to be felt. */
  #tell(error: unknown): void {
    const trouble = this.maySign() ? 'late' : 'outdated';
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.logger.warn(
      { err: error },
      trouble === 'late'
        ? 'the signing keys could not be read again; going on with those we have'
        : 'the signing keys could not be read for minutes; no token is issued before they can',
    );
  }

  async #follow(): Promise<void> {
    const startedAtMs = this.freshness.nowMs();
    if (this.#isFollowing) await this.stored.want(this.config.signingAlg);
    const found = await this.stored.read();
    const keys = this.#isFollowing ? await this.changes.keepUp(found) : found;
    if (!this.freshness.take(startedAtMs) || versionOf(keys) === versionOf(this.#keys)) return;
    const kids = keys.map(({ kid }) => kid);
    for (const { kid } of this.#keys) if (!kids.includes(kid)) this.#gone.add(kid);
    this.#keys = keys;
    this.#set = undefined;
  }
}

function versionOf(keys: readonly SigningKey[]): string {
  return keys
    .map(({ kid, signsFrom, keepSeconds }) => [kid, signsFrom.getTime(), keepSeconds].join(' '))
    .join(', ');
}
