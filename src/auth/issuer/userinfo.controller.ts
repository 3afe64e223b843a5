import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { AccountsRepository } from '../../account-binding/accounts.repository.js';
import { Public } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { AccessTokens, grantIdOf } from './access-tokens.js';
import { claimsForScopes } from './claims.js';
import { OidcStore } from './oidc-store.js';

/**
 * `/userinfo` (OpenID Connect Core 5.3) for our JWT access tokens of any audience; the engine would take only tokens without one.
 * The token is the guard.
 */
@Controller('userinfo')
@Public()
export class UserinfoController {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly accounts: AccountsRepository,
    private readonly store: OidcStore,
  ) {}

  @Get()
  async read(@Req() request: Request, @Res() response: Response): Promise<void> {
    try {
      response.json(await this.#claims(bearerToken(request)));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const missing = error.code === 'scope_insufficient';
      const code = missing ? 'insufficient_scope' : 'invalid_token';
      response
        .status(missing ? 403 : 401)
        .setHeader(
          'WWW-Authenticate',
          `Bearer error="${code}", error_description="${error.message}"`,
        )
        .json({ error: code, error_description: error.message });
    }
  }

  @Post()
  readByPost(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.read(request, response);
  }

  async #claims(token: string): Promise<Record<string, unknown>> {
    const claims = await this.tokens.verify(token);
    if (claims.sub === claims.client_id) {
      throw new AppError('token_invalid', 'This token does not belong to a person.');
    }
    const scopes = new Set((claims.scope ?? '').split(' '));
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
  throw new AppError('token_invalid', 'There is no access token in this request.');
}
