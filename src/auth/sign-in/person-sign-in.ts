import { Injectable } from '@nestjs/common';

import type { BoundIdentity, SignInRecord } from '../../account-binding/accounts.repository.js';
import {
  BindingService,
  type OpenQuestion,
  type SignedInPerson,
} from '../../account-binding/binding.service.js';
import { AuditService } from '../../audit/audit.service.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { Logger } from '../../common/logger.js';
import { noteCaller } from '../../common/work-context.js';
import type { OpenConnection } from '../../connections/connection.registry.js';
import { SignInMetrics } from '../../metrics/sign-in-metrics.js';
import type { SignInFacts } from '../issuer/sign-in-facts.js';
import type {
  AnyProvider,
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

/** How a platform's code was obtained, and in which corp, where that was said. */
export interface CodeWay {
  readonly codeKind: CodeKind;
  readonly tenant: string | undefined;
}

/** A person who has been led to their account. */
export interface SignedIn {
  readonly kind: 'signed-in';
  readonly accountId: string;
  readonly facts: SignInFacts;
}

/** A person whom the platform knows and we do not, yet. */
export interface Unsettled {
  readonly kind: 'asked';
  readonly question: OpenQuestion['question'];
  readonly proven: ProvenIdentity;
}

/** Whom a platform's code stood for. */
export interface ProvenIdentity {
  readonly identity: PlatformIdentity;
  /** Whether the corp's directory was asked just now. */
  readonly directoryRead: boolean;
  /** When the platform was asked. */
  readonly askedAt: Date;
  /** The account that it belongs to already. */
  readonly bound: BoundIdentity | undefined;
}

/** From a platform's code to a person with an account: the part of a sign-in that the browser does not see. */
@Injectable()
export class PersonSignIn {
  constructor(
    private readonly binding: BindingService,
    private readonly audit: AuditService,
    private readonly metrics: SignInMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Trades a code for the person, and leads them to their account.
   * @returns the person, or what has to be asked first
   * @throws AppError with a code of DESIGN 6
   */
  async signIn(
    connection: OpenConnection,
    way: CodeWay,
    code: string,
    origin: SignInOrigin,
  ): Promise<SignedIn | Unsettled> {
    try {
      const proven = await this.prove(connection, way, code);
      const record = this.recordOf(connection, proven);
      const person = await this.binding.signIn(record, connection, proven.bound);
      if (person.kind === 'ask') {
        this.#noteQuestion(connection.slug, person.question, origin);
        return { kind: 'asked', question: person.question, proven };
      }
      return this.signedIn(connection, person, proven.identity.tenant, origin);
    } catch (error) {
      this.noteFailure(connection.slug, error, origin);
      throw error;
    }
  }

  /**
   * Trades a code for the person behind it, as the platform and the corp's directory know them.
   * @throws AppError with a code of DESIGN 6
   */
  async prove(
    connection: OpenConnection,
    { codeKind, tenant }: CodeWay,
    code: string,
  ): Promise<ProvenIdentity> {
    const provider = onPlatform(connection.provider);
    const at = this.clock.now();
    const proven = await exchangeFor(provider, codeKind).identify(code, tenant);
    const bound = await this.binding.find(proven.issuer, proven.subject);
    const fresh =
      bound?.directoryReadAt &&
      !bound.leftAt &&
      at.getTime() - bound.directoryReadAt.getTime() < directoryFreshMs;
    const directory =
      fresh && connection.syncProfile !== 'every-login' ? undefined : provider.directory;
    const entry = await directory?.read(proven);
    return {
      identity: { ...proven, profile: mergeProfiles(proven.profile, entry) },
      directoryRead: directory !== undefined,
      askedAt: at,
      bound,
    };
  }

  /** What is written down of a proven identity. */
  recordOf(
    { slug }: OpenConnection,
    {
      identity,
      directoryRead,
      askedAt,
    }: Pick<ProvenIdentity, 'identity' | 'directoryRead'> & { readonly askedAt?: Date },
  ): SignInRecord {
    const record = { connection: slug, identity, at: this.clock.now(), directoryRead };
    return { ...record, ...(askedAt && { provenAt: askedAt }) };
  }

  /** Audits a sign-in that led to an account. */
  signedIn(
    connection: OpenConnection,
    person: SignedInPerson,
    tenant: string | undefined,
    origin: SignInOrigin,
  ): SignedIn {
    const { accountId, identityId, reason } = person;
    this.audit.record({
      action: 'sign_in',
      outcome: 'ok',
      reason,
      accountId,
      connection: connection.slug,
      ...known(origin),
    });
    this.metrics.ended(connection.slug, 'ok');
    noteCaller({ clientId: origin.clientId, accountId });
    return {
      kind: 'signed-in',
      accountId,
      facts: {
        ...(identityId && { identityId }),
        connection: connection.slug,
        ...(tenant && { tenant }),
        signedInAt: Math.floor(this.clock.now().getTime() / 1000),
      },
    };
  }

  /** Every decision is audited, also the one to ask first. */
  #noteQuestion(connection: string, question: string, origin: SignInOrigin): void {
    this.audit.record({
      action: 'sign_up.ask',
      outcome: 'ok',
      reason: question,
      connection,
      ...known(origin),
    });
  }

  /**
   * Logs a failed sign-in for the operator, and audits it.
   * @param end whether the sign-in is over with it; one that the person may go on with ends later
   */
  noteFailure(
    connection: string,
    error: unknown,
    origin: SignInOrigin,
    end: 'ended' | 'goes on' = 'ended',
  ): void {
    const foreseen = error instanceof AppError;
    const code = foreseen ? error.code : 'internal_error';
    if (end === 'ended') this.metrics.ended(connection, code);
    noteCaller({ clientId: origin.clientId });
    const level = !foreseen ? 'error' : error.operator ? 'warn' : 'info';
    this.logger[level]({ err: error, connection, requestId: origin.requestId }, 'a sign-in failed');
    this.audit.record({
      action: 'sign_in',
      outcome: foreseen ? 'refused' : 'failed',
      reason: code,
      connection,
      ...known(origin),
    });
  }
}

/** The platforms' side of a provider; our own accounts take no codes of a platform. */
function onPlatform(provider: AnyProvider): Provider {
  if (provider.platform === 'local')
    throw new AppError('request_invalid', 'This connection does not take codes of a platform.');
  return provider;
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

/** The part of an origin that an audit event names. */
export function known(origin: SignInOrigin): {
  ip?: string;
  requestId?: string;
  clientId?: string;
} {
  return {
    ...(origin.ip && { ip: origin.ip }),
    ...(origin.requestId && { requestId: origin.requestId }),
    ...(origin.clientId && { clientId: origin.clientId }),
  };
}
