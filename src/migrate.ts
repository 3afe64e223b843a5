import { Logger } from './common/logger.js';
import { Secret } from './common/secret.js';
import { loadConfig } from './config/load-config.js';
import { createDataSource } from './database/data-source.js';
import { startEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { connectWhenReady, migrate } from './database/migrator.js';

/** `npm run migrate`: brings the schema up to date and ends. */
const config = loadConfig(process.env);
const logger = new Logger(config.logLevel);
const embedded = config.databaseUrl
  ? undefined
  : await startEmbeddedPostgres({ folder: config.dataDir });
const dataSource = createDataSource(
  config.databaseUrl ?? new Secret(embedded?.url ?? ''),
  2,
  () => undefined,
);
try {
  await connectWhenReady(dataSource, logger, AbortSignal.timeout(60_000));
  await migrate(dataSource);
  logger.info({}, 'the schema is up to date');
} finally {
  if (dataSource.isInitialized) await dataSource.destroy();
  await embedded?.stop();
}
