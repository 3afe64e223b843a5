import { setTimeout as sleep } from 'node:timers/promises';

import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';

import { AppModule } from './app.module.js';
import { setUpApp } from './app.setup.js';
import { NestLog } from './common/nest-log.js';
import { ConfigError } from './config/load-config.js';
import type { Ground } from './ground.module.js';
import { Lifecycle } from './health/lifecycle.js';
import { GuardedAdapter } from './http-server/guarded-adapter.js';
import { httpLimits, type HttpLimits } from './http-server/http-limits.js';
import { listeningFault } from './http-server/listening-fault.js';
import { Startup } from './startup.js';

/** A service that listens. */
export interface RunningService {
  readonly app: INestApplication;
  /** Ends when the service is ready; fails when it never will be. */
  readonly ready: Promise<void>;
  /** Finishes what is in flight, then lets go of everything. */
  stop(patience?: Patience): Promise<void>;
  /** What the end is waiting for. */
  readonly waitingFor: EndStep;
}

/** The steps of the end, in order. Workers end together with the last requests. */
export type EndStep = 'proxies to look away' | 'requests, workers and last writes' | 'database';

/** How long the end of a service may take. */
export interface Patience {
  /** How long requests are still taken, so that a proxy sees in time that no more should come. */
  readonly delayMs: number;
  /** From the beginning of the end until requests that are still under way are cut off. */
  readonly requestsMs: number;
}

const impatient: Patience = { delayMs: 0, requestsMs: 20_000 };

/**
 * Opens the port, and starts the work behind it.
 * @throws ConfigError where the port cannot be opened
 */
export async function startService(
  ground: Ground,
  env: NodeJS.ProcessEnv,
  limits: HttpLimits = httpLimits,
): Promise<RunningService> {
  const { config, logger } = ground;
  const adapter = new GuardedAdapter(limits);
  const app = await NestFactory.create(AppModule.with(ground), adapter, {
    logger: new NestLog(logger),
  });
  setUpApp(app);
  await app.listen(config.port, config.host).catch((error: unknown) => {
    const fault = listeningFault(error, config);
    throw fault ? new ConfigError([fault]) : error;
  });
  const lifecycle = app.get(Lifecycle);
  const starting = new AbortController();
  const ready = app.get(Startup).run(env, starting.signal);
  ready.catch(() => undefined);

  let waitingFor: EndStep = 'proxies to look away';
  const end = async ({ delayMs, requestsMs }: Patience): Promise<void> => {
    const endsAtMs = performance.now() + requestsMs;
    lifecycle.stop();
    starting.abort();
    const server = adapter.guarded;
    server.drain();
    // Before it was ready, nobody sent anybody here.
    if (lifecycle.hasRun) await sleep(delayMs);
    const cutOff = setTimeout(() => {
      logger.warn(
        { requests: server.unanswered },
        'requests that were still under way at the limit of the shutdown are cut off',
      );
      server.cutOff();
    }, endsAtMs - performance.now());
    waitingFor = 'requests, workers and last writes';
    // No new connections from here on; the workers end while the last requests do.
    void server.close().then(() => clearTimeout(cutOff));
    await app.close();
    waitingFor = 'database';
    const dataSource = app.get(DataSource);
    if (dataSource.isInitialized) await dataSource.destroy();
  };
  let ended: Promise<void> | undefined;
  return {
    app,
    ready,
    stop: (patience = impatient) => (ended ??= end(patience)),
    get waitingFor() {
      return waitingFor;
    },
  };
}
