import { scheduleKeys } from './key-schedule.js';
import type { SigningAlg, SigningKey } from './signing-key.js';

/** Why a key was made without anybody having asked for it. */
export type KeyOccasion = 'first' | 'algorithm' | 'schedule';

/** What is to be done about the keys. */
export interface Upkeep {
  readonly next: { readonly alg: SigningAlg; readonly occasion: KeyOccasion } | undefined;
  /** Those that must be kept longer than is written down, by kid. */
  readonly keepLonger: readonly string[];
  readonly retired: readonly string[];
}

/** What a replica asks for. */
export interface KeyWishes {
  readonly alg: SigningAlg;
  /** What any replica has asked for lately, this one included. */
  readonly wantedAlgs: readonly SigningAlg[];
  readonly keepSeconds: number;
  /** 0: never by itself. */
  readonly rotationDays: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/** @param keys in the order in which they sign */
export function upkeepOf(keys: readonly SigningKey[], now: Date, wishes: KeyWishes): Upkeep {
  const newest = keys.at(-1);
  if (!newest) return { next: { alg: wishes.alg, occasion: 'first' }, keepLonger: [], retired: [] };
  const { retired, published } = scheduleKeys(keys, now, wishes.keepSeconds);
  const alg = algOfNext(keys, wishes);
  const { rotationDays, keepSeconds } = wishes;
  const isOld =
    rotationDays > 0 && newest.signsFrom.getTime() + rotationDays * dayMs <= now.getTime();
  const occasion = newest.alg !== alg ? 'algorithm' : isOld ? 'schedule' : undefined;
  return {
    next: occasion && { alg, occasion },
    keepLonger: published
      .filter((key) => (key.keepSeconds ?? 0) < keepSeconds)
      .map(({ kid }) => kid),
    retired: retired.map(({ kid }) => kid),
  };
}

/**
 * The algorithm of the next key: what this replica is set to. Except where the others have just left that one behind: then this
 * replica is the one that is yet to be restarted, and must not take them back. Nobody asks for the newer one any more once they all are
 * taken back.
 */
export function algOfNext(
  keys: readonly SigningKey[],
  { alg, wantedAlgs }: Pick<KeyWishes, 'alg' | 'wantedAlgs'>,
): SigningAlg {
  const newest = keys.at(-1);
  if (!newest || newest.alg === alg) return alg;
  const wasLeftBehind = keys.some((key) => key.alg === alg);
  return wasLeftBehind && wantedAlgs.includes(newest.alg) ? newest.alg : alg;
}
