import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endChild } from '../fixtures/end-child.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { programHere } from '../fixtures/program-here.js';
import { read } from './files.js';

/** Whether tests can start one. */
export const blackboxHere = programHere(
  'prometheus-blackbox-exporter',
  ['--version'],
  'prometheus-blackbox-exporter',
);

/** Who asks from outside, with the configuration that we deliver. */
export class TestBlackbox {
  private constructor(
    /** host:port */
    readonly address: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param root the root of the company's own authority, where there is one */
  static async start(root?: string): Promise<TestBlackbox> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-blackbox-'));
    const address = `127.0.0.1:${await freePort()}`;
    const config = read('deploy/blackbox/blackbox.yml');
    await writeFile(
      join(folder, 'blackbox.yml'),
      root === undefined
        ? config
        : config.replace('# tls_config', 'tls_config').replace('/etc/blackbox/root.pem', root),
    );
    const child = spawn(
      'prometheus-blackbox-exporter',
      [`--config.file=${join(folder, 'blackbox.yml')}`, `--web.listen-address=${address}`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const blackbox = new TestBlackbox(address, child, folder);
    await eventually(async () => {
      // Where the health check of the compose file asks.
      const { status } = await fetch(`http://${address}/-/healthy`);
      if (status !== 200) throw new Error(`it answers ${status}`);
    }).catch((error: unknown) => {
      throw new Error(`the blackbox exporter did not start: ${output.slice(-2000)}`, {
        cause: error,
      });
    });
    return blackbox;
  }

  async stop(): Promise<void> {
    await endChild(this.child);
    await rm(this.folder, { recursive: true, force: true });
  }
}
