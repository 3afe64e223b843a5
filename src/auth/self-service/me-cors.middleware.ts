import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { RegisteredOrigins } from '../issuer/registered-origins.js';

/** Lets applications in the browser read `/api/v1/me`, also where it says that their token is over: so it stands before the guard. */
@Injectable()
export class MeCors implements NestMiddleware {
  constructor(private readonly origins: RegisteredOrigins) {}

  use(request: Request, response: Response, next: NextFunction): void {
    this.origins.answerCors(request, response, 'GET').then(
      (answered) => {
        if (!answered) next();
      },
      (error: unknown) => next(error),
    );
  }
}
