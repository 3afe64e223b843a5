import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { Logger } from '../common/logger.js';
import { Lifecycle } from '../health/lifecycle.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import type { DueDelivery } from './delivery.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhooksRepository } from './webhooks.repository.js';

const everyMs = 1000;
const eventsAtOnce = 200;
/** How many deliveries of this replica are under way, and how many to one receiver. */
const sendingAtOnce = 32;
const perWebhook = 8;

/** Takes events from the outbox to their receivers, in the background of every replica. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sending = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly webhooks: WebhooksRepository,
    private readonly sender: WebhookSender,
    private readonly lifecycle: Lifecycle,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#wait(everyMs);
  }

  /** What is under way may end; what waits is another replica's, or the next start's. */
  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
    await Promise.all(this.#sending.values());
    await this.sender.close();
  }

  #wait(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), ms * (0.8 + Math.random() * 0.4)).unref();
  }

  async #run(): Promise<void> {
    // Before the schema is there, and while the service stops, nobody asks.
    if (this.lifecycle.phase === 'running') {
      this.#turn ??= this.#work().finally(() => (this.#turn = undefined));
      await this.#turn;
    }
    this.#wait(everyMs);
  }

  async #work(): Promise<void> {
    try {
      while (!this.#stopped && (await this.deliveries.dispatch(eventsAtOnce)) === eventsAtOnce);
      await this.#sendDue();
    } catch (error) {
      this.logger.warn({ err: error }, 'webhooks could not be looked after; the next turn will');
    }
  }

  async #sendDue(): Promise<void> {
    const free = sendingAtOnce - this.#sending.size;
    if (this.#stopped || free <= 0) return;
    const due = await this.deliveries.claim(free, perWebhook);
    for (const delivery of due) {
      const sending = this.#send(delivery).finally(() => {
        this.#sending.delete(delivery.id);
        // More may wait: no need to sleep on it.
        this.#wait(0);
      });
      this.#sending.set(delivery.id, sending);
    }
  }

  async #send(delivery: DueDelivery): Promise<void> {
    try {
      const secret = this.webhooks.openSecret(delivery.webhookId, delivery.sealedSecret);
      const outcome = await this.sender.send(delivery, secret);
      await this.deliveries.settle(delivery, outcome);
      if (outcome.kind === 'gone') await this.webhooks.disable(delivery.webhookId);
      if (outcome.kind === 'delivered') return;
      this.logger.warn(
        {
          webhook: delivery.webhookId,
          receiver: new URL(delivery.url).origin,
          delivery: delivery.id,
          attempt: delivery.attempts,
          error: outcome.error,
        },
        outcome.kind === 'gone'
          ? 'a webhook is disabled: its receiver is gone for good'
          : 'a webhook delivery failed and is tried again later',
      );
    } catch (error) {
      // The lease ends, and somebody tries again.
      this.logger.warn(
        { err: error, delivery: delivery.id },
        'a webhook delivery could not be settled',
      );
    }
  }
}
