import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import type { Request } from 'express';

import type { Caller } from './caller.js';

/** What a route asks for beyond a good token. */
export interface Access {
  readonly scope?: string;
  readonly role?: string;
  /** No token at all. */
  readonly isPublic?: boolean;
}

export const accessKey = 'access';

/** The application must have been given this scope. */
export const RequiresScope = (scope: string): CustomDecorator => asks({ scope });

/** The person must have this role. */
export const RequiresRole = (role: string): CustomDecorator => asks({ role });

/** Open to everybody. A route without any mark takes whoever has a good token. */
export const Public = (): CustomDecorator => asks({ isPublic: true });

/** Who calls. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<Request & { user: Caller }>().user,
);

function asks(access: Access): CustomDecorator {
  return SetMetadata(accessKey, access);
}
