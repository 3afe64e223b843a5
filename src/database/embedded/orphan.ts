import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { bornAt, commandOf } from './processes.js';

const fastLimitMs = 15_000;
const pauseMs = 50;

/** Ends a server whose owner was killed, so that its data can be opened again. */
export async function stopOrphan(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  if (!(await isServerOf(data, pid))) {
    // The number may be another program's by now, which Postgres would take for the server and refuse to start.
    await rm(file, { force: true });
    return;
  }
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < fastLimitMs; waitedMs += pauseMs) {
      if ((await bornAt(pid)) === undefined) return;
      await sleep(pauseMs);
    }
  }
}

/** By its data folder, not by its name: a machine may well run a Postgres of its own, which is none of our business. */
async function isServerOf(data: string, pid: number): Promise<boolean> {
  return (await bornAt(pid)) !== undefined && (await commandOf(pid)).includes(`-D ${data} `);
}
