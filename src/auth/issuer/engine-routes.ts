/** The engine's own routes, as Express would write them: nothing else is passed on to it. */
export const engineRoutes = [
  { method: 'GET', path: '/authorize' },
  { method: 'GET', path: '/authorize/:uid' },
  { method: 'POST', path: '/token' },
  { method: 'POST', path: '/introspect' },
  { method: 'POST', path: '/revoke' },
  { method: 'GET', path: '/logout' },
  { method: 'POST', path: '/logout/confirm' },
  { method: 'GET', path: '/logout/success' },
  { method: 'GET', path: '/.well-known/openid-configuration' },
  { method: 'GET', path: '/.well-known/oauth-authorization-server' },
  { method: 'GET', path: '/.well-known/jwks.json' },
] as const;

const patterns = { GET: patternOf('GET'), POST: patternOf('POST') };

/** Whether the engine answers such a request. */
export function isOfEngine(method: string, path: string): boolean {
  if (method === 'GET' || method === 'HEAD') return patterns.GET.test(path);
  return method === 'POST' && patterns.POST.test(path);
}

function patternOf(method: 'GET' | 'POST'): RegExp {
  const paths = engineRoutes
    .filter((route) => route.method === method)
    .map(({ path }) => path.replaceAll('.', '\\.').replace(/:\w+/, '[\\w-]+'));
  return new RegExp(`^(?:${paths.join('|')})$`);
}
