import { type ExecutionContext, UnsupportedMediaTypeException } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';

import { faultyFields } from '../../common/request-validation.js';

/**
 * Refuses what a route would not even look at: a field is never taken in silence and then ignored. Fields of a query or body that the
 * route reads are its own to check.
 * @throws AppError `request_invalid`
 * @throws UnsupportedMediaTypeException for a body that is no JSON
 */
export function refuseUndeclared(context: ExecutionContext): void {
  const request = context.switchToHttp().getRequest<Request>();
  const reads = inputsOf(context);
  // Reads its body by itself, and says of what kind that must be.
  const readsAll = reads.has(RouteParamtypes.REQUEST);
  if (!readsAll && hasBody(request) && !request.is('application/json'))
    throw new UnsupportedMediaTypeException();
  const unknown = [
    ...(reads.has(RouteParamtypes.QUERY) ? [] : Object.keys(request.query)),
    ...(readsAll || reads.has(RouteParamtypes.BODY) ? [] : fieldsIn(request.body)),
  ];
  if (unknown.length > 0)
    throw faultyFields(unknown.map((field) => ({ field, message: 'is not a known field' })));
}

/** Which parts of a request a handler's parameters take. */
function inputsOf(context: ExecutionContext): ReadonlySet<number> {
  const parameters = Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) as Readonly<Record<string, unknown>> | undefined;
  // Its keys are `<kind>:<position>`; those of our own decorators begin with a random name, which may begin with a digit, too.
  const kinds = Object.keys(parameters ?? {}).map((key) => /^\d+(?=:)/.exec(key)?.[0]);
  return new Set(kinds.flatMap((kind) => (kind === undefined ? [] : Number(kind))));
}

function hasBody({ headers }: Request): boolean {
  const length = headers['content-length'] ?? '0';
  return headers['transfer-encoding'] !== undefined || length !== '0';
}

function fieldsIn(body: unknown): string[] {
  return typeof body === 'object' && body !== null ? Object.keys(body) : [];
}
