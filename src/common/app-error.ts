/**
 * Every outcome that the service foresees, as one closed list of codes.
 * Rules throw these codes; how a code is shown (HTTP status, OAuth error, page) is decided elsewhere.
 */
export type ErrorCode = PersonErrorCode | ApiErrorCode;

/** Outcomes that a person may meet on a page. */
export type PersonErrorCode =
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
  | 'sign_up_required'
  | 'binding_link_invalid'
  | 'other_person_signed_in'
  // codes by SMS and passwords
  | 'phone_invalid'
  | 'phone_code_wrong'
  | 'phone_code_expired'
  | 'too_many_requests'
  | 'sms_unavailable'
  | 'password_wrong'
  | 'password_unsuitable'
  | 'identity_already_bound'
  | 'identity_not_found'
  | 'last_sign_in_method'
  | 'fresh_sign_in_required'
  | 'connection_not_found'
  | 'client_not_found'
  | 'not_found'
  | 'request_invalid'
  | 'token_invalid'
  | 'scope_insufficient'
  | 'internal_error';

/** Outcomes that only programs meet. */
export type ApiErrorCode =
  | 'webhook_not_found'
  | 'delivery_not_found'
  | 'signing_key_not_found'
  | 'account_request_not_found'
  | 'already_exists'
  | 'phone_taken'
  | 'merge_conflict'
  | 'already_decided'
  | 'managed_by_file'
  | 'precondition_failed'
  | 'value_not_allowed'
  | 'token_missing'
  | 'callback_refused'
  | 'tenant_not_found'
  | 'install_link_invalid';

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

/** One faulty field of a request, e.g. `redirectUris[0]`. Never holds the value. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** An outcome we foresaw. Anything else that is thrown is a bug. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly operator: OperatorHint | undefined;
  /** Every faulty field, where the request was at fault. */
  readonly errors: readonly FieldFault[] | undefined;
  /** How long to wait before asking again. */
  readonly retryAfterSeconds: number | undefined;
  /** How many more guesses a code takes. */
  readonly triesLeft: number | undefined;

  constructor(
    readonly code: ErrorCode,
    /** One clear sentence that is safe to show to anyone. */
    message: string,
    options: {
      cause?: unknown;
      operator?: OperatorHint;
      errors?: readonly FieldFault[];
      retryAfterSeconds?: number;
      triesLeft?: number;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.operator = options.operator;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.triesLeft = options.triesLeft;
  }
}
