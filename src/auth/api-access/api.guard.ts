import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';

import { type Access, accessMark } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { BearerCallers, type VerifiedCaller } from './bearer-callers.js';
import { refuseUnreadable } from './readable-body.js';
import { refuseUndeclared } from './undeclared-input.js';

/** The last before every route: closed unless the route says who may call it (DESIGN 8 and 12). The caller is known and counted. */
@Injectable()
export class ApiGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: Config,
    private readonly callers: BearerCallers,
  ) {}

  /** @throws AppError `token_invalid`, `scope_insufficient`, `request_invalid` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessMark, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) return false;
    if (access.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request & { user: VerifiedCaller }>();
    await this.callers.requireLive(request.user);
    this.#admit(access, request.user);
    refuseUndeclared(context);
    refuseUnreadable(request.body);
    return true;
  }

  #admit(access: Exclude<Access, { kind: 'public' }>, caller: VerifiedCaller): void {
    if (access.kind !== 'openid' && caller.audience !== this.config.issuerUrl) {
      throw new AppError(
        'token_invalid',
        `This access token is for another API. Ask for one with resource=${this.config.issuerUrl}.`,
      );
    }
    if (access.kind === 'scope') {
      // A person who signs in at a client is not its administrator, whatever scopes the client may ask for.
      if (caller.kind !== 'machine' && access.who === 'machines')
        throw new AppError('scope_insufficient', 'This call takes a machine’s token.');
      if (!caller.scopes.has(access.scope))
        throw new AppError('scope_insufficient', `The access token does not hold ${access.scope}.`);
      return;
    }
    if (caller.kind !== 'person')
      throw new AppError('scope_insufficient', 'This call takes the token of a signed-in person.');
    if (!caller.scopes.has('openid'))
      throw new AppError('scope_insufficient', 'The access token does not hold openid.');
  }
}
