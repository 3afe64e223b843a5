import type { Ground } from '../ground.module.js';
import { SystemClock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { createDataSource } from '../database/data-source.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../database/embedded/embedded-postgres.js';
import type { Cli } from './cli.js';
import { exitCodes } from './exit-codes.js';
import { Refusal } from './refusal.js';

/**
 * Opens what the service stands on, from the same environment, and lets go of it when the work has ended. Log lines go to standard
 * error: standard output is the command's own.
 * @param work gets a DataSource that is not connected yet
 */
export async function withGround<T>(cli: Cli, work: (ground: Ground) => Promise<T>): Promise<T> {
  const config = loadConfig(cli.env);
  const logger = new Logger('warn', { write: (line) => cli.terminal.err.write(line) });
  const embedded = config.databaseUrl ? undefined : await openEmbedded(config, cli);
  const url = config.databaseUrl ?? new Secret(embedded?.url ?? '');
  const dataSource = createDataSource(url, config.databasePoolSize, (error) =>
    logger.warn({ err: error }, 'a connection to Postgres broke'),
  );
  try {
    return await work({ config, dataSource, clock: new SystemClock(), logger });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await embedded?.stop();
  }
}

/** As the service does outside production: shares the server of one that runs, else starts it for as long as the command takes. */
async function openEmbedded({ dataDir }: Config, cli: Cli): Promise<EmbeddedPostgres> {
  try {
    const embedded = await startEmbeddedPostgres({ folder: dataDir });
    cli.terminal.note(`DATABASE_URL is not set: working on the embedded Postgres in ${dataDir}`);
    return embedded;
  } catch (error) {
    throw new Refusal(
      'postgres_unreachable',
      error instanceof Error ? error.message : String(error),
      exitCodes.unreachable,
    );
  }
}
