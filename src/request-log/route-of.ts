import type { Request } from 'express';

import { engineRoutes } from '../auth/issuer/engine-routes.js';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Routes that stand before Express's own. */
const early = [...engineRoutes.map(({ path }) => path), '/connections/:slug/authorize'].map(
  (path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/, '[\\w-]+')}$`),
  }),
);

/**
 * The pattern with which the route of a request was declared, e.g. `/login/:uid`: one of a bounded number of words, and nothing of what was asked.
 * @param path as it came, before anybody rewrote it
 */
export function routeOf(request: Request, path: string): string {
  const { route } = request as { route?: { path?: unknown } };
  if (typeof route?.path === 'string') return route.path;
  return early.find(({ pattern }) => pattern.test(path))?.path ?? 'other';
}

/** One of a bounded number of words, as OpenTelemetry has it. */
export function methodOf({ method }: Request): string {
  return methods.has(method) ? method : '_OTHER';
}
