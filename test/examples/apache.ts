import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = '/usr/sbin/apache2';
const modules = '/usr/lib/apache2/modules';
const loaded = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'alias',
  'headers',
  'env',
  'proxy',
  'proxy_http',
  'auth_openidc',
];

/** Whether Apache is here, with the module. In CI its absence is a fault, and shows as one. */
export const apacheHere =
  process.env['CI'] !== undefined ||
  (existsSync(program) && existsSync(join(modules, 'mod_auth_openidc.so')));
if (!apacheHere)
  process.stderr.write(
    'apache2 with mod_auth_openidc is not installed: what needs it is skipped (apt-get install apache2 libapache2-mod-auth-openidc)\n',
  );

/** An Apache of a test's own, as an ordinary user, on an own port. */
export class TestApache {
  readonly #child: ChildProcess;
  #output = '';

  private constructor(
    private readonly folder: string,
    env: Readonly<Record<string, string>>,
  ) {
    const words = ['-f', join(folder, 'apache.conf'), '-DFOREGROUND'];
    const child = spawn(program, words, { env: { ...env, PATH: process.env['PATH'] ?? '' } });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /**
   * @param hosts its virtual hosts, by port
   * @param env what `${…}` in them stands for
   */
  static async start(
    hosts: ReadonlyMap<number, string>,
    env: Readonly<Record<string, string>>,
  ): Promise<TestApache> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-apache-'));
    await mkdir(join(folder, 'cache'));
    await writeFile(join(folder, 'signed-out.html'), '<!doctype html><p>You are signed out.');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) spawnSync('chown', ['-R', 'www-data', folder]);
    const lines = [
      ...loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
      `PidFile ${folder}/pid`,
      `ErrorLog ${folder}/error.log`,
      `Mutex file:${folder}`,
      `DefaultRuntimeDir ${folder}`,
      'ServerName localhost',
      'StartServers 1',
      ...(isRoot ? ['User www-data', 'Group www-data'] : []),
      `<Directory ${folder}>`,
      'Require all granted',
      '</Directory>',
      'LogLevel auth_openidc:info',
      // Node's fetch always says that it is no navigation; such requests are answered with 401 in place of a way to sign in.
      'RequestHeader unset Sec-Fetch-Mode early',
      ...[...hosts].flatMap(([port, text]) => [
        `Listen 127.0.0.1:${port}`,
        `<VirtualHost 127.0.0.1:${port}>`,
        text.replaceAll('/var/www/html', folder),
        '</VirtualHost>',
      ]),
    ];
    await writeFile(join(folder, 'apache.conf'), lines.join('\n'));
    const apache = new TestApache(folder, env);
    const [port = 0] = hosts.keys();
    for (let tries = 0; tries < 100; tries += 1) {
      if (await fetch(`http://127.0.0.1:${port}/signed-out`).catch(() => undefined)) return apache;
      if (apache.#child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`apache did not start: ${await apache.log()}`);
  }

  async log(): Promise<string> {
    return this.#output + (await readFile(join(this.folder, 'error.log'), 'utf8').catch(() => ''));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** An application that knows no OAuth: it answers with the headers that reached it. */
export class PlainApplication {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<PlainApplication> {
    const server = createServer((request, response) => {
      response
        .setHeader('Content-Type', 'application/json')
        .end(JSON.stringify({ path: request.url, headers: request.headers }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PlainApplication(server, (server.address() as AddressInfo).port);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
