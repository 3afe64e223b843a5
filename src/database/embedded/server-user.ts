import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { copyBinaries } from './binaries.js';

/** As whom, and from where, the server runs. */
export interface ServerHome {
  readonly native: string;
  readonly dataDir: string;
  /** Set when we are root: Postgres refuses to run as root, so it runs as a user without rights. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * Decides where the server runs. As an ordinary user: where we are. As root: under an unprivileged user of the system, and
 * where that user may not go (a clone below `/root`, a private temporary folder) binaries and data move to `/var/tmp`.
 */
export async function chooseServerHome(native: string, dataDir: string): Promise<ServerHome> {
  if (process.getuid?.() !== 0) return { native, dataDir };
  const user = await unprivilegedUser();
  const elsewhere = join('/var/tmp', `lingpai-${fingerprint(dataDir)}`);
  const needsMove = { native: !(await isOpen(native)), data: !(await isOpen(dirname(dataDir))) };
  if (needsMove.native || needsMove.data) await ownFolder(elsewhere);
  const home = {
    native: needsMove.native ? await copyBinaries(native, elsewhere) : native,
    dataDir: needsMove.data ? join(elsewhere, 'postgres') : dataDir,
    user,
  };
  await mkdir(home.dataDir, { recursive: true });
  await chown(home.dataDir, user.uid, user.gid);
  return home;
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const found = ['postgres', 'nobody'].flatMap((name) =>
    lines.filter(([user]) => user === name),
  )[0];
  if (!found)
    throw new Error(
      'Postgres refuses to run as root and there is no user to run it as: set DATABASE_URL.',
    );
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Whether any user may enter a folder and every folder above it. */
async function isOpen(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found && (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A folder in a place where anyone may write: taken only if it is ours. */
async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o711 }).catch(() => undefined);
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== 0)
    throw new Error(`${folder} belongs to someone else: set DATABASE_URL.`);
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
