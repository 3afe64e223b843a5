import { setTimeout as sleep } from 'node:timers/promises';

import { createClient, type RedisClientType } from '@keyv/redis';

import type { Logger } from '../common/logger.js';
import type { Secret } from '../common/secret.js';

/** Whether Redis does its part: `off` where no `REDIS_URL` is set. */
export type RedisState = 'off' | 'ok' | 'unreachable';

/** What is told of it to whoever counts. */
export interface RedisObserver {
  redisState(isUp: boolean): void;
  redisFallback(): void;
}

/** How long one command may take; Postgres does the work after that. */
const answerLimitMs = 500;
/** How often a Redis that is away is looked for. */
const probeEveryMs = 500;
const longestReconnectMs = 2000;
/** A connection on which nothing is answered for so long is given up, and made anew. */
const silenceLimitMs = 5000;

/**
 * The way to Redis (or Valkey), an accelerator that may go away at any time: whoever works there says what is done otherwise.
 * While it does not answer, nobody waits for it; it is looked for in the background, and used again once it takes writes.
 */
export class RedisLink {
  readonly #client: RedisClientType | undefined;
  readonly #healers: ((client: RedisClientType) => Promise<void>)[] = [];
  #isUp = false;
  #isStopped = false;
  #search: Promise<void> | undefined;
  #wake = (): void => undefined;

  /** @param url `redis://` or `rediss://`; absent: there is no Redis, and everything is done otherwise */
  constructor(
    url: Secret | undefined,
    private readonly logger: Logger,
    private readonly observer?: RedisObserver,
  ) {
    this.#client = url && createClient({ url: url.reveal(), ...options });
  }

  get state(): RedisState {
    if (!this.#client) return 'off';
    return this.#isUp ? 'ok' : 'unreachable';
  }

  /** Connects in the background. @returns once Redis was found, or was not there at the first look */
  async start(): Promise<void> {
    if (!this.#client) return;
    this.observer?.redisState(false);
    this.#client.on('error', (error: Error) => this.#lose(error));
    this.#client.on('ready', () => this.#wake());
    this.#client.connect().catch((error: unknown) => this.#lose(error));
    await Promise.race([this.#find(), sleep(answerLimitMs, undefined, { ref: false })]);
  }

  stop(): void {
    this.#isStopped = true;
    this.#isUp = false;
    if (this.#client?.isOpen) this.#client.destroy();
  }

  /** What must be done each time before Redis is used again, e.g. to bring over what was written elsewhere meanwhile. */
  onFound(heal: (client: RedisClientType) => Promise<void>): void {
    this.#healers.push(heal);
  }

  /**
   * @param work what to do at Redis; it may still happen there when its answer comes too late
   * @param otherwise what to do while Redis is away
   */
  async run<T>(
    work: (client: RedisClientType) => Promise<T>,
    otherwise: () => Promise<T>,
  ): Promise<T> {
    if (!this.#client) return otherwise();
    if (this.#isUp) {
      try {
        return await inTime(work(this.#client));
      } catch (error) {
        this.#lose(error);
      }
    }
    this.observer?.redisFallback();
    return otherwise();
  }

  /** Asks Redis now, and says how it is. */
  async look(): Promise<RedisState> {
    await this.run(
      (client) => client.ping(),
      () => Promise.resolve(''),
    );
    return this.state;
  }

  #lose(error: unknown): void {
    if (this.#isStopped) return;
    if (this.#isUp) {
      this.#isUp = false;
      this.observer?.redisState(false);
      this.logger.warn({ err: error }, 'Redis does not answer: going on with Postgres');
    }
    void this.#find();
  }

  #find(): Promise<void> {
    this.#search ??= this.#untilFound().finally(() => (this.#search = undefined));
    return this.#search;
  }

  async #untilFound(): Promise<void> {
    for (let isFirst = true; !this.#isStopped; isFirst = false) {
      if (await this.#probe(isFirst)) return;
      await this.#pause();
    }
  }

  /** Ends early when a connection was made. */
  async #pause(): Promise<void> {
    const connected = new Promise<void>((resolve) => (this.#wake = resolve));
    await Promise.race([
      connected,
      sleep(probeEveryMs * (0.5 + Math.random()), undefined, { ref: false }),
    ]);
  }

  /** A Redis that takes no writes (full, or a replica) is of no use. */
  async #probe(tell: boolean): Promise<boolean> {
    const client = this.#client;
    if (!client?.isReady) return false;
    try {
      await client.set('lingpai:probe', '1', { expiration: { type: 'PX', value: 1000 } });
      for (const heal of this.#healers) await heal(client);
    } catch (error) {
      if (tell) this.logger.warn({ err: error }, 'Redis cannot be used yet');
      return false;
    }
    if (this.#isStopped) return true;
    this.#isUp = true;
    this.observer?.redisState(true);
    this.logger.info({}, 'Redis is there and in use');
    return true;
  }
}

const options = {
  disableOfflineQueue: true,
  pingInterval: 2000,
  socket: {
    connectTimeout: 2000,
    socketTimeout: silenceLimitMs,
    reconnectStrategy: (tries: number): number =>
      Math.min(100 * 2 ** Math.min(tries, 10), longestReconnectMs) * (0.5 + Math.random() / 2),
  },
};

/** @throws Error when it takes too long: the client's own limit ends once a command was sent */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), answerLimitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
