import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { AccountsRepository } from '../../account-binding/accounts.repository.js';
import { Public } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { LimitedInside } from '../../common/limited.js';
import { noteCaller } from '../../common/work-context.js';
import { callerKey, RequestLimits } from '../../request-limits/request-limits.js';
import { type AccessTokenClaims, AccessTokens, grantIdOf, scopesOf } from './access-tokens.js';
import { claimsForScopes } from './claims.js';
import { ClientRegistry } from './clients/client.registry.js';
import { OidcStore } from './oidc-store.js';

/**
 * `/userinfo` (OpenID Connect Core 5.3) for our JWT access tokens of any audience; the engine would take only tokens without one.
 * The token is the guard.
 */
@Controller('userinfo')
@Public()
@LimitedInside('api')
export class UserinfoController {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly accounts: AccountsRepository,
    private readonly clients: ClientRegistry,
    private readonly store: OidcStore,
    private readonly limits: RequestLimits,
  ) {}

  @Get()
  async read(@Req() request: Request, @Res() response: Response): Promise<void> {
    try {
      response.json(await this.#claims(await this.#verified(request)));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'too_many_requests') throw error;
      const missing = error.code === 'scope_insufficient';
      const code = missing ? 'insufficient_scope' : 'invalid_token';
      response
        .status(missing ? 403 : 401)
        .setHeader(
          'WWW-Authenticate',
          // RFC 6750, 3.1: without a token there is no error to name.
          error.code === 'token_missing'
            ? 'Bearer'
            : `Bearer error="${code}", error_description="${error.message}"`,
        )
        .json({ error: code, error_description: error.message });
    }
  }

  @Post()
  @HttpCode(200)
  readByPost(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.read(request, response);
  }

  /** The token alone, which costs little; from then on its caller is counted. */
  async #verified(request: Request): Promise<AccessTokenClaims> {
    let claims: AccessTokenClaims;
    try {
      claims = await this.tokens.verify(bearerToken(request));
    } catch (error) {
      if (error instanceof AppError) this.limits.refuse('access-token', request.ip);
      throw error;
    }
    const { sub: accountId, client_id: clientId } = claims;
    const isMachine = accountId === clientId;
    noteCaller({ clientId, ...(!isMachine && { accountId }) });
    this.limits.take(
      'api',
      callerKey(
        isMachine ? { kind: 'machine', clientId } : { kind: 'person', clientId, accountId },
      ),
    );
    if (isMachine) throw new AppError('token_invalid', 'This token does not belong to a person.');
    return claims;
  }

  async #claims(claims: AccessTokenClaims): Promise<Record<string, unknown>> {
    const client = await this.clients.find(claims.client_id);
    if (!client)
      throw new AppError('token_invalid', 'The client of this token is gone or disabled.');
    const scopes = scopesOf(claims, client.scopes);
    if (!scopes.has('openid'))
      throw new AppError('scope_insufficient', 'The access token does not hold openid.');
    const account = await this.accounts.findAccount(claims.sub);
    if (account?.status !== 'active')
      throw new AppError('token_invalid', 'The account of this token is gone or disabled.');
    const grantId = grantIdOf(claims);
    if (!grantId || !(await this.store.isGrantLive(grantId, claims.sub)))
      throw new AppError(
        'token_invalid',
        'The person of this token has signed out, or may not sign in.',
      );
    return claimsForScopes(account, scopes);
  }
}

/** Reads the token from the header, or from the form body (RFC 6750, 2.1 and 2.2). */
function bearerToken(request: Request): string {
  const [scheme, token] = (request.get('authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  const body = request.body as { access_token?: unknown } | undefined;
  if (typeof body?.access_token === 'string') return body.access_token;
  throw new AppError('token_missing', 'There is no access token in this request.');
}
