import { Injectable } from '@nestjs/common';

import { AuditService } from '../audit/audit.service.js';
import {
  type CallbackAnswer,
  type CallbackRequest,
  type EventChannel,
  eventChannels,
  type EventReceiver,
} from '../auth/providers/platform-events.js';
import { AppError } from '../common/app-error.js';
import { Logger } from '../common/logger.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { RateLimiter, sourceOf } from '../rate-limits/rate-limiter.js';
import { RequestLimits } from '../request-limits/request-limits.js';
import { EventQueue } from './event-queue.js';
import { EventWorker } from './event-worker.js';

/** A request to one of the callback URLs. */
export interface ReceivedCallback {
  readonly slug: string;
  /** The last part of the URL; absent: the connection's main one. */
  readonly channel: string | undefined;
  /** `body` is undefined for one that is too large. */
  readonly request: Omit<CallbackRequest, 'body'> & { readonly body: string | undefined };
  readonly ip: string | undefined;
  readonly requestId: string | undefined;
}

/**
 * Takes what the platforms send: verifies it, keeps it, answers. What it means is worked out afterwards. An authentic callback is never
 * limited, whoever else sends from the platform's address: a signature costs little to check, and nothing is decrypted before.
 */
@Injectable()
export class Callbacks {
  constructor(
    private readonly connections: ConnectionRegistry,
    private readonly queue: EventQueue,
    private readonly worker: EventWorker,
    private readonly limits: RequestLimits,
    private readonly limiter: RateLimiter,
    private readonly audit: AuditService,
    private readonly logger: Logger,
  ) {}

  /** @throws AppError `callback_refused`, the same whatever was wrong; `too_many_requests` when too many were refused */
  async receive(callback: ReceivedCallback): Promise<CallbackAnswer> {
    try {
      return await this.#accept(callback);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'callback_refused') throw error;
      this.limits.refuse('callback', callback.ip);
      await this.#note(callback, error);
      throw refused('');
    }
  }

  async #accept({ slug, channel: given, request }: ReceivedCallback): Promise<CallbackAnswer> {
    const { receiver, channel } = await this.#find(slug, given);
    const { method, query, body } = request;
    if (body === undefined) throw refused('it is too large');
    const read = await receiver.read(channel, { method, query, body });
    if (read.kind === 'event' && (await this.queue.add(slug, read.event))) this.worker.wake();
    return read.answer;
  }

  async #find(
    slug: string,
    given: string | undefined,
  ): Promise<{ readonly receiver: EventReceiver; readonly channel: EventChannel }> {
    const connection = await this.connections.find(slug);
    if (!connection?.enabled) throw refused('there is no such connection, or it is disabled');
    const { provider } = connection;
    const receiver = provider.platform === 'local' ? undefined : provider.events;
    const channel = eventChannels.find((name) => name === (given ?? 'main'));
    // The main one has no name in the URL.
    if (!receiver || !channel || given === 'main' || !receiver.channels.includes(channel))
      throw refused('the connection has no keys for this URL');
    return { receiver, channel };
  }

  /** At most once a minute per source: whoever knocks does not fill the audit. */
  async #note(callback: ReceivedCallback, { operator }: AppError): Promise<void> {
    const { slug, channel, request, ip, requestId } = callback;
    const details = { slug, ...(channel !== undefined && { channel }), method: request.method };
    try {
      const key = `refused-callback:${sourceOf(ip ?? '')}`;
      if (!(await this.limiter.isFirst(key, 60))) return;
    } catch (error) {
      this.logger.warn({ err: error }, 'refused callbacks could not be counted');
      return;
    }
    const isKnown = (await this.connections.find(slug)) !== undefined;
    this.audit.record({
      action: 'platform_event.receive',
      outcome: 'refused',
      ...(operator?.platformMessage !== undefined && { reason: operator.platformMessage }),
      ...(isKnown && { connection: slug }),
      ...(ip !== undefined && { ip }),
      ...(requestId !== undefined && { requestId }),
      details: { ...details, ...(operator?.fix !== undefined && { fix: operator.fix }) },
    });
  }
}

function refused(reason: string): AppError {
  return new AppError('callback_refused', 'This callback is refused.', {
    operator: { platformMessage: reason },
  });
}
