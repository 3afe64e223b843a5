import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';

import { AppError, type ErrorCode, type FieldFault } from './app-error.js';
import { Logger } from './logger.js';
import { unreadRequest } from './unread-request.js';

/** A new code without a status does not compile. */
const statusOf = {
  user_cancelled: 403,
  account_not_found: 404,
  account_disabled: 403,
  tenant_not_allowed: 403,
  not_a_member: 403,
  platform_code_rejected: 400,
  binding_conflict: 409,
  platform_unavailable: 503,
  platform_rate_limited: 503,
  platform_misconfigured: 500,
  state_invalid: 400,
  callback_incomplete: 400,
  sign_in_expired: 400,
  initiate_login_uri_missing: 400,
  sign_up_required: 403,
  binding_link_invalid: 400,
  other_person_signed_in: 403,
  phone_invalid: 422,
  phone_code_wrong: 422,
  phone_code_expired: 422,
  too_many_requests: 429,
  sms_unavailable: 503,
  password_wrong: 422,
  password_unsuitable: 422,
  connection_not_found: 404,
  client_not_found: 404,
  identity_not_found: 404,
  webhook_not_found: 404,
  delivery_not_found: 404,
  signing_key_not_found: 404,
  account_request_not_found: 404,
  not_found: 404,
  already_exists: 409,
  phone_taken: 409,
  identity_already_bound: 409,
  last_sign_in_method: 409,
  merge_conflict: 409,
  already_decided: 409,
  managed_by_file: 409,
  precondition_failed: 412,
  fresh_sign_in_required: 403,
  value_not_allowed: 422,
  request_invalid: 400,
  token_missing: 401,
  token_invalid: 401,
  scope_insufficient: 403,
  callback_refused: 403,
  tenant_not_found: 404,
  install_link_invalid: 400,
  internal_error: 500,
} satisfies Record<ErrorCode, number>;

/** The HTTP status that a code is answered with. */
export function httpStatusOf(code: ErrorCode): number {
  return statusOf[code];
}

/** What `application/problem+json` (RFC 9457) says, beside its status. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors?: readonly FieldFault[];
  readonly retryAfterSeconds?: number;
  readonly allow?: readonly string[];
}

/** Turns whatever was thrown into `application/problem+json` (RFC 9457). The only place that gives a code its HTTP status. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = describe(error, request);
    const { status, code, title, errors, retryAfterSeconds, allow } = problem;
    // What was asked is told by the request's own line, as a pattern: a path may hold whatever its caller put there.
    if (status >= 500) this.logger.error({ err: error, requestId: request.id }, 'a request failed');
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      response.destroy();
      return;
    }
    if (status === 401 || code === 'scope_insufficient')
      response.setHeader('WWW-Authenticate', challenge(code));
    if (allow) response.setHeader('Allow', allow.join(', '));
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    response
      .status(status)
      .type('application/problem+json')
      .json({
        type: 'about:blank',
        title,
        status,
        code,
        instance: request.id,
        ...(errors && { errors }),
      });
  }
}

function describe(error: unknown, request: Request): Problem {
  if (error instanceof AppError) {
    const { code, message, errors, retryAfterSeconds } = error;
    return {
      status: statusOf[code],
      code,
      title: message,
      ...(errors && { errors }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
  }
  if (error instanceof HttpException) return unreadRequest(error, request);
  if (isUnstorable(error))
    return { status: 400, code: 'request_invalid', title: 'A value cannot be what it says.' };
  return { status: 500, code: 'internal_error', title: 'Something went wrong on our side.' };
}

/** SQLSTATEs that say: not even a text, a time or a number as Postgres knows them, e.g. a NUL character. */
const unstorable = ['22021', '22P05', '22007', '22008', '22003'];

/** A value from outside that passed our checks, and that Postgres cannot hold. */
function isUnstorable(error: unknown): boolean {
  const { driverError } = error as { driverError?: { code?: unknown } };
  return typeof driverError?.code === 'string' && unstorable.includes(driverError.code);
}

/** RFC 6750, 3: without a token there is no error to name. */
function challenge(code: string): string {
  if (code === 'token_invalid') return 'Bearer error="invalid_token"';
  return code === 'scope_insufficient' ? 'Bearer error="insufficient_scope"' : 'Bearer';
}
