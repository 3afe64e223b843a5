/** Domains that a tester added, as the console would. They outlive a reset. */
export class RegisteredDomains {
  readonly #hosts = new Map<string, Set<string>>();

  /** Without a suite: for every suite, and for the old web login. */
  add(host: string, suiteId?: string): void {
    const key = suiteId ?? '*';
    this.#hosts.set(key, (this.#hosts.get(key) ?? new Set()).add(host.toLowerCase()));
  }

  /** Exactly the host and port. */
  has(host: string, suiteId: string | undefined, configured: string | undefined): boolean {
    return this.list(suiteId, configured).includes(host);
  }

  /** In lower case. */
  list(suiteId: string | undefined, configured: string | undefined): string[] {
    return [
      ...(configured === undefined ? [] : [configured.toLowerCase()]),
      ...(this.#hosts.get('*') ?? []),
      ...(suiteId === undefined ? [] : (this.#hosts.get(suiteId) ?? [])),
    ];
  }
}
