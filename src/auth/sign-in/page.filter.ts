import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';

import { AppError } from '../../common/app-error.js';
import { Logger } from '../../common/logger.js';
import { httpStatusOf } from '../../common/problem.filter.js';
import { readBrowser, sendAnswer } from './browser-request.js';
import { Pages } from './pages/pages.js';

/** What fails on the browser's way is a page with a request id, never a stack or a JSON. */
@Catch()
export class PageFilter implements ExceptionFilter {
  constructor(
    private readonly pages: Pages,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const { language, requestId } = readBrowser(request);
    const code = error instanceof AppError ? error.code : 'internal_error';
    const status = httpStatusOf(code);
    if (status >= 500) this.logger.error({ err: error, requestId }, 'a step of a sign-in failed');
    const page = this.pages.error({ language, code, requestId, status });
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof AppError && error.retryAfterSeconds !== undefined)
      response.setHeader('Retry-After', error.retryAfterSeconds);
    sendAnswer(response, { kind: 'page', page });
  }
}
