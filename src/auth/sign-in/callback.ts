import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import { AppError } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';
import { SignInMetrics } from '../../metrics/sign-in-metrics.js';
import { type EndedSignIn, Interactions, type SignInOutcome } from '../issuer/interactions.js';
import type { Provider } from '../providers/provider.js';
import { type Admission, type Attempt, AttemptsRepository } from './attempts.repository.js';
import { BindAttempt } from './binding/bind-attempt.js';
import type { BrowserAnswer, BrowserRequest } from './browser-request.js';
import { isOnPlatform } from './departure.js';
import { failureOf } from './failures.js';
import { Pages } from './pages/pages.js';
import { PersonSignIn, type SignInOrigin, type Unsettled } from './person-sign-in.js';
import { BrowserCookie, stateLength } from './sign-in-state.js';
import { authorizeUrl, StartAgain } from './start-again.js';
import { BeginStep } from './steps/begin-step.js';
import { JoinAccount } from './steps/join-account.js';
import { tellAgain } from './told-again.js';

/** A reload waits this long for the first callback, which may still be talking to the platform. */
const reloadWaitMs = 15_000;
const reloadPollMs = 150;

const slugPattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** What the platform's query says: a code, or why there is none. */
type Reading = { readonly code: string } | { readonly refusal: AppError };

/**
 * The way back: `GET /callback/:slug`. Steps in order: read the query, use the state up, trade the code, find the account,
 * finish. Nothing is asked of the platform before the state has proven to belong to this browser and this connection.
 */
@Injectable()
export class Callback {
  readonly #cookie: BrowserCookie;
  readonly #waiting = new Map<string, Promise<SignInOutcome | undefined>>();

  constructor(
    private readonly config: Config,
    private readonly connections: ConnectionRegistry,
    private readonly attempts: AttemptsRepository,
    private readonly interactions: Interactions,
    private readonly people: PersonSignIn,
    private readonly steps: BeginStep,
    private readonly joining: JoinAccount,
    private readonly binding: BindAttempt,
    private readonly startAgain: StartAgain,
    private readonly audit: AuditService,
    private readonly metrics: SignInMetrics,
    private readonly pages: Pages,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  async receive(
    slug: string,
    query: URLSearchParams,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const startedAtMs = performance.now();
    const connection = await this.connections.find(slug);
    if (!connection?.enabled || !isOnPlatform(connection))
      return this.#refuse(slug, query, browser);

    const reading = readQuery(connection.provider, query);
    if ('refusal' in reading && reading.refusal.code === 'callback_incomplete') {
      return this.#incomplete(slug, browser);
    }
    const code = 'code' in reading ? reading.code : undefined;
    const admission = await this.#admit(slug, query, code, browser);
    switch (admission.kind) {
      case 'refused':
        return this.#refuse(slug, query, browser);
      case 'reload':
        return this.#repeat(admission.attempt, browser);
      case 'first': {
        const { attempt } = admission;
        const answer = await this.#goOn(connection, attempt, reading, browser, sessionId);
        if (attempt.goal.kind === 'sign-in' && code !== undefined)
          this.metrics.took(slug, performance.now() - startedAtMs);
        return answer;
      }
    }
  }

  async #goOn(
    connection: OpenConnection,
    attempt: Attempt,
    reading: Reading,
    browser: BrowserRequest,
    sessionId: string | undefined,
  ): Promise<BrowserAnswer> {
    const { goal, stateHash, params } = attempt;
    const secrets = this.#cookie.readAll(browser.cookie);
    const origin = originOf(browser, attempt);
    if (goal.kind === 'bind') {
      const next = await this.binding.back(connection, attempt, goal, reading, secrets, origin);
      return next === undefined
        ? this.startAgain.notHere(browser, undefined)
        : this.#continue(stateHash, next);
    }
    if (goal.kind === 'join') {
      const path = await this.joining.back(connection, attempt, goal, reading, secrets, origin);
      return this.#continue(stateHash, path);
    }
    const outcome = await this.#signIn(connection, attempt, reading, origin);
    if (outcome.kind === 'asked') {
      // The attempt was admitted, so the browser holds one.
      const [secret = ''] = secrets;
      const path = await this.steps.signUp(attempt, goal.interactionUid, outcome, secret);
      return this.#continue(stateHash, path);
    }
    const next = await this.interactions.finish(goal.interactionUid, stateHash, outcome, sessionId);
    return next ? { kind: 'redirect', url: next } : this.startAgain.notHere(browser, params);
  }

