import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../fixtures/ports.js';
import { compiled } from '../fixtures/programs.js';

const root = resolve(import.meta.dirname, '../..');
const python = '/usr/bin/python3';

/** Whether the system's Python holds what its example needs. In CI its absence is a fault, and shows as one. */
const pythonHere =
  process.env['CI'] !== undefined ||
  spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0;
if (!pythonHere)
  process.stderr.write(
    'python3-jwt is not installed: its example is skipped (apt-get install python3-jwt python3-cryptography)\n',
  );

/** An example that is run here. */
export interface Example {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly algorithms: readonly string[];
}

export const examples: readonly Example[] = [
  {
    name: 'nestjs',
    command: [process.execPath, compiled('examples/nestjs/src/main.ts')],
    // passport-jwt knows no EdDSA.
    algorithms: ['RS256', 'ES256'],
  },
  {
    name: 'node',
    command: [process.execPath, 'examples/node/server.mjs'],
    algorithms: ['RS256', 'ES256', 'EdDSA'],
  },
  ...(pythonHere
    ? [
        {
          name: 'python',
          command: [python, 'examples/python/server.py'] as const,
          algorithms: ['RS256', 'ES256', 'EdDSA'],
        },
      ]
    : []),
];

export interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
}

/** One of the examples, as a process of its own. */
export class ExampleProcess {
  readonly #child: ChildProcess;
  #output = '';

  private constructor(
    readonly port: number,
    example: Example,
    settings: Readonly<Record<string, string>>,
  ) {
    const [program, ...words] = example.command;
    const child = spawn(program, words, {
      cwd: root,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOST: '127.0.0.1',
        PORT: String(port),
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        ...settings,
      },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** @param settings what its README names: ISSUER, AUDIENCE, ALGORITHMS … */
  static async start(
    example: Example,
    settings: Readonly<Record<string, string>>,
  ): Promise<ExampleProcess> {
    const started = new ExampleProcess(await freePort(), example, settings);
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await started.get('/me').catch(() => undefined);
      if (answer) return started;
      if (started.#child.exitCode !== null) break;
      await sleep(100);
    }
    throw new Error(`${example.name} did not start: ${started.#output}`);
  }

  /** Everything that it printed. */
  get output(): string {
    return this.#output;
  }

  /** @param authorization the header's value, or the values of several headers */
  get(path: string, authorization?: string | readonly string[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.port, path, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            challenge: answer.headers['www-authenticate'],
            retryAfter: answer.headers['retry-after'],
            body: JSON.parse(text) as unknown,
          }),
        );
      });
      if (authorization !== undefined) call.setHeader('Authorization', authorization);
      call.on('error', reject).end();
    });
  }

  /** What it says to a token. */
  async status(token: string, path = '/me'): Promise<number> {
    return (await this.get(path, `Bearer ${token}`)).status;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
