import { setTimeout as sleep } from 'node:timers/promises';

import type { DataSource } from 'typeorm';

import { AppError } from '../common/app-error.js';
import { LockSession, LockSessionLost } from './lock-session.js';

/** How long a turn is waited for. */
const turnLimitMs = 10_000;
const firstPauseMs = 10;
const longestPauseMs = 100;

/**
 * Takes turns across replicas. All turns of a process share one connection, which is taken from the pool while there are any,
 * so that many fetches at once never starve the pool. Since a lock that is waited for would block that connection, it is tried
 * for again and again instead.
 */
export class PostgresTurns {
  readonly #taken = new Set<string>();
  #session: LockSession | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly limitMs = turnLimitMs,
  ) {}

  /** @throws AppError `platform_unavailable` when the turn does not come within the limit */
  async run<T>(key: string, work: (turn: number) => Promise<T>): Promise<T> {
    const { session, turn } = await this.#take(key);
    try {
      return await work(turn);
    } finally {
      await session.unlock(key);
      this.#taken.delete(key);
      this.#leave(session);
    }
  }

  async #take(key: string): Promise<{ session: LockSession; turn: number }> {
    const endsAt = performance.now() + this.limitMs;
    let pauseMs = firstPauseMs;
    for (;;) {
      const taken = await this.#try(key);
      if (taken) return taken;
      if (performance.now() + pauseMs > endsAt) throw tookTooLong();
      await sleep(pauseMs * (0.5 + Math.random() / 2));
      pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
    }
  }

  async #try(key: string): Promise<{ session: LockSession; turn: number } | undefined> {
    // A session may take its own lock twice, so turns within the process are kept apart here.
    if (this.#taken.has(key)) return undefined;
    this.#taken.add(key);
    const session = this.#enter();
    let turn: number | undefined;
    try {
      turn = await session.tryLock(key);
    } catch (error) {
      if (!(error instanceof LockSessionLost)) throw error;
    } finally {
      if (turn === undefined) {
        this.#taken.delete(key);
        this.#leave(session);
      }
    }
    return turn === undefined ? undefined : { session, turn };
  }

  #enter(): LockSession {
    if (!this.#session || this.#session.isLost) this.#session = new LockSession(this.dataSource);
    this.#session.users += 1;
    return this.#session;
  }

  #leave(session: LockSession): void {
    session.users -= 1;
    if (session.users > 0) return;
    if (this.#session === session) this.#session = undefined;
    session.close();
  }
}

function tookTooLong(): AppError {
  return new AppError(
    'platform_unavailable',
    'The platform takes too long to answer. Please try again.',
    {
      operator: {
        call: 'token',
        platformMessage: 'another caller has been fetching this token for seconds',
      },
    },
  );
}
