import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { Config } from '../../config/config.js';
import { engineLimitOf } from './engine-routes.js';
import { OidcEngine } from './oidc-engine.js';

const connectionPath = /^\/connections\/([a-z0-9][a-z0-9-]{0,30})\/authorize$/;

/**
 * Passes the engine's own routes on to it, and nothing else. It stands before Nest's body parser, which would eat the engine's
 * forms. Absolute addresses come from ISSUER_URL alone: what the request says of its host is overwritten.
 */
@Injectable()
export class IssuerMiddleware implements NestMiddleware {
  readonly #host: string;
  readonly #protocol: string;

  constructor(
    config: Config,
    private readonly engine: OidcEngine,
  ) {
    const issuer = new URL(config.issuerUrl);
    this.#host = issuer.host;
    this.#protocol = issuer.protocol.replace(':', '');
  }

  use(request: Request, response: Response, next: NextFunction): void {
    const path = rewriteConnectionPath(request);
    const limit = engineLimitOf(request.method, path);
    if (!limit) return next();
    request.headers.host = this.#host;
    request.headers['x-forwarded-host'] = this.#host;
    request.headers['x-forwarded-proto'] = this.#protocol;
    // Programs ask here, whatever they say they accept: the engine would answer some of them with a page.
    if (limit === 'token') request.headers.accept = 'application/json';
    this.engine.handle(request, response);
  }
}

/** `/connections/<slug>/authorize?…` is `/authorize?connection=<slug>&…`. */
function rewriteConnectionPath(request: Request): string {
  const at = request.url.indexOf('?');
  const path = at < 0 ? request.url : request.url.slice(0, at);
  const query = at < 0 ? '' : request.url.slice(at + 1);
  const slug = request.method === 'GET' ? connectionPath.exec(path)?.[1] : undefined;
  if (!slug) return path;
  const parameters = new URLSearchParams(query);
  parameters.set('connection', slug);
  request.url = request.originalUrl = `/authorize?${parameters.toString()}`;
  return '/authorize';
}
