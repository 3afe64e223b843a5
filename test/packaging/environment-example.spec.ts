import { randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { environmentVariables } from '../../src/config/environment.js';
import { loadConfig } from '../../src/config/load-config.js';
import { askedFor, environmentOf, readCompose, readEnvFile } from './compose-files.js';
import { groups, read } from './files.js';

const text = read('.env.example');
const offered = groups(text, /^#?([A-Z_]+)=/gm);

describe('the example environment', () => {
  it('offers every variable that the service or the compose files read, once', () => {
    const asked = [
      ...Object.keys(environmentVariables),
      ...askedFor('docker-compose.yml'),
      ...askedFor('docker-compose.secrets.yml'),
    ];
    for (const name of new Set(asked))
      expect([name, offered.filter((each) => each === name).length]).toEqual([name, 1]);
  });

  it('offers nothing that nobody reads', () => {
    const asked = new Set([
      ...Object.keys(environmentVariables),
      ...askedFor('docker-compose.yml'),
      ...groups(read('docs/provisioning.example.yaml'), /\$\{([A-Z_]+)\}/g),
    ]);
    expect(offered.filter((name) => !asked.has(name))).toEqual([]);
  });

  it('offers what the provisioning example asks for', () => {
    const asked = groups(read('docs/provisioning.example.yaml'), /^[^#\n]*\$\{([A-Z_]+)\}/gm);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !offered.includes(name))).toEqual([]);
  });

  it('begins with what must be filled in, and with nothing else', () => {
    expect(Object.keys(readEnvFile('.env.example'))).toEqual([
      'ISSUER_URL',
      'SECRET_KEY',
      'POSTGRES_PASSWORD',
      'DINGTALK_CLIENT_ID',
      'DINGTALK_CLIENT_SECRET',
      'WECOM_SECRET',
      'PORTAL_CLIENT_SECRET',
    ]);
    const lastWritten = text.lastIndexOf('\nPORTAL_CLIENT_SECRET=');
    expect(text.indexOf('\n#HTTP_PORT=')).toBeGreaterThan(lastWritten);
  });

  it('says a word about every variable: each group of lines has a comment above it', () => {
    for (const block of text.split('\n\n')) {
      if (!/^#?[A-Z_]+=/m.test(block)) continue;
      expect(block).toMatch(/^# \S/);
    }
  });

  it('names the true defaults: with every line in force, the service is told the same', () => {
    const filled = {
      ...readEnvFile('.env.example'),
      SECRET_KEY: randomBytes(32).toString('base64'),
      POSTGRES_PASSWORD: 'a1b2c3d4',
    };
    const lines = [...text.matchAll(/^#([A-Z_]+)=(.*)$/gm)];
    expect(lines.length).toBeGreaterThan(40);
    const all = {
      ...filled,
      ...Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value])),
    };
    const told = (values: Record<string, string>): unknown => {
      const service = readCompose('docker-compose.yml', values).services['lingpai-1'];
      const config = loadConfig(environmentOf(service!, values));
      return [config, config.databaseUrl?.reveal(), config.redisUrl?.reveal()];
    };
    expect(told(all)).toEqual(told(filled));
    const published = (values: Record<string, string>): unknown =>
      Object.values(readCompose('docker-compose.yml', values).services).map(
        ({ image, ports, environment }) => ({ image, ports, site: environment?.['SITE_ADDRESS'] }),
      );
    expect(published(all)).toEqual(published(filled));
  });
});
