import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { environmentVariables } from '../src/config/environment.js';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const names = Object.keys(environmentVariables);

interface Compose {
  services: Record<
    string,
    {
      environment: Record<string, string>;
      read_only?: boolean;
      ports?: string[];
      depends_on?: object;
    }
  >;
  volumes: object;
}

describe('the compose file', () => {
  const compose = parse(read('docker-compose.yml')) as Compose;

  it('has the service and its Postgres', () => {
    expect(Object.keys(compose.services)).toEqual(['lingpai', 'postgres']);
    expect(compose.services['lingpai']).toMatchObject({
      read_only: true,
      ports: ['${PUBLISHED_PORT:-3000}:3000'],
      depends_on: { postgres: { condition: 'service_healthy' } },
    });
  });

  it('offers every variable that the service reads, and no other', () => {
    expect(Object.keys(compose.services['lingpai']!.environment).sort()).toEqual([...names].sort());
  });

  it('has no secret in it', () => {
    for (const name of ['SECRET_KEY', 'ADMIN_CLIENT_SECRET']) {
      expect(compose.services['lingpai']!.environment[name]).toBe(`\${${name}:-}`);
    }
  });
});

it('the example environment explains every variable', () => {
  const example = read('.env.example');
  for (const name of names) expect(example).toMatch(new RegExp(`\\b${name}\\b`));
});

describe('the image', () => {
  const dockerfile = read('Dockerfile');

  it('runs as nobody in particular, in production', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^ENV NODE_ENV=production$/m);
    expect(dockerfile.indexOf('USER node')).toBeLessThan(dockerfile.indexOf('CMD ['));
  });

  it('copies what exists', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap((match) =>
      match[1]!.split(' ').slice(0, -1),
    );
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources)
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
  });

  it('asks a health path that exists, on the port that it exposes', () => {
    expect(dockerfile).toContain('/health/ready');
    expect(dockerfile).toMatch(/^EXPOSE 3000$/m);
    expect(read('src/health/health.controller.ts')).toMatch(
      /@Controller\('health'\)[\s\S]*@Get\('ready'\)/,
    );
  });
});

describe('the lock file', () => {
  it('names no registry', () => {
    const hosts = [...read('package-lock.json').matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(
      (match) => match[1],
    );
    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });
});
