import { Injectable } from '@nestjs/common';
import type { Request } from 'express';

import type { Caller } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import {
  type AccessTokenClaims,
  AccessTokens,
  grantIdOf,
  scopesOf,
} from '../issuer/access-tokens.js';
import { ClientRegistry } from '../issuer/clients/client.registry.js';
import { OidcStore } from '../issuer/oidc-store.js';

/** A caller whose token is ours and in its time, and the API that the token is for. */
export type VerifiedCaller = Caller & {
  readonly audience: string;
  /** What a person's token stands on. */
  readonly grantId?: string | undefined;
};

/** Says who calls, by the bearer token (RFC 6750). */
@Injectable()
export class BearerCallers {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly clients: ClientRegistry,
    private readonly store: OidcStore,
  ) {}

  /**
   * By the token alone: one of ours, in its time, of a client that is still there.
   * @throws AppError `token_missing`, `token_invalid`
   */
  async verify(request: Request): Promise<VerifiedCaller> {
    const claims = await this.tokens.verify(bearerToken(request));
    const client = await this.clients.find(claims.client_id);
    if (!client)
      throw new AppError('token_invalid', 'The client of this token is gone or disabled.');
    const scopes = scopesOf(claims, client.scopes);
    const common = { clientId: claims.client_id, audience: claims.aud };
    if (claims.sub === claims.client_id) return { kind: 'machine', ...common, scopes };
    return {
      kind: 'person',
      ...common,
      scopes,
      accountId: claims.sub,
      grantId: grantIdOf(claims),
      signedInAt: signInOf(claims),
    };
  }

  /**
   * For a person, the grant and the account behind the token must still live; this asks the database.
   * @throws AppError `token_invalid`
   */
  async requireLive(caller: VerifiedCaller): Promise<void> {
    if (caller.kind === 'machine') return;
    const { grantId, accountId } = caller;
    if (!grantId || !(await this.store.isGrantLive(grantId, accountId)))
      throw new AppError(
        'token_invalid',
        'The person of this token has signed out, or may not sign in.',
      );
  }
}

function signInOf({ auth_time: seconds }: AccessTokenClaims): Date | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
}

function bearerToken(request: Request): string {
  const [scheme, token] = (request.get('authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  throw new AppError(
    'token_missing',
    'This call wants an access token in the Authorization header.',
  );
}
