import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';
import { Pool } from 'undici';
import { stringify } from 'yaml';

import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { load, type LoadResult } from './load.js';
import { type Measured, start, untilReady, roomyLimits } from './processes.js';
import { SignInClient } from './sign-in-client.js';

/**
 * `npm run bench`: full sign-ins over loopback against the floor, in one run on one machine: read the ratios, not the figures.
 * `BENCH_SECONDS` (8) and `BENCH_CONCURRENCY` (16) change the load.
 */
const seconds = Number(process.env['BENCH_SECONDS'] ?? 8);
const concurrency = Number(process.env['BENCH_CONCURRENCY'] ?? 16);
const people = 200;
/** As `npm start` has them. */
const startFlags = ['--max-semi-space-size=4', '--max-old-space-size=256'];

interface Report extends LoadResult {
  readonly cpuMs: number;
  readonly statements: number;
  readonly platformCalls: number;
  readonly peakMb: number;
  readonly startMs: number;
}

const folder = await mkdtemp(join(tmpdir(), 'lingpai-bench-'));
await chmod(folder, 0o711);
const postgres = await startEmbeddedPostgres({
  folder,
  settings: ['synchronous_commit=off', 'max_connections=100'],
});
const platform = start('bench/fake-platform.js', {});
const platformUrl = `http://127.0.0.1:${await platform.firstLine}`;
try {
  const floor = await measureFloor();
  const service = await measureService();
  print(floor, service);
} finally {
  await platform.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measureFloor(): Promise<Report> {
  const beganAt = performance.now();
  const program = start('bench/floor.js', {
    PLATFORM_URL: platformUrl,
    DATABASE_URL: postgres.url,
  });
  const url = `http://127.0.0.1:${await program.firstLine}`;
  const startMs = performance.now() - beganAt;
  const pool = new Pool(url, { connections: 64 });
  const job = async (index: number): Promise<void> => {
    const { statusCode, body } = await pool.request({
      path: `/?code=p${index % people}-${index}`,
      method: 'GET',
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`the floor answered ${statusCode}`);
  };
  const report = await measure(program, job, startMs);
  await pool.close();
  await program.stop();
  return report;
}

async function measureService(): Promise<Report> {
  const provisioning = join(folder, 'provisioning.yaml');
  await writeFile(provisioning, stringify(benchProvisioning()));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const issuer = `http://localhost:${port}`;
  const beganAt = performance.now();
  const program = start(
    'src/main.js',
    {
      PORT: String(port),
      HOST: '127.0.0.1',
      ISSUER_URL: issuer,
      DATABASE_URL: postgres.url,
      SECRET_KEY: randomBytes(32).toString('base64'),
      PROVISIONING_FILE: provisioning,
      LOG_LEVEL: 'warn',
      ...roomyLimits,
    },
    startFlags,
  );
  await untilReady(`http://127.0.0.1:${port}/health/ready`);
  const startMs = performance.now() - beganAt;
  const client = new SignInClient(`http://127.0.0.1:${port}`, people);
  const report = await measure(program, (index) => client.signIn(index), startMs);
  await client.close();
  await program.stop();
  return report;
}

async function measure(
  program: Measured,
  job: (index: number) => Promise<void>,
  startMs: number,
): Promise<Report> {
  // Everybody's first sign-in, the app token and the just-in-time compiler are out of the way before the watch starts.
  await load(job, concurrency, Math.max(3, seconds / 2));
  const before = {
    statements: await statements(),
    calls: await platformCalls(),
    cpuMs: program.cpuMs(),
  };
  const result = await load(job, concurrency, seconds);
  const cpuMs = (program.cpuMs() - before.cpuMs) / result.done;
  return {
    ...result,
    cpuMs,
    statements: ((await statements()) - before.statements) / result.done,
    platformCalls: ((await platformCalls()) - before.calls) / result.done,
    peakMb: program.peakMb(),
    startMs,
  };
}

/** Every statement of ours is a transaction of its own, and Postgres counts those. */
async function statements(): Promise<number> {
  await sleep(1500);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<{ count: string }>(
    `select xact_commit + xact_rollback as count from pg_stat_database where datname = current_database()`,
  );
  await client.end();
  return Number(rows[0]?.count ?? 0);
}

async function platformCalls(): Promise<number> {
  const calls = (await (await fetch(`${platformUrl}/calls`)).json()) as Record<string, number>;
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

function benchProvisioning(): unknown {
  return {
    connections: [
      {
        slug: 'dingtalk',
        platform: 'dingtalk',
        displayName: 'DingTalk',
        clientId: 'bench',
        clientSecret: 'bench-secret',
        corpId: 'dingbench',
        endpoints: { login: platformUrl, api: platformUrl, oapi: platformUrl },
      },
    ],
    clients: [
      {
        clientId: 'bench',
        displayName: 'Bench',
        clientSecret: 'bench-secret-Zk3vQ9sN7x',
        redirectUris: ['http://localhost:9/callback'],
        scopes: ['openid', 'profile', 'offline_access'],
      },
    ],
  };
}

function print(floor: Report, service: Report): void {
  const rows: [string, keyof Report, number][] = [
    ['sign-ins per second', 'perSecond', 1],
    ['p50 (ms)', 'p50Ms', 1],
    ['p99 (ms)', 'p99Ms', 1],
    ['server CPU per sign-in (ms)', 'cpuMs', 2],
    ['SQL statements per sign-in', 'statements', 1],
    ['platform calls per sign-in', 'platformCalls', 2],
    ['peak memory (MB)', 'peakMb', 0],
    ['start-up (ms)', 'startMs', 0],
  ];
  process.stdout.write(`${concurrency} at a time, ${seconds} s each\n\n`);
  process.stdout.write(`| | floor | Lingpai | ratio |\n| --- | ---: | ---: | ---: |\n`);
  for (const [label, key, digits] of rows) {
    const ratio = service[key] / floor[key];
    process.stdout.write(
      `| ${label} | ${floor[key].toFixed(digits)} | ${service[key].toFixed(digits)} | ${ratio.toFixed(2)} |\n`,
    );
  }
}
