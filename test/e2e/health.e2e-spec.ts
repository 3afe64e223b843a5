import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { stringify } from 'yaml';

import { startSandbox, type Sandbox } from '../../sandbox/sandbox.js';
import { Logger } from '../../src/common/logger.js';
import { Secret } from '../../src/common/secret.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createDataSource } from '../../src/database/data-source.js';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { type RunningService, startService } from '../../src/service.js';
import { adminApi } from '../fixtures/api.js';
import { freePort } from '../fixtures/ports.js';
import {
  defaultProvisioning,
  MovableClock,
  openTestBed,
  serviceEnvironment,
  type TestBed,
} from '../fixtures/service.js';

interface Ready {
  readonly status: number;
  readonly body: unknown;
}

async function ready(base: string): Promise<Ready> {
  const answer = await fetch(`${base}/health/ready`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return { status: answer.status, body: await answer.json() };
}

async function readyMetric(base: string): Promise<string | undefined> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return /^lingpai_ready (.*)$/m.exec(text)?.[1];
}

describe('a service that runs', () => {
  let bed: TestBed;

  beforeAll(async () => {
    bed = await openTestBed();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await bed.stop();
  });

  it('is alive and ready, without a reason not to be', async () => {
    const live = await fetch(`${bed.issuer}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
    expect(await ready(bed.issuer)).toEqual({
      status: 200,
      body: { status: 'ok', phase: 'running', database: 'ok', reasons: [] },
    });
    expect(await readyMetric(bed.issuer)).toBe('1');
  });

  it('answers HEAD as it answers GET, without the words', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      const answer = await fetch(`${bed.issuer}${path}`, { method: 'HEAD' });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    }
  });

  it('stays ready while a platform is down', async () => {
    bed.sandbox.control.fault({ kind: 'down', on: 'qyapi.weixin.qq.com/cgi-bin/gettoken' });
    const api = await adminApi(bed);
    for (let check = 0; check < 4; check += 1) await api('POST', '/connections/wecom-hq/check');
    expect((await ready(bed.issuer)).body).toMatchObject({ status: 'ok', reasons: [] });
    bed.sandbox.control.clearFaults();
  });

  it('says that Postgres does not answer, also to the metrics', async () => {
    const dataSource = bed.replicas[0]!.service.app.get(DataSource);
    const query = jest.spyOn(dataSource, 'query').mockRejectedValue(new Error('away'));
    expect(await ready(bed.issuer)).toEqual({
      status: 503,
      body: {
        status: 'unavailable',
        phase: 'running',
        database: 'unreachable',
        reasons: [
          {
            code: 'database_unreachable',
            message: 'Postgres does not answer, or not within two seconds.',
          },
        ],
      },
    });
    expect(await readyMetric(bed.issuer)).toBe('0');
    expect((await fetch(`${bed.issuer}/health/live`)).status).toBe(200);
    query.mockRestore();
    expect((await ready(bed.issuer)).status).toBe(200);
    expect(await readyMetric(bed.issuer)).toBe('1');
  });

  it('says that it is stopping, and answers on', async () => {
    bed.replicas[0]!.service.app.get(Lifecycle).stop();
    expect(await ready(bed.issuer)).toEqual({
      status: 503,
      body: {
        status: 'unavailable',
        phase: 'stopping',
        database: 'ok',
        reasons: [
          {
            code: 'stopping',
            message:
              'The service is shutting down: it still answers, and should be sent nothing new.',
          },
        ],
      },
    });
    expect((await fetch(`${bed.issuer}/.well-known/jwks.json`)).status).toBe(200);
  });
});

describe('a service that waits for Postgres', () => {
  let sandbox: Sandbox;
  let folder: string;
  let service: RunningService;
  let base: string;

  beforeAll(async () => {
    const [port, nowhere] = [await freePort(), await freePort()];
    sandbox = await startSandbox();
    folder = await mkdtemp(join(tmpdir(), 'lingpai-health-'));
    const file = join(folder, 'provisioning.yaml');
    await writeFile(file, stringify(defaultProvisioning(sandbox)));
    base = `http://127.0.0.1:${port}`;
    const url = `postgres://nobody@127.0.0.1:${nowhere}/nothing`;
    const config = loadConfig(
      serviceEnvironment({
        port,
        issuer: `http://localhost:${port}`,
        database: { url, drop: () => Promise.resolve() },
        sandbox,
        secretKey: randomBytes(32).toString('base64'),
        file,
      }),
      folder,
    );
    const dataSource = createDataSource(new Secret(url), 2, () => undefined);
    const logger = new Logger('silent');
    service = await startService({ config, dataSource, clock: new MovableClock(), logger }, {});
  });
  afterAll(async () => {
    await service.stop();
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is alive, and says what it waits for', async () => {
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    expect(await ready(base)).toEqual({
      status: 503,
      body: {
        status: 'unavailable',
        phase: 'starting',
        database: 'waiting',
        reasons: [
          {
            code: 'waiting_for_database',
            message: 'The service is starting and waits until Postgres answers.',
          },
        ],
      },
    });
  });

  it('tells the metrics already, without what Postgres would have to say', async () => {
    const answer = await fetch(`${base}/metrics`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toMatch(/^lingpai_ready 0$/m);
    expect(text).toMatch(/^lingpai_build_info\{version="[\d.]+"\} 1$/m);
    expect(text).toMatch(/^lingpai_database_connections\{state="idle"\} 0$/m);
    expect(text).not.toMatch(/^lingpai_(?:webhook_lag_seconds|signing_key_age_seconds) /m);
    expect((await fetch(`${base}/metricsx`)).status).toBe(503);
  });
});
