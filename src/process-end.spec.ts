import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { compiled } from '../test/fixtures/programs.js';

/** A process with an end of its own. @returns its exit code and its log */
async function run(ending: string): Promise<{ code: unknown; log: string }> {
  const script = `
    const { Logger } = await import('${compiled('src/common/logger.ts')}');
    const { ProcessEnd } = await import('${compiled('src/process-end.ts')}');
    new ProcessEnd(new Logger('info'), { waitingFor: () => 'Godot', ${ending} });
    setInterval(() => undefined, 1000);
    process.kill(process.pid, 'SIGTERM');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, log };
}

describe('an end that was asked for', () => {
  it('is the end of the process once everything has ended', async () => {
    const { code, log } = await run(
      `limitMs: () => 10_000, end: () => new Promise((resolve) => setTimeout(resolve, 100))`,
    );
    expect(code).toBe(0);
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; tookMs?: number });
    expect(lines.map(({ msg }) => msg)).toEqual(['shutting down', 'shut down']);
    expect(lines[1]?.tookMs).toBeGreaterThanOrEqual(99);
  });

  it('comes at its limit all the same, with exit code 0, and says what it was waiting for', async () => {
    const { code, log } = await run(`limitMs: () => 200, end: () => new Promise(() => undefined)`);
    expect(code).toBe(0);
    expect(JSON.parse(log.trim().split('\n').at(-1) ?? '')).toMatchObject({
      level: 'warn',
      waitingFor: 'Godot',
      limitMs: 200,
      msg: 'the limit of the shutdown cuts off what is left',
    });
  });

  it('that fails is a fault with code 1', async () => {
    const { code, log } = await run(
      `limitMs: () => 10_000, end: () => Promise.reject(new Error('no way out'))`,
    );
    expect(code).toBe(1);
    expect(log).toContain('"code":"unhandled_rejection"');
  });
});
