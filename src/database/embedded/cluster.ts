import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AccessFile } from './access-file.js';
import type { ServerHome } from './server-home.js';

/** The superuser of the cluster: ours, on a server that only this project uses. */
export const clusterUser = 'lingpai';

/**
 * Makes the cluster on first run: aside, and moved into place when it is whole, so that a kill leaves no half of it.
 * @returns the superuser's password
 */
export async function ensureCluster(home: ServerHome, accessFile: AccessFile): Promise<string> {
  const known = await accessFile.read();
  if (known && (await exists(join(home.data, 'PG_VERSION')))) return known.password;

  await removeHalves(home);
  const half = `${home.data}.new.${process.pid}`;
  const password = randomBytes(24).toString('base64url');
  await initdb(home, half, password);
  await accessFile.write({ port: known?.port ?? 0, password });
  // Data without its password is of no use to anyone.
  await rm(home.data, { recursive: true, force: true });
  await rename(half, home.data);
  return password;
}

async function removeHalves(home: ServerHome): Promise<void> {
  for (const name of await readdir(home.dataDir)) {
    if (name.startsWith('data.new.'))
      await rm(join(home.dataDir, name), { recursive: true, force: true });
  }
}

async function initdb(home: ServerHome, target: string, password: string): Promise<void> {
  const passwordFile = join(home.dataDir, `password.${process.pid}`);
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (home.user) await chown(passwordFile, home.user.uid, home.user.gid);
    await run(home, 'initdb', [
      `--pgdata=${target}`,
      `--username=${clusterUser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function run(home: ServerHome, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(home.native, 'bin', program), args, {
    ...home.user,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: home.dataDir,
    env: { LC_ALL: 'C' },
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${words}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
