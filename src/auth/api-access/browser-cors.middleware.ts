import { Injectable, type NestMiddleware, RequestMethod } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { RegisteredOrigins } from '../issuer/registered-origins.js';

/** The calls of the API that applications make from a browser (DESIGN 12). */
const paths = {
  'api/v1/me': RequestMethod.GET,
  'api/v1/connections/:slug/jsapi-signatures': RequestMethod.POST,
};

export const browserCalls = Object.entries(paths).flatMap(([path, method]) => [
  { path, method },
  { path, method: RequestMethod.OPTIONS },
]);

/** Lets applications in the browser read an answer, also one that says that their token is over: so it stands before the guard. */
@Injectable()
export class BrowserCors implements NestMiddleware {
  constructor(private readonly origins: RegisteredOrigins) {}

  use(request: Request, response: Response, next: NextFunction): void {
    this.origins.answerCors(request, response, 'GET, POST').then(
      (answered) => {
        if (!answered) next();
      },
      (error: unknown) => next(error),
    );
  }
}
