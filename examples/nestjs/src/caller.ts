import type { JwtPayload } from 'jsonwebtoken';

/** Who calls, as a verified access token says. */
export interface Caller {
  /** The account, or the client itself where a machine calls. */
  readonly sub: string;
  /** The application that the token was given to. */
  readonly client: string;
  readonly scopes: readonly string[];
  /** Those of the account. */
  readonly roles: readonly string[];
  /** How the person signed in. */
  readonly connection: string | undefined;
  /** The corp that they came from. */
  readonly tenant: string | undefined;
}

/** @returns nothing where a claim is missing that every access token has */
export function callerOf(claims: JwtPayload): Caller | undefined {
  const { sub, client_id: client, exp, iat, scope, roles, connection, tenant } = claims as Claims;
  if (typeof sub !== 'string' || typeof client !== 'string') return undefined;
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined;
  return {
    sub,
    client,
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    connection: typeof connection === 'string' ? connection : undefined,
    tenant: typeof tenant === 'string' ? tenant : undefined,
  };
}

type Claims = Readonly<Record<string, unknown>>;
