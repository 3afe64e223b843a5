/** The sandbox's time: the machine's, plus what a test has moved it. Everything that expires asks this clock. */
export class SandboxClock {
  #offsetMs = 0;

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the time on (or back, with a negative number). */
  advance(seconds: number): void {
    this.#offsetMs += seconds * 1000;
  }

  reset(): void {
    this.#offsetMs = 0;
  }

  get offsetSeconds(): number {
    return this.#offsetMs / 1000;
  }
}