  /** Not ended: a reload leads to the same place. */
  async #continue(stateHash: string, url: string): Promise<BrowserAnswer> {
    await this.attempts.leadsTo(stateHash, url);
    return { kind: 'redirect', url };
  }

  #admit(
    slug: string,
    query: URLSearchParams,
    code: string | undefined,
    browser: BrowserRequest,
  ): Promise<Admission> {
    const state = query.get('state') ?? '';
    const secrets = this.#cookie.readAll(browser.cookie);
    if (secrets.length === 0 || state.length !== stateLength)
      return Promise.resolve({ kind: 'refused' });
    return this.attempts.admit({ state, connection: slug, browser: secrets, code });
  }

  async #signIn(
    connection: OpenConnection,
    attempt: Attempt,
    reading: Reading,
    origin: SignInOrigin,
  ): Promise<EndedSignIn | Unsettled> {
    if ('refusal' in reading) {
      this.people.noteFailure(connection.slug, reading.refusal, origin);
      return { kind: 'failed', ...failureOf(reading.refusal) };
    }
    try {
      return await this.people.signIn(connection, attempt, reading.code, origin);
    } catch (error) {
      return { kind: 'failed', ...failureOf(error) };
    }
  }

  /** The same callback once more: waits for the first to end, and leads on to where it led. */
  async #repeat(attempt: Attempt, browser: BrowserRequest): Promise<BrowserAnswer> {
    const outcome = await this.#outcomeOf(attempt.stateHash);
    const { goal } = attempt;
    if (!outcome) return this.startAgain.notHere(browser, attempt.params);
    if (outcome.kind === 'continues') return { kind: 'redirect', url: outcome.path };
    if (goal.kind === 'bind') return this.startAgain.notHere(browser, undefined);
    if (await this.interactions.find(goal.interactionUid)) {
      return {
        kind: 'redirect',
        url: new URL(`/authorize/${goal.interactionUid}`, this.config.issuerUrl).href,
      };
    }
    // The engine has answered the client already. Asking it again gives an equal answer from the session that it made.
    if (outcome.kind === 'signed-in') return { kind: 'redirect', url: silentRequest(attempt) };
    const { pages, config } = this;
    return tellAgain(attempt, outcome, { issuer: config.issuerUrl, pages, browser });
  }

  /** Reloads of one attempt share one wait. */
  #outcomeOf(stateHash: string): Promise<SignInOutcome | undefined> {
    const waiting = this.#waiting.get(stateHash) ?? this.#awaitOutcome(stateHash);
    this.#waiting.set(stateHash, waiting);
    return waiting.finally(() => this.#waiting.delete(stateHash));
  }

  async #awaitOutcome(stateHash: string): Promise<SignInOutcome | undefined> {
    let pauseMs = reloadPollMs;
    for (let waitedMs = 0; waitedMs < reloadWaitMs; waitedMs += pauseMs) {
      const outcome = await this.attempts.outcome(stateHash);
      if (outcome) return outcome;
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, 1000);
    }
    return undefined;
  }

  async #refuse(
    slug: string,
    query: URLSearchParams,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    this.audit.record({
      action: 'callback',
      outcome: 'refused',
      reason: 'state_invalid',
      ...(slugPattern.test(slug) && { connection: slug }),
      requestId: browser.requestId,
      ...(browser.ip && { ip: browser.ip }),
    });
    this.metrics.ended((await this.connections.find(slug))?.slug, 'state_invalid');
    const state = query.get('state') ?? '';
    const params =
      state.length === stateLength ? await this.attempts.requestBehind(state) : undefined;
    return this.startAgain.notHere(browser, params);
  }

  #incomplete(slug: string, browser: BrowserRequest): BrowserAnswer {
    this.audit.record({
      action: 'callback',
      outcome: 'refused',
      reason: 'callback_incomplete',
      ...(slugPattern.test(slug) && { connection: slug }),
      requestId: browser.requestId,
      ...(browser.ip && { ip: browser.ip }),
    });
    // Only said of a connection that there is.
    this.metrics.ended(slug, 'callback_incomplete');
    const { language, requestId } = browser;
    return {
      kind: 'page',
      page: this.pages.error({ language, code: 'callback_incomplete', requestId, status: 400 }),
    };
  }
}

function readQuery(provider: Provider, query: URLSearchParams): Reading {
  try {
    return { code: provider.web.readCallback(query) };
  } catch (error) {
    if (error instanceof AppError) return { refusal: error };
    throw error;
  }
}

function originOf({ ip, requestId }: BrowserRequest, { params }: Attempt): SignInOrigin {
  const clientId = params['client_id'];
  return { ip, requestId, clientId: typeof clientId === 'string' ? clientId : undefined };
}

/** The client's request without what asked for the sign-in that has just been made. */
function silentRequest(attempt: Attempt): string {
  const { prompt: _prompt, max_age: _maxAge, ...rest } = attempt.params;
  return authorizeUrl(rest);
}
