import { type DataSource, MigrationExecutor } from 'typeorm';

import type { Logger } from '../common/logger.js';
import { whenPostgresAnswers } from './retry.js';

/** Held while the schema changes, so that replicas which start together take turns. */
const advisoryLock = 7_265_000;

/** The schema is older than the code, and whoever found it so may not change it. */
export class PendingMigrationsError extends Error {
  override readonly name = 'PendingMigrationsError';

  constructor(readonly names: readonly string[]) {
    super(
      `The database lacks ${names.length} migration(s): run \`lingpai migrate\` or \`npm run migrate\` first.`,
    );
  }
}

/** Waits until Postgres answers, however long that takes; returns early, without it, when `signal` says to stop. */
export async function connectWhenReady(
  dataSource: DataSource,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await whenPostgresAnswers(
    async () => {
      await dataSource.initialize();
    },
    logger,
    signal,
  );
}

/**
 * Brings the schema up to date; of several callers one does the work and the others wait for it.
 * @returns the names of the migrations that this call ran
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    // One connection for lock and work: whoever loses it loses both.
    await runner.connect();
    await runner.query('set statement_timeout = 0');
    await runner.query('select pg_advisory_lock($1)', [advisoryLock]);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'each';
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  } finally {
    await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
    await runner.query('reset statement_timeout').catch(() => undefined);
    await runner.release();
  }
}

/** The names of the migrations that `migrate` would run; nothing is written. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const pending = await new MigrationExecutor(dataSource).getPendingMigrations();
  return pending.map(({ name }) => name);
}

/** @throws PendingMigrationsError */
export async function refusePendingMigrations(dataSource: DataSource): Promise<void> {
  const names = await pendingMigrations(dataSource);
  if (names.length > 0) throw new PendingMigrationsError(names);
}
