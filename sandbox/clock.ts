/** The sandbox's time: the machine's, plus what a test has moved it. Everything that expires asks this clock. */
export class SandboxClock {
  #offsetMs = 0;
  readonly #listeners: (() => void)[] = [];

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the time on (or back, with a negative number). */
  advance(seconds: number): void {
    this.#offsetMs += seconds * 1000;
    this.#moved();
  }

  /** Calls back whenever the time was moved. */
  onMove(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reset(): void {
    this.#offsetMs = 0;
    this.#moved();
  }

  get offsetSeconds(): number {
    return this.#offsetMs / 1000;
  }

  #moved(): void {
    for (const listener of this.#listeners) listener();
  }
}
