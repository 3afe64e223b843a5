import { Injectable, type OnModuleInit } from '@nestjs/common';
import { errors, type TokenEndpointGrantContext } from 'oidc-provider';

import { AccountsRepository } from '../../account-binding/accounts.repository.js';
import { AppError } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { SignInMetrics } from '../../metrics/sign-in-metrics.js';
import { engineAccount } from '../issuer/claims.js';
import { ConnectionChoice } from '../issuer/connection-choice.js';
import { type GrantExtension, OidcEngine } from '../issuer/oidc-engine.js';
import { checkTokenRequest, issueTokens } from '../issuer/token-issue.js';
import type { EngineClient } from '../issuer/resources.js';
import { SigningKeys } from '../issuer/signing-keys/signing-keys.js';
import type { CodeKind } from '../providers/provider.js';
import { failureOf } from './failures.js';
import { PersonSignIn } from './person-sign-in.js';
import { textOf } from '../issuer/text-of.js';
import { isTenant } from './browser-request.js';

const codeKinds: readonly string[] = ['web', 'in-app', 'mini-program'] satisfies CodeKind[];

/**
 * The platform-code grant (DESIGN 7): a frontend that holds a platform's code trades it at `/token` without a redirect.
 * Each kind of code has its own exchange, so the request says which it is.
 */
@Injectable()
export class PlatformCodeGrant implements GrantExtension, OnModuleInit {
  readonly name = 'urn:lingpai:grant-type:platform-code';
  readonly params = ['connection', 'code', 'code_type', 'tenant'];

  constructor(
    private readonly config: Config,
    private readonly engine: OidcEngine,
    private readonly connections: ConnectionRegistry,
    private readonly choice: ConnectionChoice,
    private readonly people: PersonSignIn,
    private readonly accounts: AccountsRepository,
    private readonly signingKeys: SigningKeys,
    private readonly metrics: SignInMetrics,
  ) {}

  onModuleInit(): void {
    this.engine.addGrant(this);
  }

  async handle(ctx: TokenEndpointGrantContext): Promise<void> {
    const client = ctx.oidc.client as EngineClient;
    const { code, code_type: kind = 'in-app' } = ctx.oidc.params;
    if (typeof code !== 'string' || !code)
      throw new errors.InvalidRequest('missing required parameter code');
    if (typeof kind !== 'string' || !codeKinds.includes(kind)) {
      throw new errors.InvalidRequest('code_type must be web, in-app or mini-program');
    }
    const slug = textOf(ctx.oidc.params['connection']);
    const connection = (await this.choice.isPossible(client, slug))
      ? await this.connections.find(slug)
      : undefined;
    if (!connection)
      throw new errors.InvalidRequest('unknown connection, or one that this client may not use');

    const tenant = textOf(ctx.oidc.params['tenant']) || undefined;
    if (tenant !== undefined && !isTenant(tenant))
      throw new errors.InvalidRequest('tenant must be the id of a corp');

    // Refused before the code is spent: it works once.
    const settings = {
      issuerUrl: this.config.issuerUrl,
      accessTokenSeconds: this.config.lifetimes.accessTokenSeconds,
      signingAlg: this.signingKeys.current().signing.alg,
    };
    checkTokenRequest(ctx, settings);

    const request = ctx.req as typeof ctx.req & { id?: string; ip?: string };
    const startedAtMs = performance.now();
    try {
      const way = { codeKind: kind as CodeKind, tenant };
      const person = await this.people.signIn(connection, way, code, {
        clientId: client.clientId,
        requestId: request.id,
        ip: request.ip,
      });
      if (person.kind === 'asked') {
        this.metrics.ended(connection.slug, 'sign_up_required');
        throw new AppError(
          'sign_up_required',
          'The first sign-in of this person asks for more, and needs a browser: send it to /authorize.',
        );
      }
      const { accountId, facts } = person;
      const account = await this.accounts.findAccount(accountId);
      if (account?.status !== 'active') {
        throw new AppError(
          'account_disabled',
          'This account is disabled. Please ask an administrator.',
        );
      }
      const subject = engineAccount(account, client.allowed_scopes);
      await issueTokens(ctx, this.name, subject, facts, settings);
    } catch (error) {
      // Left between the exchange and the grant: told like whoever had left before.
      if (error instanceof errors.AccessDenied)
        throw new errors.CustomOIDCProviderError('invalid_grant', error.error_description);
      throw error instanceof AppError ? toGrantError(error) : error;
    } finally {
      this.metrics.took(connection.slug, performance.now() - startedAtMs);
    }
  }
}

/** The same codes as in the browser, in `/token`'s words: 400 `invalid_grant`, 503, 500. */
function toGrantError(error: AppError): errors.OIDCProviderError {
  // Such as a kind of code that this connection has no exchange for.
  if (error.code === 'request_invalid') return new errors.InvalidRequest(error.message);
  const { error: kind, errorDescription } = failureOf(error);
  const [name, status] = {
    access_denied: ['invalid_grant', 400] as const,
    temporarily_unavailable: ['temporarily_unavailable', 503] as const,
    server_error: ['server_error', 500] as const,
  }[kind];
  const told = new errors.CustomOIDCProviderError(name, errorDescription);
  return Object.assign(told, { status, statusCode: status, expose: true });
}
