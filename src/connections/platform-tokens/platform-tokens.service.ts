import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import type { TokenSource } from '../../auth/providers/platform-tokens.js';
import type { Provider } from '../../auth/providers/provider.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { RateLimiter } from '../../rate-limits/rate-limiter.js';
import { SingleFlight } from '../../token-cache/single-flight.js';
import { TokenCache } from '../../token-cache/token-cache.js';
import type { PlatformToken, TokenError } from '../../token-cache/token-state.js';
import { PlatformConnections } from './platform-connections.js';
import type { TokenErrorView, TokenStateView } from './platform-tokens.dto.js';

/** A caller who keeps refusing tokens that the platform gives us must not make us hammer it. */
const drops = { limit: 30, windowSeconds: 60 };

/** The deployment's platform tokens, for the company's other services: handed out, dropped, and looked at. */
@Injectable()
export class PlatformTokensService {
  readonly #drops = new SingleFlight();

  constructor(
    private readonly connections: PlatformConnections,
    private readonly tokens: TokenCache,
    private readonly limits: RateLimiter,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `connection_not_found`, `value_not_allowed`, the platform's failures */
  async read(slug: string, tenant: string | undefined, actor: Actor): Promise<PlatformToken> {
    const source = await this.#accessTokenOf(slug, tenant);
    const told = { action: 'platform_token.read', connection: slug, ...about(source), ...actor };
    try {
      const token = await this.tokens.read(source);
      this.audit.record({ ...told, outcome: 'ok' });
      return token;
    } catch (error) {
      if (error instanceof AppError)
        this.audit.record({ ...told, outcome: 'failed', reason: error.code });
      throw error;
    }
  }

  /**
   * @returns whether it was the current one
   * @throws AppError `connection_not_found`, `value_not_allowed`, `too_many_requests`
   */
  async drop(
    slug: string,
    tenant: string | undefined,
    value: string,
    actor: Actor,
  ): Promise<boolean> {
    const source = await this.#accessTokenOf(slug, tenant);
    const key = `drop-token:${slug}:${tenant ?? ''}`;
    // Hundreds whose token was refused come at once, and count as one.
    return this.#drops.run(`${key}:${value}`, async () => {
      if (!(await this.tokens.isCurrent(source, value))) return false;
      await this.limits.take([{ key, ...drops }]);
      const dropped = await this.tokens.drop(source, value);
      if (!dropped) return false;
      this.audit.record({
        action: 'platform_token.drop',
        outcome: 'ok',
        connection: slug,
        ...about(source),
        ...actor,
      });
      return true;
    });
  }

  /** Every token of a connection, whether there is one or not. @throws AppError `connection_not_found`, `value_not_allowed` */
  async list(slug: string, tenant: string | undefined): Promise<readonly TokenStateView[]> {
    const provider = await this.connections.providerOf(slug, 'even if disabled');
    const sources = await sourcesOf(provider, tenant);
    return Promise.all(sources.map((source) => this.#stateOf(source)));
  }

  async #accessTokenOf(slug: string, tenant: string | undefined): Promise<TokenSource> {
    const provider = await this.connections.providerOf(slug);
    return this.tokens.askedBy(slug, (await provider.tokenSources(tenant)).access);
  }

  async #stateOf(source: TokenSource): Promise<TokenStateView> {
    const { live, lastError } = await this.tokens.state(source);
    const nowMs = this.clock.now().getTime();
    return {
      kind: source.kind,
      tenant: source.tenant ?? null,
      fetchedAt: live?.fetchedAt ?? null,
      ageSeconds: live ? Math.floor((nowMs - live.fetchedAt.getTime()) / 1000) : null,
      expiresAt: live?.expiresAt ?? null,
      expiresInSeconds: live ? Math.floor((live.expiresAt.getTime() - nowMs) / 1000) : null,
      lastError: lastError ? viewOf(lastError) : null,
    };
  }
}

async function sourcesOf(provider: Provider, tenant: string | undefined): Promise<TokenSource[]> {
  const { access, corpTicket, agentTicket } = await provider.tokenSources(tenant);
  return [access, corpTicket, ...(agentTicket ? [agentTicket] : [])];
}

function about({ kind, tenant }: TokenSource) {
  return { details: { kind, ...(tenant !== undefined && { tenant }) } };
}

function viewOf({ at, error, restsUntil }: TokenError): TokenErrorView {
  const { platformCode, platformMessage, fix } = error.operator ?? {};
  return {
    at,
    code: error.code,
    ...(platformCode !== undefined && { platformCode }),
    message: platformMessage ?? error.message,
    ...(fix !== undefined && { fix }),
    restsUntil,
  };
}
