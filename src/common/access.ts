import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { Request } from 'express';

/** What a route says of who may call it. A route that says nothing is closed. */
export type Access =
  | { readonly kind: 'public' }
  /** A token for this API, with this scope: a machine's, or where it says so a person's too. */
  | { readonly kind: 'scope'; readonly scope: string; readonly who: 'machines' | 'persons too' }
  /** A signed-in person's token for this API. */
  | { readonly kind: 'person' }
  /** Any of our access tokens of a person that holds `openid`, whatever API it is for. */
  | { readonly kind: 'openid' };

/** Where the guard finds what a route declared. */
export const accessMark = 'lingpai:access';

/** Read by the guard, and told in the API's description. */
const declare = (access: Access): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(accessMark, access), ApiExtension('x-scope', scopeOf(access)));

function scopeOf(access: Access): string {
  switch (access.kind) {
    case 'scope':
      return access.scope;
    case 'public':
      return 'none';
    case 'person':
    case 'openid':
      return 'openid';
  }
}

/** Declares that a route, or every route of a controller, is open to anyone. */
export const Public = (): ClassDecorator & MethodDecorator => declare({ kind: 'public' });

/**
 * Declares that a route takes a machine's token with this scope, e.g. `accounts:read` (DESIGN 8).
 * @param who `persons too`: a page may call it with the token of the person before it
 */
export const RequiresScope = (
  scope: string,
  who: 'machines' | 'persons too' = 'machines',
): ClassDecorator & MethodDecorator => declare({ kind: 'scope', scope, who });

/** Declares that a route takes the token of a signed-in person, for this API. */
export const RequiresPerson = (): ClassDecorator & MethodDecorator => declare({ kind: 'person' });

/** Declares that a route takes any access token of a person that holds `openid` (DESIGN 12). */
export const RequiresOpenId = (): ClassDecorator & MethodDecorator => declare({ kind: 'openid' });

/** Who calls, as the verified access token says. */
export type Caller =
  | { readonly kind: 'machine'; readonly clientId: string; readonly scopes: ReadonlySet<string> }
  | {
      readonly kind: 'person';
      readonly clientId: string;
      readonly scopes: ReadonlySet<string>;
      readonly accountId: string;
      /** When the person last signed in to get this token. */
      readonly signedInAt: Date | undefined;
    };

/** A signed-in person who calls. */
export type Person = Extract<Caller, { kind: 'person' }>;

/** Who did something, and from where: what an audit event says of it. */
export interface Actor {
  /** `client:<id>`, `account:<id>`, or `cli`. */
  readonly actor: string;
  readonly clientId?: string;
  readonly ip?: string;
  readonly requestId?: string;
}

/** Who did something by a call of the API. */
export interface CallingActor extends Actor {
  readonly clientId: string;
}

type ApiRequest = Request & { readonly user?: Caller; readonly id?: string };

/** The signed-in person; for routes that `RequiresPerson` or `RequiresOpenId`. */
export const CurrentPerson = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { user } = context.switchToHttp().getRequest<ApiRequest>();
  if (user?.kind !== 'person') throw new Error('this route does not say that it wants a person');
  return user;
});

/** Who is to be named in the audit. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallingActor => {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const { user } = request;
    if (!user) throw new Error('this route is public: it has no actor');
    return {
      actor: user.kind === 'person' ? `account:${user.accountId}` : `client:${user.clientId}`,
      clientId: user.clientId,
      ...(request.ip && { ip: request.ip }),
      ...(request.id && { requestId: request.id }),
    };
  },
);
