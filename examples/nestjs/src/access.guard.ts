import {
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  Logger,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request, Response } from 'express';
import jsonwebtoken from 'jsonwebtoken';

import { type Access, accessKey } from './access.js';
import { TokenRefused } from './access-token.strategy.js';
import type { Caller } from './caller.js';
import { IssuerKeys, KeysUnavailable } from './issuer-keys.js';

/** Stands before every route, and answers as RFC 6750, section 3, says. */
@Injectable()
export class AccessGuard extends AuthGuard('access-token') {
  readonly #logger = new Logger(AccessGuard.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly keys: IssuerKeys,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.isPublic) return true;
    await super.canActivate(context);
    const { user: caller } = context.switchToHttp().getRequest<Request & { user: Caller }>();
    if (access?.scope !== undefined && !caller.scopes.includes(access.scope))
      return this.#forbid(context, `, scope="${access.scope}"`);
    if (access?.role !== undefined && !caller.roles.includes(access.role))
      return this.#forbid(context);
    return true;
  }

  override handleRequest<T>(
    error: Error | null,
    caller: T | false | undefined,
    info: unknown,
    context: ExecutionContext,
  ): T {
    if (error) throw error;
    if (caller) return caller;
    if (info instanceof KeysUnavailable) {
      responseOf(context).setHeader('Retry-After', Math.ceil(this.keys.pauseMs / 1000));
      throw new ServiceUnavailableException({ error: 'temporarily_unavailable' });
    }
    // Without any token, no error is named.
    if (context.switchToHttp().getRequest<Request>().headers.authorization === undefined) {
      responseOf(context).setHeader('WWW-Authenticate', 'Bearer');
      throw new UnauthorizedException({ error: 'unauthorized' });
    }
    this.#logger.warn(`a token was refused: ${reasonOf(info)}`);
    responseOf(context).setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    throw new UnauthorizedException({ error: 'invalid_token' });
  }

  #forbid(context: ExecutionContext, more = ''): never {
    const challenge = `Bearer error="insufficient_scope"${more}`;
    responseOf(context).setHeader('WWW-Authenticate', challenge);
    throw new ForbiddenException({ error: 'insufficient_scope' });
  }
}

const responseOf = (context: ExecutionContext): Response => context.switchToHttp().getResponse();

/** Never the token, which the message of a parser may hold a piece of. */
function reasonOf(info: unknown): string {
  const isOurs = info instanceof TokenRefused || info instanceof jsonwebtoken.JsonWebTokenError;
  return isOurs ? info.message : 'malformed';
}
