/**
 * An API that takes Lingpai's access tokens, with jose and Node alone.
 *
 *     GET /me       any good token: what it says
 *     GET /orders   asks for the scope orders:read
 *     GET /reports  asks for the role staff
 */
import { createServer } from 'node:http';

import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';

const issuer = required('ISSUER');
/** This API's own name: the `audience` of the clients that call it. */
const audience = required('AUDIENCE');
/** What we accept is decided here, never by the token. */
const algorithms = (process.env['ALGORITHMS'] ?? 'RS256').split(',');
const jwksUri = process.env['JWKS_URI'] ?? `${issuer}/.well-known/jwks.json`;
const cooldownSeconds = Number(process.env['KEYS_COOLDOWN_SECONDS'] ?? 30);

const clockToleranceSeconds = 5;
/** The max-age of Lingpai's key set: a new key is published for so long before it signs. */
const keysAgeSeconds = 300;
/** While the issuer cannot be asked, the keys that we have are good for a little longer. */
const keysLimitSeconds = 900;
/** After a failure the issuer is not asked for so long. */
const pauseSeconds = Math.min(5, cooldownSeconds);

/** The key set could not be fetched: this says nothing about the token. */
class KeysUnavailable extends Error {}

let pausedUntil = 0;
const keys = createRemoteJWKSet(new URL(jwksUri), {
  cacheMaxAge: keysLimitSeconds * 1000,
  // Made-up kids make us ask the issuer once in so long, not for every request.
  cooldownDuration: cooldownSeconds * 1000,
  timeoutDuration: 5000,
  async [customFetch](url, options) {
    if (Date.now() < pausedUntil) throw new Error('the issuer was asked a moment ago');
    pausedUntil = Date.now() + pauseSeconds * 1000;
    return fetch(url, options);
  },
});
setInterval(() => keys.reload().catch(() => undefined), keysAgeSeconds * 1000).unref();

/** @type {import('jose').JWTVerifyGetKey} */
async function keyFor(header, token) {
  try {
    return await keys(header, token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) throw error;
    if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
    throw new KeysUnavailable('the key set is not to be had', { cause: error });
  }
}

/**
 * @typedef {object} Caller
 * @property {string} sub the account, or the client itself where a machine calls
 * @property {string} client the application that the token was given to
 * @property {readonly string[]} scopes
 * @property {readonly string[]} roles of the account
 * @property {string | undefined} connection how the person signed in
 * @property {string | undefined} tenant the corp that they came from
 */

/**
 * @param {string} token
 * @returns {Promise<Caller>}
 * @throws {errors.JOSEError} for a token that is not good, {KeysUnavailable}
 */
async function verify(token) {
  const { payload } = await jwtVerify(token, keyFor, {
    algorithms,
    // Apart from ID tokens, which the same keys sign.
    typ: 'at+jwt',
    issuer,
    audience,
    requiredClaims: ['exp', 'iat', 'sub', 'client_id'],
    clockTolerance: clockToleranceSeconds,
  });
  const { sub, client_id: client, scope, roles, connection, tenant } = payload;
  if (typeof sub !== 'string' || typeof client !== 'string')
    throw new errors.JWTClaimValidationFailed('sub and client_id must be strings', payload);
  return {
    sub,
    client,
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
    roles: Array.isArray(roles) ? roles : [],
    connection: typeof connection === 'string' ? connection : undefined,
    tenant: typeof tenant === 'string' ? tenant : undefined,
  };
}

/** @type {Record<string, { scope?: string, role?: string, answer: (caller: Caller) => unknown }>} */
const routes = {
  '/me': { answer: (caller) => caller },
  '/orders': { scope: 'orders:read', answer: () => ({ orders: [] }) },
  '/reports': { role: 'staff', answer: () => ({ reports: [] }) },
};

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{ status: number, headers?: Record<string, string>, body: unknown }>}
 */
async function answer(request) {
  const route = routes[request.url?.split('?')[0] ?? ''];
  if (!route || request.method !== 'GET') return { status: 404, body: { error: 'not_found' } };
  // A second header of this name would be dropped from `request.headers` in silence.
  const given = request.headersDistinct['authorization'] ?? [];
  if (given.length === 0) return refusal(401);
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(given.join())?.[1];
  if (!token) return refusal(401, 'invalid_token');
  try {
    const caller = await verify(token);
    if (route.scope && !caller.scopes.includes(route.scope))
      return refusal(403, 'insufficient_scope', `, scope="${route.scope}"`);
    if (route.role && !caller.roles.includes(route.role)) return refusal(403, 'insufficient_scope');
    return { status: 200, body: route.answer(caller) };
  } catch (error) {
    // The reason, never the token.
    if (error instanceof KeysUnavailable) {
      console.error(error.message, error.cause);
      const headers = { 'Retry-After': String(pauseSeconds) };
      return { status: 503, headers, body: { error: 'temporarily_unavailable' } };
    }
    if (!(error instanceof errors.JOSEError)) throw error;
    console.warn('a token was refused:', error.code, 'claim' in error ? error.claim : '');
    return refusal(401, 'invalid_token');
  }
}

/**
 * RFC 6750, section 3: without any token, no error is named.
 * @param {number} status
 * @param {string} [error]
 * @param {string} [more]
 */
function refusal(status, error, more = '') {
  const challenge = error ? `Bearer error="${error}"${more}` : 'Bearer';
  return {
    status,
    headers: { 'WWW-Authenticate': challenge },
    body: { error: error ?? 'unauthorized' },
  };
}

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error) => {
      console.error(error);
      return { status: 500, headers: {}, body: { error: 'server_error' } };
    })
    .then(({ status, headers, body }) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
});
server.listen(Number(process.env['PORT'] ?? 4000), process.env['HOST'] ?? '127.0.0.1');
