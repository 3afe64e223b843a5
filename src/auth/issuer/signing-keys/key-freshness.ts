import { Injectable } from '@nestjs/common';

/** How old this replica's view of the keys is. By a clock that nobody sets: what counts is the time that went by. */
@Injectable()
export class KeyFreshness {
  #readAtMs = -Infinity;

  /** To be noted before the keys are read. */
  nowMs(): number {
    return performance.now();
  }

  /**
   * Takes what was read since that instant as the view that holds.
   * @returns false where a reading that began later was taken already: an older answer never replaces a newer one
   */
  take(startedAtMs: number): boolean {
    if (startedAtMs < this.#readAtMs) return false;
    this.#readAtMs = startedAtMs;
    return true;
  }

  ageSeconds(): number {
    return (this.nowMs() - this.#readAtMs) / 1000;
  }
}
