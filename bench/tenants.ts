import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Agent } from 'undici';
import { stringify } from 'yaml';

import { type Sandbox, startSandbox } from '../sandbox/sandbox.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { start, untilReady, roomyLimits } from './processes.js';

/**
 * `npm run bench:tenants`: one service provider's connection with ten corps, and then with `BENCH_TENANTS` (1000) more: listing them,
 * signing people of them in, and getting their tokens should cost the same. The sandbox plays WeCom in this process; read the ratios.
 */
const many = Number(process.env['BENCH_TENANTS'] ?? 1000);
const admin = { id: 'admin', secret: randomBytes(24).toString('base64url') };
const suiteId = 'ww6b8d0f2a4c6e8a13';
const slug = 'wecom-any';
const rounds = 300;

interface Figures {
  readonly tenants: number;
  readonly eventsPerSecond: number;
  readonly firstPageMs: number;
  readonly lastPageMs: number;
  readonly coldTokenMs: number;
  readonly warmTokenMs: number;
  readonly signInMs: number;
  readonly memoryMb: number;
}

const folder = await mkdtemp(join(tmpdir(), 'lingpai-bench-'));
await chmod(folder, 0o711);
const postgres = await startEmbeddedPostgres({ folder, settings: ['synchronous_commit=off'] });
const sandbox = await startSandbox();
const port = 20_000 + Math.floor(Math.random() * 10_000);
const issuer = `http://localhost:${port}`;
const agent = new Agent({ connections: 32 });
const provisioning = join(folder, 'provisioning.yaml');
await writeFile(provisioning, stringify(benchProvisioning(sandbox)));
const program = start(
  'src/main.js',
  {
    PORT: String(port),
    HOST: '127.0.0.1',
    ISSUER_URL: issuer,
    DATABASE_URL: postgres.url,
    SECRET_KEY: randomBytes(32).toString('base64'),
    PROVISIONING_FILE: provisioning,
    ADMIN_CLIENT_ID: admin.id,
    ADMIN_CLIENT_SECRET: admin.secret,
    ACCESS_TOKEN_TTL_SECONDS: '3600',
    LOG_LEVEL: 'warn',
    ...roomyLimits,
  },
  ['--max-semi-space-size=4', '--max-old-space-size=256'],
);
try {
  await untilReady(`http://127.0.0.1:${port}/health/ready`);
  const { wecomProvider } = sandbox.control;
  wecomProvider.trustDomain(`localhost:${port}`);
  await wecomProvider.registerCallback({
    suiteId,
    kind: 'command',
    url: `${issuer}/events/${slug}`,
  });
  const token = await machineToken();
  const installed: string[] = [];
  const few = await measure(10, installed, token);
  const lots = await measure(many, installed, token);
  print(few, lots);
} finally {
  await program.stop();
  await agent.close();
  await sandbox.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Installs so many more, and measures with all. @param installed plain ids of those that did before */
async function measure(more: number, installed: string[], token: string): Promise<Figures> {
  const { wecomProvider } = sandbox.control;
  const added = wecomProvider.addCorps(more).map(({ corpId }) => corpId);
  const startedAt = performance.now();
  for (const corpId of added) await wecomProvider.install(corpId, suiteId);
  installed.push(...added);
  while ((await lastPage(token)).count < installed.length) await sleep(50);
  const eventsPerSecond = added.length / ((performance.now() - startedAt) / 1000);

  const seen = installed.map((corpId) => wecomProvider.seenCorpId(corpId));
  const pick = (index: number): number => (index * 7919) % installed.length;
  const tokenOf = (index: number) => api(`/access-token?tenant=${seen[pick(index)] ?? ''}`, token);
  const cold = Math.min(rounds, installed.length);
  await wecomProvider.settled();
  return {
    tenants: installed.length,
    eventsPerSecond,
    firstPageMs: await median(50, () => api('/tenants?limit=50', token)),
    lastPageMs: (await lastPage(token)).ms,
    coldTokenMs: await median(cold, tokenOf),
    warmTokenMs: await median(rounds, (index) => tokenOf(index % cold)),
    signInMs: await median(rounds, (index) => signIn(installed[pick(index)] ?? '')),
    memoryMb: program.peakMb(),
  };
}

/** Pages through all of them. @returns how many there are, and what the last page took */
async function lastPage(token: string): Promise<{ count: number; ms: number }> {
  let count = 0;
  for (let cursor = ''; ;) {
    const startedAt = performance.now();
    const page = await api(`/tenants?limit=100${cursor && `&cursor=${cursor}`}`, token);
    const ms = performance.now() - startedAt;
    count += (page['items'] as unknown[]).length;
    if (typeof page['nextCursor'] !== 'string') return { count, ms };
    cursor = page['nextCursor'];
  }
}

/** A code from inside WeCom's client, and the platform-code grant. */
async function signIn(corpId: string): Promise<void> {
  const link = new URL(`${sandbox.endpoints.wecom.open}/connect/oauth2/authorize`);
  for (const [name, value] of Object.entries({
    appid: suiteId,
    redirect_uri: `${issuer}/callback/${slug}`,
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'bench',
  }))
    link.searchParams.set(name, value);
  const { headers, body } = await agent.request({
    origin: link.origin,
    path: link.pathname + link.search,
    method: 'GET',
    headers: {
      'user-agent': 'wxwork/4.1.20 MicroMessenger/7.0.1',
      'x-sandbox-user': `member2@${corpId}`,
    },
  });
  await body.dump();
  const code = new URL(String(headers['location'])).searchParams.get('code') ?? '';
  const answer = await post('/token', {
    grant_type: 'urn:lingpai:grant-type:platform-code',
    client_id: 'bench',
    client_secret: 'bench-secret-Zk3vQ9sN7x',
    connection: slug,
    code,
    scope: 'openid',
  });
  if (!answer['access_token']) throw new Error(JSON.stringify(answer));
}

async function machineToken(): Promise<string> {
  const answer = await post('/token', {
    grant_type: 'client_credentials',
    client_id: admin.id,
    client_secret: admin.secret,
    scope: 'connections:read platform-tokens:read',
  });
  return String(answer['access_token']);
}

async function post(path: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const { body } = await agent.request({
    origin: `http://127.0.0.1:${port}`,
    path,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return (await body.json()) as Record<string, unknown>;
}

async function api(path: string, token: string): Promise<Record<string, unknown>> {
  const { statusCode, body } = await agent.request({
    origin: `http://127.0.0.1:${port}`,
    path: `/api/v1/connections/${slug}${path}`,
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
  });
  const answer = (await body.json()) as Record<string, unknown>;
  if (statusCode !== 200) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function median(
  count: number,
  operation: (index: number) => Promise<unknown>,
): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    await operation(index);
    times.push(performance.now() - startedAt);
  }
  return times.sort((one, other) => one - other)[Math.floor(count / 2)] ?? 0;
}

function benchProvisioning({ control, endpoints }: Sandbox): unknown {
  const { provider } = control.wecomProvider.world;
  const suite = provider.suites.find((each) => each.suiteId === suiteId);
  return {
    connections: [
      {
        slug,
        platform: 'wecom-service-provider',
        displayName: 'WeCom',
        appType: 'third-party',
        providerCorpId: provider.corpId,
        providerSecret: provider.secret,
        suiteId,
        suiteSecret: suite?.secret,
        eventToken: suite?.callback.token,
        eventAesKey: suite?.callback.aesKey,
        endpoints: endpoints.wecom,
      },
    ],
    clients: [
      {
        clientId: 'bench',
        displayName: 'Bench',
        clientSecret: 'bench-secret-Zk3vQ9sN7x',
        redirectUris: ['http://localhost:9/callback'],
        scopes: ['openid'],
        grantTypes: ['urn:lingpai:grant-type:platform-code'],
      },
    ],
  };
}

function print(few: Figures, lots: Figures): void {
  const lines: [string, keyof Figures, number][] = [
    ['tenants', 'tenants', 0],
    ['installations a second (push, exchange, details)', 'eventsPerSecond', 1],
    ['first page of the list (ms)', 'firstPageMs', 2],
    ['last page of the list (ms)', 'lastPageMs', 2],
    ['a corp’s token, asked for the first time (ms)', 'coldTokenMs', 2],
    ['… and again (ms)', 'warmTokenMs', 2],
    ['a sign-in (ms)', 'signInMs', 2],
    ['peak memory (MB)', 'memoryMb', 0],
  ];
  process.stdout.write(`| | ten corps | many | ratio |\n| --- | ---: | ---: | ---: |\n`);
  for (const [label, key, digits] of lines) {
    const ratio = (lots[key] / few[key]).toFixed(2);
    process.stdout.write(
      `| ${label} | ${few[key].toFixed(digits)} | ${lots[key].toFixed(digits)} | ${ratio} |\n`,
    );
  }
}
