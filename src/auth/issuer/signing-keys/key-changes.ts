import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AuditService } from '../../../audit/audit.service.js';
import { Clock } from '../../../common/clock.js';
import { notFound } from '../../../common/identifiers.js';
import { Logger } from '../../../common/logger.js';
import { Config } from '../../../config/config.js';
import { type KeySet, type KeyState, scheduleKeys, stateOf } from './key-schedule.js';
import { keySetMaxAgeSeconds, publishSeconds } from './key-timing.js';
import { algOfNext, type KeyOccasion, type KeyWishes, upkeepOf } from './key-upkeep.js';
import { generateSigningKey, type SigningAlg, type SigningKey } from './signing-key.js';
import { StoredSigningKeys } from './stored-signing-keys.js';

/** What came of revoking a key. */
export interface Revocation {
  readonly state: KeyState;
  /** The kid of the key that signs in its place, where it was the one that signed. */
  readonly successor?: string;
}

/** Everything that changes the keys: one replica at a time in the whole deployment, and each looks first at what the others did. */
@Injectable()
export class KeyChanges {
  constructor(
    private readonly stored: StoredSigningKeys,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly audit: AuditService,
    private readonly logger: Logger,
  ) {}

  /** @returns the kid of the key that waits for its turn; one is made where none does */
  next(): Promise<string> {
    return this.stored.exclusively(async (manager) => {
      const keys = await this.stored.read(manager);
      const waiting = keys.length > 0 && this.#scheduled(keys).next;
      if (waiting) return waiting.kid;
      return this.#add(manager, keys, algOfNext(keys, await this.#wishes(manager)));
    });
  }

  /** @throws AppError `signing_key_not_found` */
  revoke(kid: string): Promise<Revocation> {
    return this.stored.exclusively(async (manager) => {
      const keys = await this.stored.read(manager);
      const key = keys.find((each) => each.kid === kid);
      if (!key) throw notFound('signingKey');
      const now = this.clock.now();
      const { set, next } = this.#scheduled(keys);
      const state = stateOf(key, set);
      await this.stored.delete(manager, [kid]);
      if (state !== 'signing') return { state };
      if (next) await this.stored.beginAt(manager, next.kid, now);
      const alg = algOfNext(keys, await this.#wishes(manager));
      return { state, successor: next?.kid ?? (await this.#add(manager, keys, alg, now)) };
    });
  }

  /**
   * Does what is due by itself: the first key, the next one by age or by a changed setting, an end for those that are retired. Of several
   * replicas that find the same due, the first one does it, and the others find it done.
   * @returns the keys as they are then
   */
  async keepUp(keys: readonly SigningKey[]): Promise<readonly SigningKey[]> {
    const look = upkeepOf(keys, this.clock.now(), await this.#wishes());
    if (!look.next && look.keepLonger.length === 0 && look.retired.length === 0) return keys;
    const done = await this.stored.exclusively(async (manager) => {
      const before = await this.stored.read(manager);
      const wishes = await this.#wishes(manager);
      const { next, keepLonger, retired } = upkeepOf(before, this.clock.now(), wishes);
      await this.stored.keepFor(manager, keepLonger, this.keepSeconds);
      await this.stored.delete(manager, retired);
      const kid = next && (await this.#add(manager, before, next.alg));
      const made = next && kid !== undefined ? { kid, ...next } : undefined;
      return { keys: await this.stored.read(manager), made };
    });
    if (done.made) this.#tell(done.made);
    return done.keys;
  }

  /** An ID token may come back as a logout hint as long as its session lives. */
  get keepSeconds(): number {
    const { accessTokenSeconds, idTokenSeconds, sessionSeconds } = this.config.lifetimes;
    return Math.max(accessTokenSeconds, idTokenSeconds, sessionSeconds) + keySetMaxAgeSeconds;
  }

  /** @param signsFrom left out: in its turn, once everybody has it; the first of all signs at once, since nobody holds an older set */
  async #add(
    manager: EntityManager,
    keys: readonly SigningKey[],
    alg: SigningAlg,
    signsFrom?: Date,
  ): Promise<string> {
    const now = this.clock.now();
    const newest = keys.at(-1);
    const soonest = now.getTime() + (newest ? publishSeconds * 1000 : 0);
    // Behind every other, also where the clock that made the other is ahead.
    const inTurn = new Date(Math.max(soonest, (newest?.signsFrom.getTime() ?? 0) + 1));
    const key = await generateSigningKey(alg, now, signsFrom ?? inTurn);
    await this.stored.add(manager, { ...key, keepSeconds: this.keepSeconds });
    return key.kid;
  }

  /** With the one whose turn is next, if there is one. */
  #scheduled(keys: readonly SigningKey[]): { set: KeySet; next: SigningKey | undefined } {
    const set = scheduleKeys(keys, this.clock.now(), this.keepSeconds);
    return { set, next: keys.find((key) => stateOf(key, set) === 'next') };
  }

  async #wishes(manager?: EntityManager): Promise<KeyWishes> {
    return {
      alg: this.config.signingAlg,
      wantedAlgs: await this.stored.wantedAlgs(manager),
      keepSeconds: this.keepSeconds,
      rotationDays: this.config.signingKeyRotationDays,
    };
  }

  #tell(made: {
    readonly kid: string;
    readonly alg: SigningAlg;
    readonly occasion: KeyOccasion;
  }): void {
    const { kid, alg, occasion } = made;
    this.logger.info({ kid, alg, occasion }, 'a signing key was made');
    if (occasion === 'first') return;
    this.audit.record({
      action: 'signing_key.rotate',
      outcome: 'ok',
      reason: occasion,
      actor: 'system',
      details: { kid, alg },
    });
  }
}
