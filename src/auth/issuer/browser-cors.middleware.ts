import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { RegisteredOrigins } from './registered-origins.js';

interface BrowserCall {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/** What applications in a browser call from their own origin, and nothing else (DESIGN 12). */
const browserCalls: readonly BrowserCall[] = [
  {
    path: /^\/\.well-known\/(?:openid-configuration|oauth-authorization-server|jwks\.json)$/,
    methods: ['GET'],
  },
  { path: /^\/token$/, methods: ['POST'] },
  { path: /^\/userinfo$/, methods: ['GET', 'POST'] },
  { path: /^\/api\/v1\/me$/, methods: ['GET'] },
  { path: /^\/api\/v1\/connections\/[^/]+\/jsapi-signatures$/, methods: ['POST'] },
];

/**
 * Lets applications in the browser read an answer, also one that refuses them: so it stands before the engine and before every guard.
 * Other origins get no word of it, and nobody's cookies come along.
 */
@Injectable()
export class BrowserCors implements NestMiddleware {
  constructor(private readonly origins: RegisteredOrigins) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const call = browserCalls.find(({ path }) => path.test(request.path));
    if (!call) return next();
    this.#answer(call, request, response).then((isAnswered) => {
      if (!isAnswered) next();
    }, next);
  }

  /** @returns whether this was a preflight, which is answered now */
  async #answer({ methods }: BrowserCall, request: Request, response: Response): Promise<boolean> {
    // Also where there is no origin: a cache must not give that answer to a browser application.
    response.vary('Origin');
    const isPreflight = request.method === 'OPTIONS';
    const origin = request.get('origin');
    if (
      origin !== undefined &&
      (isPreflight || methods.includes(request.method)) &&
      (await this.origins.has(origin))
    ) {
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.set(isPreflight ? preflight(methods) : readable);
    }
    if (isPreflight) response.status(204).end();
    return isPreflight;
  }
}

/** What an application may read of an answer, beside its body. */
const readable = {
  'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate, X-Request-Id',
};

function preflight(methods: readonly string[]): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': '600',
  };
}
