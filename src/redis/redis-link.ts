import { setTimeout as sleep } from 'node:timers/promises';

import { createClient, type RedisClientType } from '@keyv/redis';

import type { Logger } from '../common/logger.js';
import type { Secret } from '../common/secret.js';
import { outsideWork } from '../common/work-context.js';

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
/** The wait between two attempts to connect, at most: nothing ends it early, so it also holds the end of a process for as long. */
const longestReconnectMs = 400;
/** A connection on which nothing is answered for so long is given up, and made anew. */
const silenceLimitMs = 5000;

/**
 * The way to Redis (or Valkey), an accelerator that may go away at any time: whoever works there says what is done otherwise.
 * While it does not answer, nobody waits for it; it is looked for in the background, and used again once it takes writes.
 */
export class RedisLink {
  readonly #client: RedisClientType | undefined;
  readonly #healers: ((client: RedisClientType) => Promise<boolean>)[] = [];
  #isUp = false;
  #isStopped = false;
  /** That it is away was said already. */
  #isMissed = false;
  #search: Promise<void> | undefined;
  #wake = (): void => undefined;

  /** @param url `redis://` or `rediss://`; absent: there is no Redis, and everything is done otherwise */
  constructor(
    url: Secret | undefined,
    private readonly logger: Logger,
    private readonly observer?: RedisObserver,
  ) {
    const reconnectStrategy = (tries: number): number | Error =>
      this.#isStopped ? new Error('the link was stopped') : waitBefore(tries);
    const socket = { ...options.socket, reconnectStrategy };
    this.#client = url && createClient({ ...options, url: url.reveal(), socket });
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
    this.#client.on('ready', () => (this.#isStopped ? this.stop() : this.#wake()));
    // What is said to one that never answers must not hold the process.
    this.#client.unref();
    this.#client.connect().catch((error: unknown) => this.#lose(error));
    // This one holds the process: at the start nothing else may.
    await Promise.race([this.#find(), sleep(answerLimitMs)]);
  }

  stop(): void {
    this.#isStopped = true;
    this.#isUp = false;
    // A connection that is just being made would be made all the same: it is ended then.
    if (this.#connected()) this.#client?.destroy();
  }

  /**
   * What must be done each time before Redis is used again, e.g. to bring over what was written elsewhere meanwhile.
   * @param heal false: it cannot be done yet, without a fault, and is asked for again
   */
  onFound(heal: (client: RedisClientType) => Promise<boolean>): void {
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
    const asked = await this.#ask(this.#client, work);
    if (asked) return asked.answer;
    this.observer?.redisFallback();
    return otherwise();
  }

  /** Asks Redis now, and says how it is. */
  async look(): Promise<RedisState> {
    if (this.#client) await this.#ask(this.#client, (client) => client.ping());
    return this.state;
  }

  /** @returns undefined when Redis is away */
  async #ask<T>(
    client: RedisClientType,
    work: (client: RedisClientType) => Promise<T>,
  ): Promise<{ answer: T } | undefined> {
    if (!this.#isUp) return undefined;
    try {
      return { answer: await inTime(work(client)) };
    } catch (error) {
      this.#lose(error);
      return undefined;
    }
  }

  #lose(error: unknown): void {
    if (this.#isStopped) return this.#giveUp();
    if (this.#isUp) this.observer?.redisState(false);
    this.#isUp = false;
    if (!this.#isMissed)
      this.logger.warn({ err: error }, 'Redis does not answer: going on with Postgres');
    this.#isMissed = true;
    void this.#find();
  }

  /** Ends what would try for ever to connect. */
  #giveUp(): void {
    if (this.#client?.isOpen) this.#client.destroy();
  }

  #find(): Promise<void> {
    // It outlives whoever found Redis gone.
    this.#search ??= outsideWork(() => this.#untilFound());
    return this.#search;
  }

  async #untilFound(): Promise<void> {
    let isTold = false;
    while (!this.#isStopped) {
      try {
        if (await this.#probe()) return;
      } catch (error) {
        if (!isTold) this.logger.warn({ err: error }, 'Redis cannot be used yet');
        isTold = true;
      }
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

  #connected(): RedisClientType | undefined {
    return this.#client?.isReady ? this.#client : undefined;
  }

  /** A Redis that takes no writes (full, or a replica) is of no use. */
  async #probe(): Promise<boolean> {
    const client = this.#connected();
    if (!client) return false;
    await client.set('lingpai:probe', '1', { expiration: { type: 'PX', value: 1000 } });
    for (const heal of this.#healers) if (!(await heal(client))) return false;
    // The connection may have broken since; and nobody looks for Redis any more once this was said.
    if (this.#isStopped || !this.#connected()) return false;
    this.#isUp = true;
    this.#isMissed = false;
    this.#search = undefined;
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
  },
};

function waitBefore(tries: number): number {
  return Math.min(100 * 2 ** Math.min(tries, 10), longestReconnectMs) * (0.5 + Math.random() / 2);
}

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
