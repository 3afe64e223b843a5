import { type ExecutionContext, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** The limits that there are, as their settings call them: `LIMIT_SIGN_IN_PER_MINUTE` … */
export type LimitName = 'sign-in' | 'token' | 'api' | 'refused';

/** What a route says of how often it may be called. A route that says nothing is a fault of ours, and answers nobody. */
export type Limiting =
  /** Counted before it begins, by what the limit counts by. */
  | { readonly kind: 'limited'; readonly by: 'sign-in' | 'api' }
  /** Counted by the route's own code, which alone can tell for whom, or whether it counts at all. */
  | { readonly kind: 'limited inside'; readonly by: LimitName }
  | { readonly kind: 'unlimited' };

const limitMark = 'lingpai:limit';

/**
 * Declares what a route, or every route of a controller, is counted as: `sign-in` by address, for what a browser asks for on its way
 * through a sign-in; `api` by the verified caller.
 */
export const Limited = (by: 'sign-in' | 'api'): ClassDecorator & MethodDecorator =>
  SetMetadata(limitMark, { kind: 'limited', by } satisfies Limiting);

/** Declares that a route counts by itself. @param by the limit that it counts towards */
export const LimitedInside = (by: LimitName): ClassDecorator & MethodDecorator =>
  SetMetadata(limitMark, { kind: 'limited inside', by } satisfies Limiting);

/** Declares that a route may be called any number of times: it costs next to nothing, guesses nothing, or is watched by operators. */
export const Unlimited = (): ClassDecorator & MethodDecorator =>
  SetMetadata(limitMark, { kind: 'unlimited' } satisfies Limiting);

const reflector = new Reflector();

/** What a route declared. */
export function limitingOf(context: ExecutionContext): Limiting | undefined {
  return reflector.getAllAndOverride<Limiting | undefined>(limitMark, [
    context.getHandler(),
    context.getClass(),
  ]);
}
