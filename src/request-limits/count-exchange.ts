import type { Moved, SharedCount } from './counted-windows.js';

/** The most keys that one exchange holds. */
export const mostPerExchange = 1000;

/** Where replicas tell each other what they counted: one statement or script for all keys. Keys are hashes. */
export interface CountExchange {
  /**
   * Adds to each window that runs, and begins those that do not.
   * @param moved each key once
   * @returns how each stands then, in the same order
   */
  add(moved: readonly Moved[], now: Date): Promise<SharedCount[]>;
}
