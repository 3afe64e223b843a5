import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';

import { type Access, accessMark } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { noteCaller } from '../../common/work-context.js';
import { RequestLimits } from '../../request-limits/request-limits.js';
import { accessTokenStrategy, verifyWith } from './access-token.strategy.js';
import { BearerCallers, type VerifiedCaller } from './bearer-callers.js';

/**
 * The first before every route: who calls, by the token alone. What is no token of ours counts for the address that it came from, and
 * a good one is let through however many bad ones came from there: telling them apart costs less than any answer.
 */
@Injectable()
export class CallerGuard extends AuthGuard(accessTokenStrategy) {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: BearerCallers,
    private readonly limits: RequestLimits,
  ) {
    super();
  }

  /** @throws AppError `token_missing`, `token_invalid`, `too_many_requests` */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessMark, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) return false;
    if (access.kind === 'public') return true;
    try {
      await super.canActivate(context);
    } catch (error) {
      if (error instanceof AppError)
        this.limits.refuse('access-token', context.switchToHttp().getRequest<Request>().ip);
      throw error;
    }
    const { user } = context.switchToHttp().getRequest<{ user: VerifiedCaller }>();
    noteCaller({
      clientId: user.clientId,
      ...(user.kind === 'person' && { accountId: user.accountId }),
    });
    return true;
  }

  override getRequest(context: ExecutionContext): Request {
    return verifyWith(this.callers, context.switchToHttp().getRequest<Request>());
  }

  override handleRequest<T>(error: unknown, user: T): T {
    if (error instanceof Error) throw error;
    return user;
  }
}
