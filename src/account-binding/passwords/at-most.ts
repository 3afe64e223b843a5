/** Lets a fixed number of pieces of work run at once; the others wait, in the order in which they came. */
export class AtMost {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A place goes from hand to hand: if it were free for an instant, a newcomer would take it beside the one who waited.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
