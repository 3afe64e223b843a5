/** The part of a token answer that counts here. */
export interface IssuedToken {
  readonly access_token: string;
  readonly expires_in?: number;
}

/** A token is not used in its last seconds: it could end on its way. */
const MARGIN_SECONDS = 30;

/** The application's own token: asked for once, shared, and kept until shortly before it ends. */
export class MachineToken {
  #token = Promise.resolve('');
  #goodUntilMs = 0;

  constructor(
    private readonly issue: () => Promise<IssuedToken>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** @throws what `issue` throws; the next call tries again */
  get(): Promise<string> {
    if (this.nowMs() >= this.#goodUntilMs) {
      // Whoever comes while it is under way shares it.
      this.#goodUntilMs = Number.POSITIVE_INFINITY;
      this.#token = this.#ask();
    }
    return this.#token;
  }

  async #ask(): Promise<string> {
    const askedAtMs = this.nowMs();
    try {
      const { access_token: token, expires_in: seconds = 0 } = await this.issue();
      this.#goodUntilMs = askedAtMs + (seconds - MARGIN_SECONDS) * 1000;
      return token;
    } catch (error) {
      this.#goodUntilMs = 0;
      throw error;
    }
  }
}
