import type { Secret } from '../../common/secret.js';

/** Says which platform token is meant, and how to get a new one from the platform. */
export interface TokenSource {
  /** What the token is, e.g. `dingtalk-app-token`, `wecom-agent-ticket`. */
  readonly kind: string;
  /** Whose it is, without anything secret: the platform's ids, e.g. `ww1a2b/1000017`. */
  readonly credential: string;
  /** The corp for which it is, where one credential serves many. */
  readonly tenant?: string;
  /** The secret behind the credential: a changed secret means other tokens and forgotten refusals. */
  readonly secret: Secret;
  /** Another token that `fetch` needs: it is fetched first, so that one fetch never waits inside another. */
  readonly dependsOn?: TokenSource;
  /**
   * Asks the platform for a new token.
   * @throws AppError `platform_misconfigured` (remembered for a growing time), `platform_rate_limited`, `platform_unavailable`
   */
  fetch(): Promise<FetchedToken>;
}

export interface FetchedToken {
  readonly value: string;
  readonly expiresInSeconds: number;
}

/** The deployment's one token per (kind, credential, tenant): what providers see of the token cache. */
export interface PlatformTokens {
  /**
   * The live token, fetched if there is none.
   * @throws what `source.fetch` throws
   */
  get(source: TokenSource): Promise<string>;
  /**
   * Runs `call` with the live token. When `call` throws `PlatformTokenRejected`, that very token is dropped (if it is still
   * the current one), a new one fetched, and the call repeated once; a second rejection is thrown on as its `cause`.
   */
  use<T>(source: TokenSource, call: (token: string) => Promise<T>): Promise<T>;
  /** Forgets that the platform refused this credential lately: a person asks to try it anew. */
  forgetRefusal(source: TokenSource): Promise<void>;
}

/** The platform said that the token itself is invalid or expired. `cause` is the AppError to end with if it says so twice. */
export class PlatformTokenRejected extends Error {
  override readonly name = 'PlatformTokenRejected';

  constructor(override readonly cause: Error) {
    super('the platform rejected the token', { cause });
  }
}
