/** How much room and how much patience a caller gets. */
export interface HttpLimits {
  /** From the first byte of a request, or from the connection where none comes, to the end of its headers. */
  readonly headersMs: number;
  /** From the headers to the end of the body; what may take long on purpose is measured by `silenceMs` alone. */
  readonly bodyMs: number;
  /** How long nothing may move on a connection while we wait for the caller: to send, or to take our answer. */
  readonly silenceMs: number;
  /** How long a connection is kept for another request: longer than any proxy keeps it, so that the proxy closes first. */
  readonly keepAliveMs: number;
  /** Request line and headers together. */
  readonly headerBytes: number;
  /** Open at the same time; more are turned away. */
  readonly connections: number;
  /** How often it is looked for what has taken too long. */
  readonly checkEveryMs: number;
}

/**
 * Nginx keeps a connection for 60 seconds, and so do the balancers of the large clouds. A sign-in's longest URL is a few kilobytes. A
 * connection may carry any number of requests: a proxy's last for days.
 */
export const httpLimits: HttpLimits = {
  headersMs: 15_000,
  bodyMs: 30_000,
  silenceMs: 60_000,
  keepAliveMs: 75_000,
  headerBytes: 16_384,
  connections: 10_000,
  checkEveryMs: 1000,
};
