/** Keeps so many values, and lets go of the one that was not used for longest. */
export class Kept<Value extends object> {
  readonly #values = new Map<string, Value>();

  constructor(
    private readonly most: number,
    private readonly letGo: (value: Value) => void = () => undefined,
  ) {}

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const [oldest, unused] of this.#values) {
      if (this.#values.size <= this.most) return;
      this.#values.delete(oldest);
      this.letGo(unused);
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
