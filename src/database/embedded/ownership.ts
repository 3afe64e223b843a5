import { open, readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const stopLimitMs = 15_000;

/**
 * Takes the folder's lock.
 * @returns whether this process owns the folder now; `false` means that another live process does
 */
export async function takeOwnership(folder: string): Promise<boolean> {
  const file = join(folder, 'postgres.owner');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(await readFile(file, 'utf8').catch(() => ''));
      if (owner && owner !== process.pid && isAlive(owner)) return false;
      await rm(file, { force: true });
    }
  }
  return false;
}

export async function giveUpOwnership(folder: string): Promise<void> {
  await rm(join(folder, 'postgres.owner'), { force: true });
}

/** Ends a server whose owner was killed, so that its data can be opened again. */
export async function stopOrphan(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  if (!(await isPostgres(pid))) {
    // The number may belong to another program by now; Postgres would wait for that one.
    await rm(file, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  for (let waitedMs = 0; waitedMs < stopLimitMs && isAlive(pid); waitedMs += 50) await sleep(50);
  if (isAlive(pid)) process.kill(pid, 'SIGQUIT');
  for (let waitedMs = 0; waitedMs < stopLimitMs && isAlive(pid); waitedMs += 50) await sleep(50);
}

async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(async () => {
    const listed = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)]).catch(
      () => ({ stdout: '' }),
    );
    return listed.stdout;
  });
  return name.includes('postgres');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
