/** What a route of the engine is counted as: `sign-in` by address, `token` by client. */
export type EngineLimit = 'sign-in' | 'token' | 'unlimited';

/** The engine's own routes, as Express would write them, and how often each may be called: nothing else is passed on to it. */
export const engineRoutes = [
  { method: 'GET', path: '/authorize', limit: 'sign-in' },
  { method: 'GET', path: '/authorize/:uid', limit: 'sign-in' },
  { method: 'POST', path: '/token', limit: 'token' },
  { method: 'POST', path: '/introspect', limit: 'token' },
  { method: 'POST', path: '/revoke', limit: 'token' },
  { method: 'GET', path: '/logout', limit: 'sign-in' },
  { method: 'POST', path: '/logout/confirm', limit: 'sign-in' },
  { method: 'GET', path: '/logout/success', limit: 'sign-in' },
  // Kept by whoever asks, and made of what is in memory.
  { method: 'GET', path: '/.well-known/openid-configuration', limit: 'unlimited' },
  { method: 'GET', path: '/.well-known/oauth-authorization-server', limit: 'unlimited' },
  { method: 'GET', path: '/.well-known/jwks.json', limit: 'unlimited' },
] as const satisfies readonly {
  readonly method: string;
  readonly path: string;
  readonly limit: EngineLimit;
}[];

const patterns = engineRoutes.map(({ method, path, limit }) => ({
  method,
  limit,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/, '[\\w-]+')}$`),
}));
/** What most requests to other routes do not begin with. */
const beginnings = /^\/(?:authorize|token|introspect|revoke|logout|\.well-known)/;

/** How often a route of the engine may be called; `undefined` where it is none. */
export function engineLimitOf(method: string, path: string): EngineLimit | undefined {
  if (!beginnings.test(path)) return undefined;
  const asked = method === 'HEAD' ? 'GET' : method;
  return patterns.find((route) => route.method === asked && route.pattern.test(path))?.limit;
}
