import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bornAt, hidden } from './processes.js';

const lockOf = (folder: string): string => join(folder, 'postgres.owner');

/**
 * Takes the folder's lock. It holds its owner's process id and birth, and falls to whoever comes next when the owner is dead.
 * @returns whether this process owns the folder from now on; `false` while a live process does, this one included
 */
export async function takeOwnership(folder: string): Promise<boolean> {
  const lock = lockOf(folder);
  const own = besides(lock);
  await writeFile(own, await signature(), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (await placed(own, lock)) return true;
      const owner = await readFile(lock, 'utf8').catch(() => undefined);
      if (owner === undefined) continue;
      if (await isLive(owner)) return false;
      await removeStale(lock, owner);
    }
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

/** Leaves the folder to the next one. */
export async function giveUpOwnership(folder: string): Promise<void> {
  const lock = lockOf(folder);
  const owner = await readFile(lock, 'utf8').catch(() => undefined);
  if (owner === (await signature())) await rm(lock, { force: true });
}

async function signature(): Promise<string> {
  return `${process.pid} ${(await bornAt(process.pid)) ?? hidden}`;
}

async function isLive(owner: string): Promise<boolean> {
  const [pid, birth = hidden] = owner.split(/ (.*)/s);
  const actual = await bornAt(Number(pid));
  return actual !== undefined && (actual === birth || actual === hidden || birth === hidden);
}

/** A hard link appears whole or not at all, so that nobody ever reads half a lock. */
async function placed(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Of several that find the same dead owner one moves its lock away; whoever moved a newer lock by mistake puts it back. */
async function removeStale(lock: string, owner: string): Promise<void> {
  const aside = besides(lock);
  try {
    await rename(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return;
  }
  if ((await readFile(aside, 'utf8')) !== owner) await placed(aside, lock);
  await rm(aside, { force: true });
}

function besides(file: string): string {
  return `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
}
