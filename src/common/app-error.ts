/**
 * Every outcome that the service foresees, as one closed list of codes.
 * Rules throw these codes; how a code is shown (HTTP status, OAuth error, page) is decided elsewhere.
 */
export type ErrorCode =
  // a sign-in that ends without a session (DESIGN 6)
  | 'user_cancelled'
  | 'account_not_found'
  | 'account_disabled'
  | 'tenant_not_allowed'
  | 'not_a_member'
  | 'platform_code_rejected'
  | 'binding_conflict'
  | 'platform_unavailable'
  | 'platform_rate_limited'
  | 'platform_misconfigured'
  // a step of the browser's way that does not fit the attempt
  | 'state_invalid'
  | 'callback_incomplete'
  | 'sign_in_expired'
  | 'initiate_login_uri_missing'
  // the API's
  | 'connection_not_found'
  | 'client_not_found'
  | 'not_found'
  | 'request_invalid'
  | 'token_invalid'
  | 'scope_insufficient'
  | 'internal_error';

/** What an operator needs and a person at the browser must not see. Never holds a secret, token or code. */
export interface OperatorHint {
  /** The platform's call that failed, e.g. `auth/getuserinfo`. */
  readonly call?: string;
  /** The platform's own code, e.g. `60020` or `invalidClientIdOrSecret`. */
  readonly platformCode?: string;
  /** The platform's own words, with anything secret removed. */
  readonly platformMessage?: string;
  /** What to do about it, in one sentence. */
  readonly fix?: string;
}

/** An outcome we foresaw. Anything else that is thrown is a bug. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly operator: OperatorHint | undefined;

  constructor(
    readonly code: ErrorCode,
    /** One clear sentence that is safe to show to anyone. */
    message: string,
    options: { cause?: unknown; operator?: OperatorHint } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.operator = options.operator;
  }
}
