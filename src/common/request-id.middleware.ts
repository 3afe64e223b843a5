import { randomUUID } from 'node:crypto';

import type { NextFunction, Request, Response } from 'express';

const acceptable = /^[\w.-]{8,64}$/;

/** Gives every request an id that pages, logs and audit share; a proxy's own is kept where it is a plain one. */
export function requestId(
  request: Request & { id?: string },
  response: Response,
  next: NextFunction,
): void {
  const given = request.get('x-request-id');
  request.id = given && acceptable.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', request.id);
  next();
}
