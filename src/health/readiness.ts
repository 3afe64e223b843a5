import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { RedisLink, type RedisState } from '../redis/redis-link.js';
import { Lifecycle, type Phase } from './lifecycle.js';

const databaseLimitMs = 2000;

const sentences = {
  starting: 'The service is starting: the schema, the provisioning file and the keys come first.',
  waiting_for_database: 'The service is starting and waits until Postgres answers.',
  stopping: 'The service is shutting down: it still answers, and should be sent nothing new.',
  database_unreachable: 'Postgres does not answer, or not within two seconds.',
  keys_outdated:
    'The signing keys could not be read for minutes: no token is issued before they can. The log says why.',
  redis_unreachable: 'Redis does not answer: Postgres does its part, and everything works.',
};

/** Why a replica is not ready, or not at its best: a word that stays, and a sentence for people. */
export interface ReadinessReason {
  readonly code: keyof typeof sentences;
  readonly message: string;
}

/** Whether a replica can do its work. */
export interface ReadinessReport {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly phase: Phase;
  readonly database: 'ok' | 'waiting' | 'unreachable';
  readonly redis?: Exclude<RedisState, 'off'>;
  readonly reasons: readonly ReadinessReason[];
}

/**
 * Can this replica do its work. What it needs is Postgres alone: it is ready without Redis too, if slower, and a platform that is down is no
 * reason to take it out, since no other replica reaches it either.
 */
@Injectable()
export class Readiness {
  readonly #needs: { readonly code: ReadinessReason['code']; readonly isMet: () => boolean }[] = [];
  #report: Promise<ReadinessReport> | undefined;
  #asked: Promise<boolean> | undefined;

  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly dataSource: DataSource,
    private readonly redis: RedisLink,
  ) {}

  /** One more thing without which a replica that runs can't do its work. To be called while the application is being built. */
  need(code: ReadinessReason['code'], isMet: () => boolean): void {
    this.#needs.push({ code, isMet });
  }

  /** However many ask at the same time, Postgres is asked once. */
  report(): Promise<ReadinessReport> {
    this.#report ??= this.#look().finally(() => (this.#report = undefined));
    return this.#report;
  }

  async #look(): Promise<ReadinessReport> {
    const isStarting = this.lifecycle.phase === 'starting';
    const [database, redis] = await Promise.all([
      isStarting ? ('waiting' as const) : this.#database(),
      this.redis.look(),
    ]);
    // It may have changed meanwhile.
    const { phase } = this.lifecycle;
    const reasons: ReadinessReason['code'][] = [];
    if (phase === 'starting')
      reasons.push(this.dataSource.isInitialized ? 'starting' : 'waiting_for_database');
    if (phase === 'stopping') reasons.push('stopping');
    if (database === 'unreachable') reasons.push('database_unreachable');
    if (phase === 'running')
      for (const { code, isMet } of this.#needs) if (!isMet()) reasons.push(code);
    const isReady = phase === 'running' && database === 'ok' && reasons.length === 0;
    if (redis === 'unreachable') reasons.push('redis_unreachable');
    return {
      status: !isReady ? 'unavailable' : redis === 'unreachable' ? 'degraded' : 'ok',
      phase,
      database,
      ...(redis !== 'off' && { redis }),
      reasons: reasons.map((code) => ({ code, message: sentences[code] })),
    };
  }

  /** A question that Postgres has not answered yet is not put again: it may hang for long, and hold a connection. */
  async #database(): Promise<'ok' | 'unreachable'> {
    this.#asked ??= this.dataSource
      .query('select 1')
      .then(
        () => true,
        () => false,
      )
      .finally(() => (this.#asked = undefined));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), databaseLimitMs);
    });
    const answered = await Promise.race([this.#asked, late]);
    clearTimeout(timer);
    return answered ? 'ok' : 'unreachable';
  }
}
