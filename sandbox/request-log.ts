/** One request that the sandbox received. Holds no query, header or body, so it holds no secret. */
export interface LoggedRequest {
  /** Sandbox time, ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Host and real path: `qyapi.weixin.qq.com/cgi-bin/gettoken`. */
  readonly call: string;
  /** HTTP status; 0 when the connection was broken on purpose. */
  readonly status: number;
  /** `ok`, or the platform's code for the refusal. */
  readonly outcome: string;
}

const KEPT = 5000;

/** Counts calls by name and keeps the latest of them. */
export class RequestLog {
  readonly #counts = new Map<string, number>();
  #latest: LoggedRequest[] = [];

  count(call: string): void {
    this.#counts.set(call, (this.#counts.get(call) ?? 0) + 1);
  }

  add(request: LoggedRequest): void {
    this.#latest.push(request);
    if (this.#latest.length > 2 * KEPT) this.#latest = this.#latest.slice(-KEPT);
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  latest(): LoggedRequest[] {
    return this.#latest.slice(-KEPT);
  }

  clear(): void {
    this.#counts.clear();
    this.#latest = [];
  }
}
