import { AppError, type ErrorCode } from '../../common/app-error.js';

/** OAuth's word for a sign-in that failed with one of our codes (DESIGN 6). */
export type SignInError = 'access_denied' | 'temporarily_unavailable' | 'server_error';

const errorOf: Partial<Record<ErrorCode, SignInError>> = {
  user_cancelled: 'access_denied',
  account_not_found: 'access_denied',
  account_disabled: 'access_denied',
  tenant_not_allowed: 'access_denied',
  not_a_member: 'access_denied',
  platform_code_rejected: 'access_denied',
  binding_conflict: 'access_denied',
  sign_up_required: 'access_denied',
  platform_unavailable: 'temporarily_unavailable',
  platform_rate_limited: 'temporarily_unavailable',
  platform_misconfigured: 'server_error',
};

export interface SignInFailure {
  readonly error: SignInError;
  /** Our code, `: `, and words for people; in the characters that OAuth allows. */
  readonly errorDescription: string;
}

/** What a client is told of a failed sign-in. Anything unforeseen is `server_error` without detail. */
export function failureOf(error: unknown): SignInFailure {
  if (!(error instanceof AppError)) {
    return {
      error: 'server_error',
      errorDescription: 'internal_error: Something went wrong on our side.',
    };
  }
  return {
    error: errorOf[error.code] ?? 'server_error',
    errorDescription: oauthText(`${error.code}: ${error.message}`),
  };
}

/** RFC 6749, 4.1.2.1: printable ASCII without quote and backslash. */
function oauthText(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
}
