/** One call to a platform's server. */
export interface OutboundRequest {
  /** Which platform and which of its calls: for logs and metrics, e.g. `dingtalk` and `userAccessToken`. */
  readonly platform: string;
  readonly call: string;
  readonly method: 'GET' | 'POST';
  /** May hold tokens and codes in its query: implementations never log it. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `application/json` when present. */
  readonly json?: unknown;
  /**
   * Whether the call may be made again when it was sent and the answer is lost or says "busy".
   * Never true for the exchange of a single-use code. A call that never reached the server is repeated anyway.
   */
  readonly repeatable: boolean;
  /** Recognises the platform's "busy, try again" in a readable answer; asked only for repeatable calls. */
  readonly isBusy?: (reply: OutboundReply) => boolean;
}

/** An answer that could be read as JSON, whatever its HTTP status. */
export interface OutboundReply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The only way out of the service to a platform: five seconds for each try, at most two repeats, no redirects,
 * a capped answer.
 */
export abstract class HttpClient {
  /**
   * @throws AppError `platform_unavailable` when there was no answer in time, or none that is JSON
   * (a network fault, a redirect, an HTML page, half a JSON, an oversize body).
   */
  abstract requestJson(request: OutboundRequest): Promise<OutboundReply>;
}
