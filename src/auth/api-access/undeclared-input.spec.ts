import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';

import { refuseUndeclared } from './undeclared-input.js';

class Routes {
  read(): void {
    // Only its parameters are of interest.
  }
}

/** A call with a query field, of a route whose one parameter is known to Nest by this key. */
function callOf(key: string): ExecutionContext {
  Reflect.defineMetadata(ROUTE_ARGS_METADATA, { [key]: { index: 0 } }, Routes, 'read');
  const request = { headers: {}, query: { limit: '5' }, body: undefined };
  return {
    getClass: () => Routes,
    getHandler: () => Routes.prototype.read,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
}

describe('a query field', () => {
  it('is left to a route that reads the query', () => {
    expect(() => refuseUndeclared(callOf('4:0'))).not.toThrow();
  });

  // A decorator of our own has a random name, in hexadecimal, which may well begin with the number of a kind.
  it.each(['4c', '4e0', '04f2'])(
    'is refused where a parameter of our own decorator is named %s…',
    (name) => {
      expect(() => refuseUndeclared(callOf(`${name}d9__customRouteArgs__:0`))).toThrow(
        'The request has faulty fields.',
      );
    },
  );
});
