import './library-console.js';

import { SystemClock } from './common/clock.js';
import { Logger } from './common/logger.js';
import { Secret } from './common/secret.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { createDataSource } from './database/data-source.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from './database/embedded/embedded-postgres.js';
import { ProcessEnd } from './process-end.js';
import { type RunningService, startService } from './service.js';

/** From the first signal to the exit, `SHUTDOWN_DELAY_SECONDS` included. */
const stopLimitMs = 25_000;
/** Of that, for the last writes once the requests have ended or were cut off. */
const lastWritesMs = 3000;
/** Where nobody was served yet there is nothing to finish. */
const stopLimitAtStartMs = 2000;

/** Starts the service, and stops it on SIGTERM with exit code 0. A fault that waiting does not mend ends with code 1. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = new Logger(config.logLevel);
  const running: { embedded?: EmbeddedPostgres; service?: RunningService; isReady?: true } = {};
  const patience = {
    delayMs: config.shutdownDelaySeconds * 1000,
    requestsMs: stopLimitMs - lastWritesMs,
  };
  const end = new ProcessEnd(logger, {
    limitMs: () => (running.isReady ? stopLimitMs : stopLimitAtStartMs),
    waitingFor: () => running.service?.waitingFor ?? 'the start',
    end: async () => {
      await running.service?.stop(patience);
      await running.embedded?.stop();
    },
  });

  if (!config.databaseUrl)
    running.embedded = await startEmbeddedPostgres({
      folder: config.dataDir,
      log: (message) => logger.debug({ postgres: message }, 'Postgres'),
    });
  const url = config.databaseUrl ?? new Secret(running.embedded?.url ?? '');
  const dataSource = createDataSource(url, config.databasePoolSize, (error) =>
    logger.warn({ err: error }, 'a connection to Postgres broke'),
  );
  running.service = await startService(
    { config, dataSource, clock: new SystemClock(), logger },
    process.env,
  );
  try {
    await running.service.ready;
    running.isReady = true;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await end.begin(1);
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
