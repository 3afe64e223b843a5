import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { Clock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { type SpanStart, Tracer } from '../common/tracer.js';
import { withinJob } from '../common/work-context.js';
import { Poller } from '../database/poller.js';
import { Lifecycle } from '../health/lifecycle.js';
import { Metrics } from '../metrics/metrics.js';
import { EventHandling } from './event-handling.js';
import { EventQueue, renewEveryMs } from './event-queue.js';
import type { PendingEvent } from './pending-event.js';

/** How many events this replica handles at the same time, each of another subject. */
const atOnce = 16;
/** What takes longer than this at the end is left to the others, who find its claim run out. */
const stopLimitMs = 10_000;

/** Takes the platforms' events from the queue, in the background of every replica. */
@Injectable()
export class EventWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #running = new Set<Promise<void>>();
  readonly #poller: Poller;

  constructor(
    private readonly queue: EventQueue,
    private readonly handling: EventHandling,
    private readonly metrics: Metrics,
    private readonly tracer: Tracer,
    lifecycle: Lifecycle,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#poller = new Poller({
      everyMs: 1000,
      mayAsk: () => lifecycle.phase === 'running',
      work: () => this.#work(),
      onTrouble: (error) =>
        logger.warn({ err: error }, 'platform events wait until Postgres can be asked again'),
    });
  }

  onApplicationBootstrap(): void {
    this.#poller.start();
  }

  /** What is under way may end, while there is still an audit to write to. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#poller.stop();
    const late = new Promise<void>((resolve) => setTimeout(resolve, stopLimitMs).unref());
    await Promise.race([Promise.all(this.#running), late]);
  }

  /** There is something new: no need to sleep on it. */
  wake(): void {
    this.#poller.wake();
  }

  async #work(): Promise<void> {
    const { isDue, oldest } = await this.queue.look();
    const lagMs = oldest === undefined ? 0 : this.clock.now().getTime() - oldest.getTime();
    this.metrics.platformEventLag(Math.max(0, lagMs / 1000));
    const free = atOnce - this.#running.size;
    if (!isDue || free <= 0) return;
    for (const claimed of await this.queue.claim(free)) this.#start(claimed);
  }

  #start(claimed: PendingEvent): void {
    const ended = this.#inSight(claimed).finally(() => {
      this.#running.delete(ended);
      // The next one of this subject.
      this.wake();
    });
    this.#running.add(ended);
  }

  /** Its log lines and calls belong together, and to the request that brought it. */
  #inSight(claimed: PendingEvent): Promise<void> {
    const { seq, connection, channel, requestId } = claimed;
    const span: SpanStart = {
      name: 'platform event',
      kind: 'consumer',
      attributes: { 'lingpai.connection': connection, 'lingpai.channel': channel },
    };
    const handle = () => this.tracer.span(span, () => this.#handle(claimed));
    return withinJob(`event ${seq}`, handle, requestId ?? undefined);
  }

  async #handle(claimed: PendingEvent): Promise<void> {
    const renewal = setInterval(() => void this.#renew(claimed), renewEveryMs).unref();
    try {
      await this.handling.run(claimed);
    } catch (error) {
      const { connection, seq } = claimed;
      this.logger.warn(
        { err: error, connection, event: seq },
        'how a platform event ended could not be written down; it is handled again',
      );
    } finally {
      clearInterval(renewal);
    }
  }

  async #renew(claimed: PendingEvent): Promise<void> {
    // Postgres may be away: the claim runs out then, and somebody handles the event again.
    await this.queue.renew(claimed).catch(() => false);
  }
}
