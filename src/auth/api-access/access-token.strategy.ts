import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport';

import type { BearerCallers } from './bearer-callers.js';

export const accessTokenStrategy = 'access-token';

/** Under which the guard leaves its verifier with the request. */
const verifier = Symbol('verifier of access tokens');

type RequestWithVerifier = Request & { [verifier]?: BearerCallers };

/** Passport keeps one strategy of a name for the whole process, so each request brings the service that it came to. */
export function verifyWith(callers: BearerCallers, request: Request): Request {
  return Object.assign(request, { [verifier]: callers });
}

/**
 * Access tokens in passport's words. Not passport-jwt's own strategy: that cannot verify EdDSA, and looks at no grant, account or
 * client.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, accessTokenStrategy) {
  /** Called by passport: answers through `success` and `error`. */
  override authenticate(request: RequestWithVerifier): void {
    const callers = request[verifier];
    if (!callers) throw new Error('the guard has left no verifier with this request');
    callers.verify(request).then(
      (caller) => this.success(caller),
      (error: unknown) => this.error(error),
    );
  }

  /** What passport would call on a strategy of its own; this one answers in `authenticate`. */
  validate(): never {
    throw new Error('never called');
  }
}
