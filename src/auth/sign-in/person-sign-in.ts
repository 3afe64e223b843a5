import { Injectable } from '@nestjs/common';

import { BindingService, type SignedInPerson } from '../../account-binding/binding.service.js';
import { AuditService } from '../../audit/audit.service.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { Logger } from '../../common/logger.js';
import type { OpenConnection } from '../../connections/connection.registry.js';
import type { SignInFacts } from '../issuer/sign-in-facts.js';
import type {
  CodeExchange,
  CodeKind,
  PlatformIdentity,
  PlatformProfile,
  Provider,
} from '../providers/provider.js';

/** How long the directory's word on a person is good for. */
const directoryFreshMs = 24 * 3600_000;

/** Where a sign-in came from, for the audit. */
export interface SignInOrigin {
  readonly ip?: string | undefined;
  readonly requestId?: string | undefined;
  readonly clientId?: string | undefined;
}

/** From a platform's code to a person with an account: the part of a sign-in that the browser does not see. */
@Injectable()
export class PersonSignIn {
  constructor(
    private readonly binding: BindingService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Trades a code for the person, and leads them to their account.
   * @throws AppError with a code of DESIGN 6
   */
  async signIn(
    connection: OpenConnection,
    kind: CodeKind,
    code: string,
    origin: SignInOrigin,
  ): Promise<{ accountId: string; facts: SignInFacts }> {
    try {
      const { person, identity } = await this.#signIn(connection, kind, code);
      this.audit.record({
        action: 'sign_in',
        outcome: 'ok',
        reason: person.reason,
        accountId: person.accountId,
        connection: connection.slug,
        ...known(origin),
      });
      return {
        accountId: person.accountId,
        facts: {
          identityId: person.identityId,
          connection: connection.slug,
          ...(identity.tenant && { tenant: identity.tenant }),
        },
      };
    } catch (error) {
      this.noteFailure(connection.slug, error, origin);
      throw error;
    }
  }

  /** Logs a failed sign-in for the operator, and audits it. */
  noteFailure(connection: string, error: unknown, origin: SignInOrigin): void {
    const foreseen = error instanceof AppError;
    const level = !foreseen ? 'error' : error.operator ? 'warn' : 'info';
    this.logger[level]({ err: error, connection, requestId: origin.requestId }, 'a sign-in failed');
    this.audit.record({
      action: 'sign_in',
      outcome: foreseen ? 'refused' : 'failed',
      reason: foreseen ? error.code : 'internal_error',
      connection,
      ...known(origin),
    });
  }

  async #signIn(
    connection: OpenConnection,
    kind: CodeKind,
    code: string,
  ): Promise<{ person: SignedInPerson; identity: PlatformIdentity }> {
    const { provider } = connection;
    const proven = await exchangeFor(provider, kind).identify(code);
    const bound = await this.binding.find(proven.issuer, proven.subject);
    const at = this.clock.now();

    const fresh =
      bound?.directoryReadAt && at.getTime() - bound.directoryReadAt.getTime() < directoryFreshMs;
    const directory =
      fresh && connection.syncProfile !== 'every-login' ? undefined : provider.directory;
    const entry = await directory?.read(proven);
    const identity = { ...proven, profile: mergeProfiles(proven.profile, entry) };

    const person = await this.binding.signIn(
      { connection: connection.slug, identity, at, directoryRead: directory !== undefined },
      connection,
      bound,
    );
    return { person, identity };
  }
}

function exchangeFor(provider: Provider, kind: CodeKind): CodeExchange {
  const exchange = {
    web: provider.web,
    'in-app': provider.inApp,
    'mini-program': provider.miniProgram,
  }[kind];
  if (!exchange)
    throw new AppError('request_invalid', 'This connection does not take codes of this kind.');
  return exchange;
}

/** The corp's directory knows better than the person's own profile; a consented phone is as good as the directory's. */
function mergeProfiles(own: PlatformProfile, entry: PlatformProfile | undefined): PlatformProfile {
  if (!entry) return own;
  const phone = own.phone?.trusted ? own.phone : (entry.phone ?? own.phone);
  return { ...own, ...entry, ...(phone && { phone }) };
}

function known(origin: SignInOrigin): { ip?: string; requestId?: string; clientId?: string } {
  return {
    ...(origin.ip && { ip: origin.ip }),
    ...(origin.requestId && { requestId: origin.requestId }),
    ...(origin.clientId && { clientId: origin.clientId }),
  };
}
