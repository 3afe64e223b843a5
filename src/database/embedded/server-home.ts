import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type ServerUser, usableBinaries } from './binaries.js';
import { ownPlace } from './own-place.js';

/** As whom, and from where, the server runs. */
export interface ServerHome {
  /** Holds `bin`, `lib` and `share`. */
  readonly native: string;
  /** The server's own folder; its cluster is `data` in it. */
  readonly dataDir: string;
  readonly data: string;
  readonly user: ServerUser | undefined;
}

/**
 * Decides where the server runs. As an ordinary user: under `folder`. As root, which Postgres refuses to run as: as an
 * unprivileged user of the system; where that user may not go, binaries and data move to a place of ours outside.
 */
export async function chooseServerHome(folder: string): Promise<ServerHome> {
  const inside = join(folder, 'postgres');
  if (process.getuid?.() !== 0) {
    await mkdir(inside, { recursive: true, mode: 0o700 });
    const native = await usableBinaries(undefined);
    return { native, dataDir: inside, data: join(inside, 'data'), user: undefined };
  }
  const user = (await ownerOf(join(inside, 'data'))) ?? (await unprivilegedUser());
  const dataDir = (await mayEnter(folder, user))
    ? inside
    : join(await ownPlace(`data-${fingerprint(folder)}`), 'postgres');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chown(dataDir, user.uid, user.gid);
  return { native: await usableBinaries(user), dataDir, data: join(dataDir, 'data'), user };
}

/** Data that an ordinary user made stays that user's, also when root starts the server once. */
async function ownerOf(data: string): Promise<ServerUser | undefined> {
  const found = await stat(data).catch(() => undefined);
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
}

async function unprivilegedUser(): Promise<ServerUser> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const known = (wanted: string): string[] | undefined => lines.find(([name]) => name === wanted);
  const found = known('postgres') ?? known('nobody') ?? lines.find(([, , uid]) => Number(uid) > 0);
  if (!found)
    throw new Error(
      'Postgres refuses to run as root, and there is no other user: set DATABASE_URL.',
    );
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Asked as that user: besides modes there are groups, access lists and security modules. */
async function mayEnter(folder: string, user: ServerUser): Promise<boolean> {
  return promisify(execFile)('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...user,
    cwd: '/',
  }).then(
    () => true,
    () => false,
  );
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
