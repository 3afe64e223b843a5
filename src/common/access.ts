import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

const publicMark = 'lingpai:public';

/** Declares that a route, or every route of a controller, is open to anyone. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(publicMark, true);

/** Closes every route that does not say who may call it. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>(publicMark, [
      context.getHandler(),
      context.getClass(),
    ]);
  }
}
