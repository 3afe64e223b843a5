import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { Lifecycle } from './lifecycle.js';

/** Until the service has its database, every path but `/health/…` answers 503: the port is open before the work can begin. */
@Injectable()
export class StartGate implements NestMiddleware {
  constructor(private readonly lifecycle: Lifecycle) {}

  use(request: Request, response: Response, next: NextFunction): void {
    if (this.lifecycle.hasRun || request.path.startsWith('/health/')) return next();
    response
      .status(503)
      .set({ 'Retry-After': '5', 'Cache-Control': 'no-store' })
      .type('application/problem+json')
      .json({
        type: 'about:blank',
        title: 'The service is starting.',
        status: 503,
        code: 'starting',
      });
  }
}
