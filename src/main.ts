import { SystemClock } from './common/clock.js';
import { Logger } from './common/logger.js';
import { Secret } from './common/secret.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { createDataSource } from './database/data-source.js';
import { startEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { startService } from './service.js';

const stopLimitMs = 25_000;

/** Starts the service, and stops it on SIGTERM with exit code 0. A fault that waiting does not mend ends with code 1. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = new Logger(config.logLevel);
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({
        folder: config.dataDir,
        log: (message) => logger.debug({ postgres: message }, 'Postgres'),
      });
  const url = config.databaseUrl ?? new Secret(embedded?.url ?? '');
  const dataSource = createDataSource(url, config.databasePoolSize, (error) =>
    logger.warn({ err: error }, 'a connection to Postgres broke'),
  );
  const service = await startService(
    { config, dataSource, clock: new SystemClock(), logger },
    process.env,
  );

  let stopping = false;
  const stop = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code || 1), stopLimitMs).unref();
    await service.stop();
    await embedded?.stop();
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  try {
    await service.ready;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await stop(1);
  }
}

main().catch((error: unknown) => {
  const words =
    error instanceof ConfigError || !(error instanceof Error)
      ? String(error)
      : (error.stack ?? error.message);
  process.stderr.write(`${words}\n`);
  process.exit(1);
});
