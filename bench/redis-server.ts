import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@keyv/redis';

import { freePort } from '../src/database/embedded/free-port.js';

/** A Redis of the benchmark's own; `undefined` where none is installed. */
export async function startRedis(): Promise<
  { readonly url: string; stop(): Promise<void> } | undefined
> {
  const folder = await mkdtemp(join(tmpdir(), 'lingpai-bench-redis-'));
  const port = String(await freePort());
  const words = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn('redis-server', words, { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on('error', () => undefined);
  try {
    await Promise.race([
      once(child, 'error').then(([error]: unknown[]) => Promise.reject(error as Error)),
      client.connect(),
    ]);
    return { url, stop };
  } catch {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  } finally {
    client.destroy();
  }
}
