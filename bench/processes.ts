import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A measured program. */
export interface Measured {
  readonly child: ChildProcess;
  /** The first line that it printed. */
  readonly firstLine: Promise<string>;
  /** CPU time so far, in milliseconds. */
  cpuMs(): number;
  /** The most memory it ever held, in megabytes. */
  peakMb(): number;
  stop(): Promise<void>;
}

/** For a service that is hammered from one address, by one client: counting is a part of what is measured, being refused is not. */
export const roomyLimits = {
  LIMIT_SIGN_IN_PER_MINUTE: '10000000',
  LIMIT_TOKEN_PER_MINUTE: '10000000',
  LIMIT_API_PER_MINUTE: '10000000',
  LIMIT_REFUSED_PER_MINUTE: '10000000',
};

/** Clock ticks per second of `/proc/<pid>/stat`. */
const ticksPerSecond = 100;

/**
 * Starts one of the built programs.
 * @param flags for Node itself
 */
export function start(
  file: string,
  env: Record<string, string>,
  flags: readonly string[] = [],
): Measured {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, '..', file)], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stat = (): string[] =>
    readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return {
    child,
    firstLine: new Promise((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
      });
    }),
    // utime and stime are fields 14 and 15, counted from the process id.
    cpuMs: () => ((Number(stat()[11]) + Number(stat()[12])) * 1000) / ticksPerSecond,
    peakMb: () =>
      Number(
        /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1] ?? 0,
      ) / 1024,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Until a service answers its readiness check. */
export async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error('the service did not get ready');
}
