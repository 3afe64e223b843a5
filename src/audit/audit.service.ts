import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../common/clock.js';
import { logValue } from '../common/log-fields.js';
import { Logger } from '../common/logger.js';
import { outsideWork } from '../common/work-context.js';
import { fittingEvent } from './fitting-event.js';

/** One thing that happened. Holds no secret, token, code, cookie or full phone number. */
export interface AuditEvent {
  /** What was tried, e.g. `sign_in`, `callback`. */
  readonly action: string;
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** One of our codes, or the rule that decided. */
  readonly reason?: string;
  /** Who did it, where that is not the person whom it is about: `client:<id>`, `account:<id>`, `cli`. */
  readonly actor?: string;
  readonly accountId?: string;
  readonly connection?: string;
  readonly clientId?: string;
  readonly ip?: string;
  readonly requestId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

type DatedEvent = AuditEvent & { readonly at: Date };

const flushAfterMs = 200;
const retryAfterMs = 5000;
const largestBatch = 500;
/** While Postgres is away events wait here; beyond this the log line is all that is kept. */
const longestQueue = 10_000;

/**
 * Writes down who did what. Events are logged at once and added to the table in small batches,
 * so that a sign-in does not wait for its own audit.
 */
@Injectable()
export class AuditService implements OnApplicationShutdown {
  #queue: DatedEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  record(given: AuditEvent): void {
    const event = fittingEvent(given);
    const details = logValue(event.details);
    this.logger.info({ audit: { ...event, details } }, `${event.action}: ${event.outcome}`);
    if (this.#queue.length >= longestQueue) return;
    this.#queue.push({ ...event, at: this.clock.now() });
    this.#flushIn(flushAfterMs);
  }

  /** Writes what waits; callers at the same time share one pass. Never throws: what could not be written is tried again. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing ??= this.#writeAll().finally(() => {
      this.#flushing = undefined;
      if (this.#queue.length > 0) this.#flushIn(retryAfterMs);
    });
    return this.#flushing;
  }

  /** For many requests at once, so not on behalf of any. */
  #flushIn(ms: number): void {
    this.#timer ??= setTimeout(() => void outsideWork(() => this.flush()), ms).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    // The first may have begun before the last event came.
    await this.flush();
    await this.flush();
    clearTimeout(this.#timer);
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, largestBatch);
      try {
        await this.#write(batch);
      } catch (error) {
        if (!isDataAtFault(error)) {
          this.logger.warn(
            { err: error, waiting: this.#queue.length },
            'audit events could not be written yet',
          );
          return;
        }
        await this.#writeOneByOne(batch);
      }
      this.#queue.splice(0, batch.length);
    }
  }

  /** One event that Postgres cannot store must not hold up the others. */
  async #writeOneByOne(batch: readonly DatedEvent[]): Promise<void> {
    for (const event of batch) {
      await this.#write([event]).catch((error: unknown) =>
        this.logger.warn(
          { err: error, action: event.action },
          'an audit event cannot be stored and stays in the log only',
        ),
      );
    }
  }

  async #write(batch: readonly DatedEvent[]): Promise<void> {
    const column = <T>(read: (event: DatedEvent) => T): (T | null)[] =>
      batch.map((event) => read(event) ?? null);
    await this.dataSource.query(
      `insert into audit_events (at, action, outcome, reason, account_id, connection, client_id, ip, request_id, details, actor)
       select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                            $8::text[], $9::text[], $10::jsonb[], $11::text[])`,
      [
        column((event) => event.at),
        column((event) => event.action),
        column((event) => event.outcome),
        column((event) => event.reason),
        column((event) => event.accountId),
        column((event) => event.connection),
        column((event) => event.clientId),
        column((event) => event.ip),
        column((event) => event.requestId),
        column((event) => (event.details ? JSON.stringify(event.details) : undefined)),
        column((event) => event.actor),
      ],
    );
  }
}

/** SQLSTATE class 22: the data, not the database. */
function isDataAtFault(error: unknown): boolean {
  return /^22/.test((error as { code?: string }).code ?? '');
}
