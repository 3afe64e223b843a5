import { Logger } from './common/logger.js';
import { Secret } from './common/secret.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { createDataSource } from './database/data-source.js';
import { startEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { connectWhenReady, migrate } from './database/migrator.js';

const waitLimitMs = 60_000;

/** `npm run migrate`: brings the schema up to date and ends, with code 1 when it could not. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = new Logger(config.logLevel);
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({ folder: config.dataDir });
  const url = config.databaseUrl ?? new Secret(embedded?.url ?? '');
  const dataSource = createDataSource(url, 2, () => undefined);
  try {
    await connectWhenReady(dataSource, logger, AbortSignal.timeout(waitLimitMs));
    if (!dataSource.isInitialized) throw new Error('Postgres did not answer within a minute.');
    await migrate(dataSource);
    logger.info({}, 'the schema is up to date');
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await embedded?.stop();
  }
}

main().catch((error: unknown) => {
  const words = error instanceof ConfigError ? error.message : (error as Error).stack;
  process.stderr.write(`${words ?? String(error)}\n`);
  process.exitCode = 1;
});
