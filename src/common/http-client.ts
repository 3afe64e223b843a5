/** One call to a platform's server. */
export interface OutboundRequest {
  /** Which platform and which of its calls: for logs and metrics, e.g. `dingtalk` and `userAccessToken`. */
  readonly platform: string;
  readonly call: string;
  /** Whose quota the call uses, e.g. the app's id: where the platform wants a rest, others do not rest with it. Not secret. */
  readonly credential?: string;
  readonly method: 'GET' | 'POST';
  /** May hold tokens and codes in its query: implementations never log it. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `application/json` when present. */
  readonly json?: unknown;
  /**
   * Whether the call may be made again when it was sent and the answer is lost or says "later".
   * Never true for the exchange of a single-use code. A call that never reached the server is repeated anyway.
   */
  readonly repeatable: boolean;
  /** Somebody asks whether it was mended: the call goes out even while it is held back. */
  readonly anew?: true;
  /** What the platform says in a readable answer. Without it, the HTTP status alone says so. */
  readonly judge?: (reply: OutboundReply) => Judgement;
}

/** An answer that could be read as JSON, whatever its HTTP status. */
export interface OutboundReply {
  readonly status: number;
  readonly body: unknown;
}

/** What a platform's answer comes to, as far as calling it is concerned. */
export interface Judgement {
  /** `ok` when the answer is fine, else the platform's own code: for metrics. */
  readonly code: string;
  readonly trouble?: Trouble;
  /** It says no to a person, or to the code that they brought: an answer like any other, and no fault of the connection. */
  readonly isAboutPerson?: true;
}

/**
 * Why the same call may go better later:
 * - `busy`: the platform is in trouble, for a moment;
 * - `too-fast`: a limit of each second, over after about a second;
 * - `used-up`: a limit of a longer window, or a ban. To repeat the call only prolongs it.
 */
export type Trouble = 'busy' | 'too-fast' | 'used-up';

/**
 * The only way out of the service to a platform: five seconds for each try, at most two repeats, no redirects,
 * a capped answer. A call that keeps failing, or that the platform limits, is held back for a while.
 */
export abstract class HttpClient {
  /**
   * @throws AppError `platform_unavailable` when there was no answer in time, or none that is JSON
   * (a network fault, a redirect, an HTML page, half a JSON, an oversize body), or when that happened so often that
   * the call was not made; `platform_rate_limited` when it was not made because the platform limits it
   */
  abstract requestJson(request: OutboundRequest): Promise<OutboundReply>;
}

/** The same way out for somebody who asks whether it was mended: no call is held back. */
export function anew(http: HttpClient): HttpClient {
  return { requestJson: (request) => http.requestJson({ ...request, anew: true }) };
}
