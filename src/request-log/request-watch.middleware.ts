import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { Logger } from '../common/logger.js';
import { type OpenSpan, Tracer } from '../common/tracer.js';
import { type Work, withinWork } from '../common/work-context.js';
import { HttpMetrics } from '../metrics/http-metrics.js';
import { methodOf, routeOf } from './route-of.js';

/** Asked all the time by machines, or along with a page. */
const quiet = /^\/(?:health\/|metrics$|assets\/)/;
/** What nginx calls it: the caller left before there was an answer. */
const leftStatus = 499;

interface Begun {
  readonly request: Request;
  readonly method: string;
  /** As it came: others rewrite it. */
  readonly path: string;
  readonly startedAtMs: number;
  readonly span: OpenSpan | undefined;
}

/**
 * What is seen of each request: one line in the log, one observation in the metrics, one span in the trace. It is told by the pattern of its
 * route; what was asked in path, query, cookies and body may hold codes and names, and is told nowhere.
 */
@Injectable()
export class RequestWatch implements NestMiddleware {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: HttpMetrics,
    private readonly tracer: Tracer,
  ) {}

  use(request: Request & { id?: string }, response: Response, next: NextFunction): void {
    const { id: requestId = '', path } = request;
    const method = methodOf(request);
    const span = quiet.test(path) ? undefined : this.#span(request, method, requestId);
    const begun = { request, method, path, startedAtMs: performance.now(), span };
    const work: Work = { requestId, caller: {}, ...(span && { span: span.mark }) };
    response.once('close', () => withinWork(work, () => this.#ended(begun, response, work)));
    withinWork(work, next);
  }

  #span(request: Request, method: string, requestId: string): OpenSpan | undefined {
    return this.tracer.begin({
      name: method,
      kind: 'server',
      traceparent: request.get('traceparent'),
      attributes: { 'http.request.method': method, 'lingpai.request_id': requestId },
    });
  }

  #ended(
    { request, method, path, startedAtMs, span }: Begun,
    response: Response,
    work: Work,
  ): void {
    const route = routeOf(request, path);
    const hasLeft = !response.headersSent;
    const status = hasLeft ? leftStatus : response.statusCode;
    const durationMs = performance.now() - startedAtMs;
    this.metrics.answered({ method, route, status, durationMs });
    span?.end({
      name: `${method} ${route}`,
      attributes: { 'http.route': route, 'http.response.status_code': status },
      ...(status >= 500 && { failure: String(status) }),
    });
    const cutOff = !response.writableFinished;
    const line = {
      method,
      route,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      ...work.caller,
      ...(cutOff && { cutOff }),
    };
    this.logger[quiet.test(path) ? 'debug' : 'info'](line, 'request');
  }
}
