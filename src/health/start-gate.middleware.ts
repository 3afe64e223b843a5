import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { Lifecycle } from './lifecycle.js';

/** What tells the truth at any time. */
const alwaysOpen = /^\/(?:health\/.*|metrics)$/;

/** Until the service has its database, every other path answers 503: the port is open before the work can begin. */
@Injectable()
export class StartGate implements NestMiddleware {
  constructor(private readonly lifecycle: Lifecycle) {}

  use(request: Request, response: Response, next: NextFunction): void {
    if (this.lifecycle.hasRun || alwaysOpen.test(request.path)) return next();
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
