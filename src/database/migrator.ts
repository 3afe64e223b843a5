import { setTimeout as sleep } from 'node:timers/promises';

import type { DataSource } from 'typeorm';

import type { Logger } from '../common/logger.js';

/** Held while the schema changes, so that replicas which start together take turns. */
const advisoryLock = 7_265_000;
const firstPauseMs = 250;
const longestPauseMs = 5000;

/** The schema is older than the code, and the start was told not to change it. */
export class PendingMigrationsError extends Error {
  override readonly name = 'PendingMigrationsError';

  constructor() {
    super(
      'The database lacks migrations and MIGRATE_ON_START is false: run `npm run migrate` first.',
    );
  }
}

/** Waits until Postgres answers, however long that takes; returns early, without it, when `signal` says to stop. */
export async function connectWhenReady(
  dataSource: DataSource,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (
    let pauseMs = firstPauseMs;
    !signal.aborted;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  ) {
    try {
      await dataSource.initialize();
      return;
    } catch (error) {
      if (!isConnectionTrouble(error)) throw error;
      logger.warn({ err: error, nextTryMs: pauseMs }, 'Postgres is not reachable yet');
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Brings the schema up to date; of several callers one does the work and the others wait for it. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.query('set statement_timeout = 0');
    await runner.query('select pg_advisory_lock($1)', [advisoryLock]);
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
    await runner.query('reset statement_timeout').catch(() => undefined);
    await runner.release();
  }
}

/** @throws PendingMigrationsError */
export async function refusePendingMigrations(dataSource: DataSource): Promise<void> {
  if (await dataSource.showMigrations()) throw new PendingMigrationsError();
}

/** Trouble that passes: nobody listens, the server is starting or stopping, a name is not known yet, too many clients. */
function isConnectionTrouble(error: unknown): boolean {
  const { code } = error as { code?: string };
  const passing = [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EPIPE',
    'EHOSTUNREACH',
  ];
  if (code && (passing.includes(code) || /^(?:57P|08|53)/.test(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isConnectionTrouble);
  return error instanceof Error && /timeout|terminated|ended/i.test(error.message);
}
