import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { migrations } from '../../src/database/migrations.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../fixtures/postgres.js';
import { compiled } from '../fixtures/programs.js';

const root = resolve(import.meta.dirname, '../..');
const children: ChildProcess[] = [];
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
});

/** The service as a process of its own, as it is started in earnest. */
function start(env: Record<string, string>): {
  child: ChildProcess;
  output: () => string;
  exitCode: Promise<number | null>;
} {
  const child = spawn(process.execPath, [compiled('src/main.ts')], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', LOG_LEVEL: 'info', ...env },
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output, exitCode: new Promise((done) => child.once('exit', done)) };
}

async function untilStatus(url: string, status: number): Promise<Response> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.status === status) return response;
    await sleep(50);
  }
  throw new Error(`${url} did not answer ${status}`);
}

/** A wire to Postgres that can be cut and mended; it begins cut. */
class Wire {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(
    readonly port: number,
    private readonly upstreamPort: number,
  ) {}

  cut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async mend(): Promise<void> {
    const server = createServer((socket) => {
      const upstream = connect(this.upstreamPort, '127.0.0.1');
      for (const side of [socket, upstream]) {
        this.#sockets.add(side);
        side.on('error', () => undefined);
      }
      socket.pipe(upstream).pipe(socket);
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
    });
    this.#server = server;
    await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done));
  }
}

describe('a start', () => {
  it('with a wrong environment ends with every fault named and exit code 1', async () => {
    const { output, exitCode } = start({
      PORT: 'eighty',
      SECRET_KEY: 'c2hvcnQ=',
      LOG_LEVEL: 'loud',
    });
    expect(await exitCode).toBe(1);
    expect(output()).toContain('PORT: must be a port number');
    expect(output()).toContain('SECRET_KEY: must be 32 random bytes');
    expect(output()).toContain('LOG_LEVEL: must be one of');
    expect(output()).not.toContain('c2hvcnQ=');
  }, 60_000);

  it('with a wrong provisioning file ends with every fault named by its place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-start-'));
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      `connections:
  - { slug: Ding, platform: dingtalk, displayName: D, clientId: a, clientSecret: '\${NOT_SET_ANYWHERE}', corpId: dingcorp }
  - { slug: wecom, platform: wecom-self-built, displayName: W, agentId: 17, secret: a-secret-of-its-own, colour: green }
clients:
  - { clientId: portal, displayName: P, redirectUris: ['http://portal.example.com/cb'], connections: [nowhere] }
`,
    );
    const { output, exitCode } = start({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      PROVISIONING_FILE: file,
      LINGPAI_DATA_DIR: folder,
    });
    expect(await exitCode).toBe(1);
    expect(output()).toContain(
      'connections[0].clientSecret: the variable NOT_SET_ANYWHERE is not set',
    );
    await writeFile(
      file,
      (await import('node:fs'))
        .readFileSync(file, 'utf8')
        .replace('${NOT_SET_ANYWHERE}', 'a-secret-of-dingtalk'),
    );

    const again = start({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      PROVISIONING_FILE: file,
      LINGPAI_DATA_DIR: folder,
    });
    expect(await again.exitCode).toBe(1);
    for (const place of [
      'connections[0].slug: ',
      'connections[1].corpId: ',
      'connections[1].colour: ',
      'clients[0].redirectUris: ',
    ]) {
      expect(again.output()).toContain(place);
    }
    expect(again.output()).not.toContain('a-secret-of');
  }, 60_000);

  it('with a key that cannot open what is stored says so, and ends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-start-'));
    const { output, exitCode } = start({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      LINGPAI_DATA_DIR: folder,
    });
    expect(await exitCode).toBe(1);
    expect(output()).toContain('SECRET_KEY cannot open what is stored');
  }, 60_000);

  it.each([
    ['a wrong password', { password: 'not-this-one' }, 'password authentication failed for user'],
    ['a database that is not there', { pathname: '/nowhere' }, 'database "nowhere" does not exist'],
  ])(
    'with %s does not wait: it says so, and ends',
    async (_what, change, words) => {
      const folder = await mkdtemp(join(tmpdir(), 'lingpai-start-'));
      const { output, exitCode } = start({
        PORT: String(await freePort()),
        DATABASE_URL: Object.assign(new URL(database.url), change).href,
        LINGPAI_DATA_DIR: folder,
      });
      expect(await exitCode).toBe(1);
      expect(output()).toContain(`DATABASE_URL: Postgres does not let us in: ${words}`);
      expect(output()).not.toContain('not-this-one');
    },
    60_000,
  );

  it('waits for Postgres, survives its absence, and ends on SIGTERM with 0', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-start-'));
    const own = await createTestDatabase();
    const target = new URL(own.url);
    const wire = new Wire(await freePort(), Number(target.port));
    target.port = String(wire.port);
    const port = String(await freePort());
    const { child, output, exitCode } = start({
      PORT: port,
      DATABASE_URL: target.href,
      LINGPAI_DATA_DIR: folder,
    });
    const base = `http://127.0.0.1:${port}`;

    const waiting = await untilStatus(`${base}/health/ready`, 503);
    expect(await waiting.json()).toMatchObject({ phase: 'starting', database: 'waiting' });
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    const early = await fetch(`${base}/.well-known/openid-configuration`);
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toBe('5');
    expect(early.headers.get('cache-control')).toBe('no-store');

    await wire.mend();
    await untilStatus(`${base}/health/ready`, 200);
    wire.cut();
    await untilStatus(`${base}/health/ready`, 503);
    expect((await fetch(`${base}/.well-known/jwks.json`)).status).toBe(200);
    await wire.mend();
    await untilStatus(`${base}/health/ready`, 200);

    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
    expect(output()).not.toContain(target.password);
    // Also what libraries said while they were loaded.
    for (const line of output().trim().split('\n')) {
      expect(line).toMatch(/^\{"level":".*\}$/);
      expect(JSON.parse(line)).toHaveProperty('msg');
    }
    wire.cut();
    await own.drop();
  }, 90_000);
});

