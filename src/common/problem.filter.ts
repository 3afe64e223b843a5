import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  HttpStatus,
} from '@nestjs/common';
import type { Request, Response } from 'express';

import { AppError, type ErrorCode } from './app-error.js';
import { Logger } from './logger.js';

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
  connection_not_found: 404,
  client_not_found: 404,
  not_found: 404,
  request_invalid: 400,
  token_invalid: 401,
  scope_insufficient: 403,
  internal_error: 500,
} satisfies Record<ErrorCode, number>;

/** Turns whatever was thrown into `application/problem+json` (RFC 9457). The only place that gives a code its HTTP status. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const response = host.switchToHttp().getResponse<Response>();
    const { status, code, title } = describe(error);
    if (status >= 500)
      this.logger.error(
        { err: error, requestId: request.id, path: request.path },
        'a request failed',
      );
    if (response.headersSent) {
      response.end();
      return;
    }
    response
      .status(status)
      .type('application/problem+json')
      .json({ type: 'about:blank', title, status, code, instance: request.id });
  }
}

function describe(error: unknown): { status: number; code: string; title: string } {
  if (error instanceof AppError)
    return { status: statusOf[error.code], code: error.code, title: error.message };
  if (error instanceof HttpException) {
    const status = error.getStatus();
    const code = status === (HttpStatus.NOT_FOUND as number) ? 'not_found' : 'request_invalid';
    return { status, code, title: error.message };
  }
  return { status: 500, code: 'internal_error', title: 'Something went wrong on our side.' };
}
