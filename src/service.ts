import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';

import { AppModule, type Ground } from './app.module.js';
import { setUpApp } from './app.setup.js';
import { NestLog } from './common/nest-log.js';
import { Lifecycle } from './health/lifecycle.js';
import { Startup } from './startup.js';

/** A service that listens. */
export interface RunningService {
  readonly app: INestApplication;
  /** Ends when the service is ready; fails when it never will be. */
  readonly ready: Promise<void>;
  /** Finishes what is in flight, then lets go of everything. */
  stop(): Promise<void>;
}

/** Opens the port, and starts the work behind it. */
export async function startService(
  ground: Ground,
  env: NodeJS.ProcessEnv,
): Promise<RunningService> {
  const app = await NestFactory.create(AppModule.with(ground), {
    logger: new NestLog(ground.logger),
    forceCloseConnections: false,
  });
  setUpApp(app);
  await app.listen(ground.config.port, ground.config.host);
  const stopping = new AbortController();
  const ready = app.get(Startup).run(env, stopping.signal);
  ready.catch(() => undefined);
  return {
    app,
    ready,
    stop: async () => {
      app.get(Lifecycle).stop();
      stopping.abort();
      // Connections that idle between requests would hold the end up.
      (app.getHttpServer() as { closeIdleConnections(): void }).closeIdleConnections();
      await app.close();
      const dataSource = app.get(DataSource);
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
}