describe('an empty database', () => {
  let empty: TestDatabase;
  let other: pg.Client;
  const secretKey = randomBytes(32).toString('base64');

  beforeEach(async () => {
    empty = await createEmptyDatabase();
    other = new pg.Client({ connectionString: empty.url });
    other.on('error', () => undefined);
    await other.connect();
  });
  afterEach(async () => {
    await other.end();
    await empty.drop();
  });

  const replica = async () => {
    const port = String(await freePort());
    const env = { PORT: port, DATABASE_URL: empty.url, SECRET_KEY: secretKey };
    return { ...start(env), ready: `http://127.0.0.1:${port}/health/ready` };
  };
  const migrated = async (): Promise<string[]> => {
    const { rows } = await other.query<{ name: string }>('select name from migrations order by id');
    return rows.map(({ name }) => name);
  };
  const all = migrations.map(({ name }) => name);

  it('is filled once by replicas that start at the same instant, and all become ready', async () => {
    const three = await Promise.all([replica(), replica(), replica()]);
    await Promise.all(three.map(({ ready }) => untilStatus(ready, 200)));
    expect(await migrated()).toEqual(all);
    const keys = await Promise.all(
      three.map(async ({ ready }) =>
        (await fetch(ready.replace('/health/ready', '/.well-known/jwks.json'))).text(),
      ),
    );
    expect(new Set(keys).size).toBe(1);
    for (const { child } of three) child.kill('SIGTERM');
    expect(await Promise.all(three.map(({ exitCode }) => exitCode))).toEqual([0, 0, 0]);
  }, 90_000);

  it('keeps nothing half of a replica that is killed while it migrates; the next one goes on', async () => {
    // A table of the same name, that nobody sees yet: the migration which makes it stops there until we decide.
    await other.query('begin');
    await other.query('create table webhooks (id int)');
    const killed = await replica();
    const watcher = new pg.Client({ connectionString: empty.url });
    watcher.on('error', () => undefined);
    await watcher.connect();
    const waiting = async (count: number) => {
      const { rows } = await watcher.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%create table webhooks (%' and pid <> pg_backend_pid()`,
      );
      expect(rows).toHaveLength(count);
    };
    await eventually(() => waiting(1), 30_000);
    killed.child.kill('SIGKILL');
    expect(await killed.exitCode).toBeNull();
    await other.query('rollback');
    await eventually(async () => {
      const { rows } = await watcher.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'lingpai'`,
      );
      expect(rows).toEqual([]);
    });
    await watcher.end();
    const before = await migrated();
    expect(before.length).toBeGreaterThan(0);
    expect(before).toEqual(all.slice(0, before.length));
    expect(before.length).toBeLessThan(all.length);
    const { rows } = await other.query(`select to_regclass('webhooks') as webhooks`);
    expect(rows).toEqual([{ webhooks: null }]);

    const next = await replica();
    await untilStatus(next.ready, 200);
    expect(await migrated()).toEqual(all);
    next.child.kill('SIGTERM');
    expect(await next.exitCode).toBe(0);
  }, 90_000);
});
