import { Injectable } from '@nestjs/common';

import { AuditService } from '../audit/audit.service.js';
import type { Platform } from '../auth/providers/provider.js';
import type { EventReceiver } from '../auth/providers/platform-events.js';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { Metrics } from '../metrics/metrics.js';
import { EventEffects } from './event-effects.js';
import { EventQueue } from './event-queue.js';
import { mostAttempts, nextAttemptAfter, type PendingEvent } from './pending-event.js';

/** What becomes of one event that was claimed: the provider's part, then that of people and tenants, then the end or another try. */
@Injectable()
export class EventHandling {
  constructor(
    private readonly queue: EventQueue,
    private readonly connections: ConnectionRegistry,
    private readonly effects: EventEffects,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @throws what keeps the outcome from being written down; the claim runs out then */
  async run(claimed: PendingEvent): Promise<void> {
    // Not even to a failure: the process may have died of it each time.
    if (claimed.attempts > mostAttempts) return this.#giveUp(claimed, 'its attempts never ended');
    const receiver = await this.#receiverOf(claimed.connection);
    if (!receiver) {
      this.logger.warn(
        about(claimed),
        'a platform event of a connection that takes none is dropped',
      );
      await this.queue.finish(claimed, 'done', 'the connection is gone');
      return;
    }
    let count: number;
    try {
      count = await this.#handle(receiver.events, claimed);
    } catch (error) {
      return this.#failed(claimed, receiver.platform, error);
    }
    if (!(await this.queue.finish(claimed, 'done'))) return;
    this.metrics.platformEvent(receiver.platform, claimed.type, 'done');
    this.logger.info({ ...about(claimed), effects: count }, 'a platform event was handled');
  }

  async #handle(events: EventReceiver, claimed: PendingEvent): Promise<number> {
    const { connection, channel, type, subject, sentAt } = claimed;
    const effects = await events.handle(this.queue.open(claimed));
    if (effects.length > 0)
      await this.effects.apply(effects, { connection, channel, type, subject, sentAt });
    return effects.length;
  }

  /** A connection that this replica does not know may be seconds old. */
  async #receiverOf(
    slug: string,
  ): Promise<{ readonly platform: Platform; readonly events: EventReceiver } | undefined> {
    const known = await this.#lookUp(slug);
    if (known) return known;
    await this.connections.refresh();
    return this.#lookUp(slug);
  }

  async #lookUp(
    slug: string,
  ): Promise<{ readonly platform: Platform; readonly events: EventReceiver } | undefined> {
    const connection = await this.connections.find(slug);
    if (!connection || connection.provider.platform === 'local') return undefined;
    const { platform, events } = connection.provider;
    return events && { platform, events };
  }

  async #failed(claimed: PendingEvent, platform: Platform, error: unknown): Promise<void> {
    const next = nextAttemptAfter(claimed, this.clock.now());
    this.metrics.platformEvent(platform, claimed.type, next ? 'failed' : 'given-up');
    const { fix, ...operator } = error instanceof AppError ? (error.operator ?? {}) : {};
    this.logger.warn(
      { err: error, ...about(claimed), ...operator, fix, nextAttemptAt: next },
      'a platform event could not be handled',
    );
    const reason = error instanceof AppError ? error.code : 'internal_error';
    if (next) await this.queue.postpone(claimed, next, reason);
    else await this.#giveUp(claimed, reason);
  }

  async #giveUp(claimed: PendingEvent, reason: string): Promise<void> {
    if (!(await this.queue.finish(claimed, 'given-up', reason))) return;
    this.logger.warn({ ...about(claimed), reason }, 'a platform event is given up');
    const { connection, channel, type, subject, attempts } = claimed;
    this.audit.record({
      action: 'platform_event.give_up',
      outcome: 'failed',
      reason,
      connection,
      details: { channel, type, subject, attempts },
    });
  }
}

/** For the log. */
function about(claimed: PendingEvent) {
  const { connection, channel, type, subject, sentAt, attempts } = claimed;
  return { connection, channel, type, subject, sentAt, attempt: attempts };
}
