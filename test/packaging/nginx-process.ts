import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endChild } from '../fixtures/end-child.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { programHere } from '../fixtures/program-here.js';
import { groups, read } from './files.js';

const program = '/usr/sbin/nginx';

/** Whether tests can start one. */
export const nginxHere = programHere(program, ['-v'], 'nginx openssl');

/** What the handbook says of nginx. */
export const [handbookSite = ''] = groups(
  read('docs/operations.md'),
  /^```nginx\n(upstream[\s\S]*?)^```$/gm,
);

/** An nginx with the handbook's configuration. */
export class TestNginx {
  #output = '';

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** @param site the handbook's, or a change of it */
  static async start(site: string, upstreams: readonly string[]): Promise<TestNginx> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-nginx-'));
    const [plain, secure] = [await freePort(), await freePort()];
    const key = join(folder, 'key.pem');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-subj', '/CN=localhost', '-keyout', key, '-out', join(folder, 'chain.pem')],
      ],
      { stdio: 'ignore' },
    );
    const servers = upstreams.map((url) => `server ${new URL(url).host} max_fails=1;`);
    await writeFile(join(folder, 'lingpai-replicas.conf'), servers.join('\n'));
    const placed = site
      .replaceAll('/etc/nginx/certificates/', `${folder}/`)
      .replaceAll('/etc/nginx/', `${folder}/`)
      .replaceAll('/var/log/nginx/', `${folder}/`)
      .replace('listen 80;', `listen 127.0.0.1:${plain};`)
      .replace('listen 443 ', `listen 127.0.0.1:${secure} `);
    const config = join(folder, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    await writeFile(
      config,
      `pid ${folder}/pid;\nevents {}\nhttp {\n${temporary.join('\n')}\n${placed}\n}\n`,
    );
    const words = ['-p', folder, '-c', config, '-e', join(folder, 'error.log')];
    execFileSync(program, [...words, '-t'], { stdio: 'pipe' });
    const child = spawn(program, [...words, '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const nginx = new TestNginx(secure, child, folder);
    await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${plain}/`, { redirect: 'manual' });
      if (answer.status !== 301)
        throw new Error(`nginx did not start: ${answer.status} ${nginx.#output}`);
    });
    return nginx;
  }

  /** A line of JSON for each request. */
  get accessLog(): string {
    return readFileSync(join(this.folder, 'lingpai.log'), 'utf8');
  }

  async stop(): Promise<void> {
    // The workers go with it.
    await endChild(this.child, 'SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}
