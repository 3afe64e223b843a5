type JsonObject = Readonly<Record<string, unknown>>;

/**
 * What the platforms reserve the right to do at any time: another key order, fields nobody knows. Pseudo-random
 * from a seed, so that a failing test fails again.
 */
export class Variation {
  #state: number;

  constructor(private readonly seed: number) {
    this.#state = seed;
  }

  reset(): void {
    this.#state = this.seed;
  }

  /** True in about `share` of the calls (0 to 1). */
  chance(share: number): boolean {
    return this.#next() < share;
  }

  /** The same fields in some order, now and then with one more. */
  of(fields: JsonObject): JsonObject {
    const entries = Object.entries(fields);
    if (this.chance(0.5)) entries.push(['x_unknown_field', { added: 'by the platform', at: 1 }]);
    for (let last = entries.length - 1; last > 0; last--) {
      const other = Math.floor(this.#next() * (last + 1));
      const moved = entries[last];
      const swapped = entries[other];
      if (moved && swapped) [entries[last], entries[other]] = [swapped, moved];
    }
    return Object.fromEntries(entries);
  }

  /** mulberry32 */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
