import type { NextFunction, Request, Response } from 'express';

const stepsThatUseSomethingUp =
  /^\/(?:authorize|login|logout|callback|connections|entry|bind)(?:\/|$)/i;

/** A link preview or a virus scanner asks with HEAD: it uses nothing up and learns nothing. */
export function headRequests(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'HEAD' || !stepsThatUseSomethingUp.test(request.path)) return next();
  response.status(200).set('Cache-Control', 'no-store').end();
}
