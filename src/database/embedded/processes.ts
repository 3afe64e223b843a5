import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The process lives, but the system hides when it was born. */
export const hidden = 'hidden';

/**
 * When a live process was born, in the system's own spelling: process ids are given out again, births are not.
 * @returns `undefined` for a process that is gone, or dead and only waits for its parent to notice
 */
export async function bornAt(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // The second field is the program's name in brackets and may hold spaces: state is field 3, the birth field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }
  if (!mayExist(pid)) return undefined;
  return (await ps(pid, 'lstart')) || hidden;
}

/** The program and its arguments; empty when the process is gone or hidden. */
export async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return line === undefined ? ps(pid, 'command') : line.replaceAll('\0', ' ');
}

function mayExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** For systems without `/proc`. */
async function ps(pid: number, column: string): Promise<string> {
  const listed = await promisify(execFile)('ps', ['-o', `${column}=`, '-p', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return listed.stdout.trim();
}
