const shape = /^[\w.\- ]{1,64}$/;
const mostOfPlatform = 200;
/** What we say ourselves: there is always room for it. */
const own = new Set(['ok', 'no-answer', 'unreadable', 'breaker-open', 'resting']);

/**
 * Makes labels of platforms' codes. A code is a text from outside: each new one would be a time series for ever, so what is not
 * shaped like a code, or comes when there are many already, is `other`.
 */
export class OutboundCodes {
  readonly #known = new Map<string, Set<string>>();

  label(platform: string, code: string): string {
    if (own.has(code)) return code;
    const known = this.#known.get(platform) ?? new Set<string>();
    this.#known.set(platform, known);
    if (known.has(code)) return code;
    if (!shape.test(code) || known.size >= mostOfPlatform) return 'other';
    known.add(code);
    return code;
  }
}
