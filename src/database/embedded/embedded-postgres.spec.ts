import { readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { PostgresProject, type Who } from '../../../test/fixtures/postgres-project.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

const isRoot = process.getuid?.() === 0;
const [uid, gid] = (/^nobody:[^:]*:(\d+):(\d+)/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [])
  .slice(1)
  .map(Number);

/** Root tests both; anyone else can only be who they are. */
const users: [string, Who][] = isRoot
  ? [
      ['root', {}],
      ['an ordinary user', { uid, gid }],
    ]
  : [['an ordinary user', {}]];

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>({ text: sql })).rows;
  } finally {
    await client.end();
  }
}

const write = "create table notes as select 'kept' as note";
const read = 'select note from notes';
const kept = [{ note: 'kept' }];

describe.each(users)('the embedded Postgres, started by %s', (_name, who) => {
  let project: PostgresProject;

  beforeAll(async () => {
    project = await PostgresProject.install(who);
  });

  afterEach(() => project.reset());

  afterAll(() => project.remove());

  it('keeps its data, its port and its password from run to run', async () => {
    const first = await project.start(who);
    await query(first.url, write);
    await first.stop();
    await expect(query(first.url, read)).rejects.toThrow(/ECONNREFUSED/);

    const second = await project.start(who);
    expect(await query(second.url, read)).toEqual(kept);
    expect(second.url).toBe(first.url);
  });

  it('listens on the loopback address only, with a password that only its owner can read', async () => {
    const { url } = await project.start(who);
    expect(await query(url, "select current_setting('listen_addresses') as at")).toEqual([
      { at: '127.0.0.1' },
    ]);
    expect(new URL(url).pathname).toBe('/lingpai');

    const noPassword = new URL(url);
    noPassword.password = 'guessed';
    await expect(query(noPassword.href, 'select 1')).rejects.toThrow(/password authentication/);
    expect((await stat(join(project.folder, 'postgres.json'))).mode & 0o777).toBe(0o600);
  });

  it('goes down with a process that is killed, and starts again with everything committed', async () => {
    const first = await project.start(who);
    await query(first.url, write);
    await first.kill();
    await untilRefused(first.url);

    const second = await project.start(who);
    expect(await query(second.url, read)).toEqual(kept);
  });

  it('takes over from a server whose owner is gone while it still runs', async () => {
    const first = await project.start(who);
    await query(first.url, write);
    const pidBefore = await postmaster(first.url);
    // No process has this number: the largest one that Linux gives is 4194304.
    await writeFile(join(project.folder, 'postgres.owner'), '4999999 1');

    const second = await project.start(who);
    expect(await query(second.url, read)).toEqual(kept);
    expect(await postmaster(second.url)).not.toBe(pidBefore);
  });

  it('leaves a stranger alone that got the process id of a dead server', async () => {
    const first = await project.start(who);
    const [row] = await query(first.url, "select current_setting('data_directory') as data");
    const pidFile = join((row as { data: string }).data, 'postmaster.pid');
    const lines = (await readFile(pidFile, 'utf8')).split('\n');
    const { uid: owner, gid: group } = await stat(pidFile);
    await first.stop();
    // This test is the stranger: it would end here if it were taken for the server.
    await writeFile(pidFile, [process.pid, ...lines.slice(1)].join('\n'));
    await chown(pidFile, owner, group);

    const second = await project.start(who);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is one server for processes that start together', async () => {
    const runners = await Promise.all([1, 2, 3].map(() => project.start(who)));
    const servers = await Promise.all(runners.map(({ url }) => postmaster(url)));
    expect(new Set(servers).size).toBe(1);
    expect(new Set(runners.map(({ url }) => url)).size).toBe(1);
  });

  it('starts from packages that it cannot complete where they are', async () => {
    const readOnly = await PostgresProject.install(who);
    try {
      await readOnly.makeReadOnly();
      const { url } = await readOnly.start(who);
      expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await readOnly.remove();
    }
  });

  it('starts in a clone that only its owner can enter, and keeps its data', async () => {
    const closed = await PostgresProject.install(who);
    try {
      await closed.close();
      const first = await closed.start(who);
      await query(first.url, write);
      await first.stop();

      const second = await closed.start(who);
      expect(await query(second.url, read)).toEqual(kept);
    } finally {
      await closed.remove();
    }
  });
});

describe('the embedded Postgres', () => {
  it('is shared by two starts in one process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-embedded-'));
    await chmod(folder, 0o711);
    const first = await startEmbeddedPostgres({ folder });
    const second = await startEmbeddedPostgres({ folder, database: 'other' });
    try {
      expect(await postmaster(second.url)).toBe(await postmaster(first.url));
      expect(new URL(second.url).pathname).toBe('/other');
      await second.stop();
      expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await first.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('starts on another port when a stranger listens on the one of the last run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-embedded-'));
    await chmod(folder, 0o711);
    const first = await startEmbeddedPostgres({ folder });
    await first.stop();
    const { createServer } = await import('node:net');
    const stranger = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    const second = await startEmbeddedPostgres({ folder });
    try {
      expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      stranger.close();
      await second.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** When the server of this URL was started: no two starts share it. */
async function postmaster(url: string): Promise<string> {
  const [row] = await query(url, 'select pg_postmaster_start_time()::text as at');
  return (row as { at: string }).at;
}

async function untilRefused(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await query(url, 'select 1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return;
    }
    await sleep(50);
  }
  throw new Error('the server still runs');
}
