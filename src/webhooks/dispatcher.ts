import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { AuditService } from '../audit/audit.service.js';
import { Logger } from '../common/logger.js';
import { Tracer } from '../common/tracer.js';
import { withinJob } from '../common/work-context.js';
import { Poller } from '../database/poller.js';
import { Lifecycle } from '../health/lifecycle.js';
import { WebhookMetrics } from '../metrics/webhook-metrics.js';
import { type DueDelivery, type Outcome } from './delivery.js';
import { DeliveryQueue } from './delivery-queue.js';
import { Outbox } from './outbox.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhooksRepository } from './webhooks.repository.js';

const eventsAtOnce = 200;
/** How many deliveries of this replica are under way, and how many to one receiver. */
const sendingAtOnce = 64;
const perWebhook = 8;

/** What an attempt is counted as, by what becomes of its delivery. */
const attemptWords = { delivered: 'delivered', pending: 'failed', failed: 'given-up' } as const;

interface Sending {
  readonly webhookId: string;
  readonly ended: Promise<void>;
}

/** Takes events from the outbox to their receivers, in the background of every replica. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sending = new Set<Sending>();
  readonly #poller: Poller;

  constructor(
    private readonly outbox: Outbox,
    private readonly queue: DeliveryQueue,
    private readonly webhooks: WebhooksRepository,
    private readonly sender: WebhookSender,
    private readonly audit: AuditService,
    private readonly metrics: WebhookMetrics,
    private readonly tracer: Tracer,
    lifecycle: Lifecycle,
    private readonly logger: Logger,
  ) {
    this.#poller = new Poller({
      everyMs: 1000,
      mayAsk: () => lifecycle.phase === 'running',
      work: () => this.#work(),
      onTrouble: (error) =>
        logger.warn({ err: error }, 'webhooks wait until Postgres can be asked again'),
    });
  }

  onApplicationBootstrap(): void {
    this.#poller.start();
    this.metrics.watchLag(() => this.queue.lagSeconds());
  }

  /** What is under way may end, while there is still an audit to write to; what waits is another replica's, or the next start's. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#poller.stop();
    await Promise.all([...this.#sending].map(({ ended }) => ended));
    await this.sender.close();
  }

  async #work(): Promise<void> {
    while (!this.#poller.isStopped && (await this.outbox.dispatch(eventsAtOnce)) === eventsAtOnce);
    await this.#sendDue();
  }

  async #sendDue(): Promise<void> {
    const free = sendingAtOnce - this.#sending.size;
    if (this.#poller.isStopped || free <= 0) return;
    const underWay = [...this.#sending].map(({ webhookId }) => webhookId);
    for (const delivery of await this.queue.claim(free, perWebhook, underWay)) {
      const send = () => this.#send(delivery);
      const ended = withinJob(`delivery ${delivery.id}`, send).finally(() => {
        this.#sending.delete(sending);
        // There may be more to send.
        this.#poller.wake();
      });
      const sending = { webhookId: delivery.webhookId, ended };
      this.#sending.add(sending);
    }
  }

  async #send(delivery: DueDelivery): Promise<void> {
    try {
      const outcome = await this.#attempt(delivery);
      const state = await this.queue.settle(delivery, outcome);
      this.metrics.attempted(attemptWords[state]);
      if (outcome.kind === 'delivered') return;
      this.logger.warn(
        {
          webhook: delivery.webhookId,
          receiver: new URL(delivery.url).origin,
          delivery: delivery.id,
          attempt: delivery.attempts,
          error: outcome.error,
        },
        'a webhook delivery failed',
      );
      if (outcome.kind === 'gone') await this.#disable(delivery);
    } catch (error) {
      // The lease ends, and somebody tries again.
      this.logger.warn(
        { err: error, delivery: delivery.id },
        'a webhook delivery could not be settled',
      );
    }
  }

  async #attempt(delivery: DueDelivery): Promise<Outcome> {
    let secret: string;
    try {
      secret = this.webhooks.openSecret(delivery.webhookId, delivery.sealedSecret);
    } catch {
      return { kind: 'retry', error: 'the secret cannot be opened with SECRET_KEY: renew it' };
    }
    const span = this.tracer.begin({
      name: 'webhook delivery',
      kind: 'client',
      attributes: { 'server.address': new URL(delivery.url).host },
    });
    const outcome = await this.sender.send(delivery, secret);
    span?.end(outcome.kind === 'delivered' ? {} : { failure: outcome.error });
    return outcome;
  }

  async #disable({ webhookId, url }: DueDelivery): Promise<void> {
    if (!(await this.webhooks.disable(webhookId, url))) return;
    this.audit.record({
      action: 'webhook.disable',
      outcome: 'ok',
      reason: 'the receiver answered 410 Gone',
      details: { webhook: webhookId },
    });
  }
}
