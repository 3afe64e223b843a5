import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { type Measured, start, roomyLimits } from './processes.js';

/**
 * `npm run bench:import`: brings `BENCH_ROWS` (100,000) people in through `POST /api/v1/accounts/import`, then the same file again.
 * The memory is what matters: it must not grow with the file.
 */
const rows = Number(process.env['BENCH_ROWS'] ?? 100_000);
const port = 39_871;
const issuer = `http://127.0.0.1:${port}`;
const client = { id: 'bench', secret: randomBytes(24).toString('base64url') };

const folder = await mkdtemp(join(tmpdir(), 'lingpai-bench-'));
await chmod(folder, 0o711);
const postgres = await startEmbeddedPostgres({
  folder,
  settings: ['synchronous_commit=off', 'max_connections=50'],
});
let service: Measured | undefined;
try {
  service = await startService();
  const idleMb = service.peakMb();
  console.log('| import | rows a second | seconds | peak memory (MB) | against idle |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const [name, status] of [
    ['the first time', 'created'],
    ['the same file again', 'exists'],
  ] as const) {
    const seconds = await importAll(status);
    const peak = service.peakMb();
    const figures = [
      name,
      Math.round(rows / seconds),
      seconds.toFixed(1),
      Math.round(peak),
      (peak / idleMb).toFixed(2),
    ];
    console.log(`| ${figures.join(' | ')} |`);
  }
} finally {
  await service?.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function startService(): Promise<Measured> {
  const file = join(folder, 'provisioning.yaml');
  await writeFile(
    file,
    stringify({
      connections: [
        {
          slug: 'wecom',
          platform: 'wecom-self-built',
          displayName: 'WeCom',
          corpId: 'ww1a2b3c4d5e6f7a8b',
          agentId: '1000002',
          secret: randomBytes(24).toString('base64url'),
        },
      ],
    }),
  );
  const program = start(
    'src/main.js',
    {
      PORT: String(port),
      HOST: '127.0.0.1',
      ISSUER_URL: issuer,
      DATABASE_URL: postgres.url,
      SECRET_KEY: randomBytes(32).toString('base64'),
      PROVISIONING_FILE: file,
      ADMIN_CLIENT_ID: client.id,
      ADMIN_CLIENT_SECRET: client.secret,
      LOG_LEVEL: 'warn',
      ...roomyLimits,
      LINGPAI_DATA_DIR: folder,
    },
    // As `npm start` has them.
    ['--max-semi-space-size=4', '--max-old-space-size=256'],
  );
  for (let waited = 0; waited < 30_000; waited += 100) {
    const answer = await fetch(`${issuer}/health/ready`).catch(() => undefined);
    if (answer?.ok) return program;
    await sleep(100);
  }
  await program.stop();
  throw new Error('the service does not get ready');
}

/** @returns how many seconds it took */
async function importAll(expected: string): Promise<number> {
  const token = await machineToken();
  const beganAt = performance.now();
  const sending = httpRequest(`${issuer}/api/v1/accounts/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  const answered = new Promise<number>((resolve, reject) => {
    sending.once('error', reject);
    sending.once('response', (answer) => {
      let count = 0;
      createInterface({ input: answer })
        .on('line', (line) => {
          if ((JSON.parse(line) as { status: string }).status === expected) count += 1;
        })
        .once('close', () => resolve(count));
    });
  });
  Readable.from(people()).pipe(sending);
  const count = await answered;
  if (count !== rows) throw new Error(`${count} of ${rows} rows are ${expected}`);
  return (performance.now() - beganAt) / 1000;
}

function* people(): Generator<string> {
  for (let index = 0; index < rows; index += 1) {
    yield `${JSON.stringify({
      displayName: `员工 ${index}`,
      phone: `+86139${String(index).padStart(8, '0')}`,
      phoneVerified: true,
      email: `person.${index}@example.com`,
      roles: ['staff'],
      identities: [{ connection: 'wecom', subject: `person.${index}` }],
    })}\n`;
  }
}

async function machineToken(): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: client.secret,
      scope: 'accounts:write',
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
