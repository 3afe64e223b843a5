import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Sandbox, startSandbox } from '../sandbox/sandbox.js';
import { SystemClock } from '../src/common/clock.js';
import { Logger } from '../src/common/logger.js';
import { Secret } from '../src/common/secret.js';
import { loadConfig } from '../src/config/load-config.js';
import { createDataSource } from '../src/database/data-source.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { startService } from '../src/service.js';
import { type DemoApp, startDemoApp } from './app/demo-app.js';
import { portOr } from './ports.js';
import {
  type DemoClient,
  demoClient,
  demoProvisioning,
  dingtalkApp,
  providerApp,
  wecomApp,
} from './provisioning.js';
import { newWorlds } from './worlds.js';

/** Everything that the demo plays with, running. */
export interface Stage {
  readonly issuer: string;
  readonly sandbox: Sandbox;
  readonly app: DemoApp;
  readonly client: DemoClient;
  stop(): Promise<void>;
}

/** Starts embedded Postgres, the sandbox platforms, the service and the application; what fails half way is taken down again. */
export async function openStage(): Promise<Stage> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const folder = resolve('.lingpai', 'demo');
    await mkdir(folder, { recursive: true });
    const postgres = await startEmbeddedPostgres({ folder });
    undo.push(() => postgres.stop());
    const sandbox = await startSandbox({ port: await portOr(4100), ...newWorlds() });
    undo.push(() => sandbox.stop());

    const port = await portOr(3000);
    const issuer = `http://localhost:${port}`;
    const appPort = await portOr(4000);
    const client = demoClient(`http://localhost:${appPort}`);
    sandbox.control.dingtalk.registerRedirect(dingtalkApp.clientId, `${issuer}/callback/dingtalk`);
    for (const { host } of [new URL(issuer), new URL(client.redirectUri)]) {
      sandbox.control.wecom.trustDomain(wecomApp.corpId, wecomApp.agentId, host);
    }
    sandbox.control.wecomProvider.trustDomain(new URL(issuer).host);
    const provisioning = join(folder, 'provisioning.yaml');
    await writeFile(provisioning, demoProvisioning(sandbox, client), { mode: 0o600 });

    const service = await startDemoService(postgres.url, {
      port,
      issuer,
      folder,
      provisioning,
      sandbox,
    });
    undo.push(() => service.stop());
    await service.ready;
    await registerCallbacks(sandbox, issuer);
    const app = await startDemoApp(appPort, issuer, client, sandbox.scripts);
    undo.push(() => app.stop());
    return { issuer, sandbox, app, client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As in the provider's console: each address is tried, and the first ticket comes at once. */
async function registerCallbacks(sandbox: Sandbox, issuer: string): Promise<void> {
  const { slug, suiteId, loginSuiteId } = providerApp;
  const { wecomProvider } = sandbox.control;
  for (const callback of [
    { suiteId, kind: 'command', url: `${issuer}/events/${slug}` },
    { suiteId, kind: 'data', url: `${issuer}/events/${slug}/data` },
    { suiteId: loginSuiteId, kind: 'command', url: `${issuer}/events/${slug}/login-suite` },
  ] as const) {
    await wecomProvider.registerCallback(callback);
  }
  await wecomProvider.settled();
}

function startDemoService(
  databaseUrl: string,
  at: { port: number; issuer: string; folder: string; provisioning: string; sandbox: Sandbox },
): ReturnType<typeof startService> {
  const config = loadConfig({
    PORT: String(at.port),
    ISSUER_URL: at.issuer,
    DATABASE_URL: databaseUrl,
    LINGPAI_DATA_DIR: at.folder,
    PROVISIONING_FILE: at.provisioning,
    SMS_SENDER: 'webhook',
    SMS_WEBHOOK_URL: at.sandbox.endpoints.sms.webhook,
    SMS_WEBHOOK_SECRET: at.sandbox.control.sms.known.webhookSecret,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'error',
  });
  const logger = new Logger(config.logLevel);
  const dataSource = createDataSource(new Secret(databaseUrl), config.databasePoolSize, (error) =>
    logger.warn({ err: error }, 'a connection to Postgres broke'),
  );
  return startService({ config, dataSource, clock: new SystemClock(), logger }, process.env);
}
