import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

import type { ServerHome } from './server-home.js';

/** A running `postgres`. */
export interface Server {
  /** Whether it has ended, by itself or by us. */
  readonly hasEnded: () => boolean;
  /** The end of what it logged. */
  readonly lastWords: () => string;
  /** Disconnects everybody, and waits until the data is safely down. */
  stop(): Promise<void>;
}

const fastLimitMs = 15_000;

/**
 * Waits beside the server for a line on a pipe that we hold. Our death, however sudden, closes the pipe without a line, and
 * the server is told to stop: a killed process leaves no server behind. (The second fork keeps the waiter from being a
 * child that the server does not know.)
 */
const untilWeDie = '( { read -r _ <&3 || kill -INT $$; } >/dev/null 2>&1 & ); exec "$@" 3<&-';

/** Errors are ours to log: their details may hold what no log line may hold, such as a phone number. */
const quiet = ['log_error_verbosity=terse', 'log_min_error_statement=panic'];

/** Spawns the server, listening on the loopback address only. It may need a moment before it answers. */
export function startServer(
  home: ServerHome,
  port: number,
  options: { readonly settings?: readonly string[]; readonly log?: (line: string) => void },
): Server {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...quiet];
  const args = [...settings, ...(options.settings ?? [])].flatMap((setting) => ['-c', setting]);
  const program = join(home.native, 'bin', 'postgres');
  const child = spawn(
    '/bin/sh',
    ['-c', untilWeDie, 'sh', program, '-D', home.data, '-p', String(port), ...args],
    {
      ...home.user,
      cwd: home.dataDir,
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      // Ctrl-C at the terminal is for us, who still have requests to finish.
      detached: true,
    },
  );
  const lifeline = child.stdio[3] as Duplex;
  lifeline.on('error', () => undefined);
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4000);
    options.log?.(chunk.toString().trimEnd());
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      hasEnded = true;
      lifeline.end('ended\n');
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      words += error.message;
      end();
    });
  });
  return {
    hasEnded: () => hasEnded,
    lastWords: () => words,
    stop: async () => {
      child.kill('SIGINT');
      const impatience = setTimeout(() => child.kill('SIGQUIT'), fastLimitMs);
      await ended;
      clearTimeout(impatience);
    },
  };
}
