import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { ConfigError, loadConfig } from './load-config.js';

const key = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const production = {
  NODE_ENV: 'production',
  ISSUER_URL: 'https://id.example.com',
  DATABASE_URL: 'postgres://lingpai:hunter2hunter2@db/lingpai',
  SECRET_KEY: key,
};

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env, mkdtempSync(join(tmpdir(), 'lingpai-config-')));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('loadConfig', () => {
  it('needs nothing outside production, and keeps the key that it made', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'lingpai-config-'));
    const first = loadConfig({}, cwd);

    expect(first.issuerUrl).toBe('http://localhost:3000');
    expect(first.secretKeys[0]).toHaveLength(32);
    expect(loadConfig({}, cwd).secretKeys[0]).toEqual(first.secretKeys[0]);
  });

  it('lists every fault at once, by name', () => {
    const faults = faultsOf({
      PORT: 'eighty',
      ISSUER_URL: 'ftp://id.example.com',
      DATABASE_URL: 'mysql://db',
      SECRET_KEY: 'c2hvcnQ=',
      LOG_LEVEL: 'loud',
      SIGNING_ALG: 'none',
      TRUST_PROXY: 'everyone',
      ADMIN_CLIENT_ID: 'ops',
    });

    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'PORT',
      'ISSUER_URL',
      'DATABASE_URL',
      'SECRET_KEY',
      'TRUST_PROXY',
      'LOG_LEVEL',
      'SIGNING_ALG',
      'ADMIN_CLIENT_ID, ADMIN_CLIENT_SECRET',
    ]);
  });

  it('wants https, a database and a key in production', () => {
    expect(faultsOf({ NODE_ENV: 'production', ISSUER_URL: 'http://id.example.com' })).toEqual([
      'ISSUER_URL: must begin with https:// in production',
      'DATABASE_URL: must be set in production; the embedded database is for trying out',
      'SECRET_KEY: must be set in production (make one with `openssl rand -base64 32`)',
    ]);
    expect(faultsOf(production)).toEqual([]);
  });

  it.each([
    'https://id.example.com/auth',
    'https://id.example.com/?a=b',
    'https://user@id.example.com',
  ])('refuses an issuer that is more than an origin: %s', (issuer) =>
    expect(faultsOf({ ...production, ISSUER_URL: issuer })).toHaveLength(1),
  );

  it.each([
    Buffer.alloc(32).toString('base64'),
    Buffer.alloc(32, 'ab').toString('base64'),
    'not base64 at all',
  ])('refuses a weak key', (weak) =>
    expect(faultsOf({ ...production, SECRET_KEY: weak })).toHaveLength(1),
  );

  it.each(['short', 'changeme-changeme-changeme-changeme', 'a'.repeat(40)])(
    'refuses a weak admin secret',
    (weak) => {
      const faults = faultsOf({ ADMIN_CLIENT_ID: 'ops', ADMIN_CLIENT_SECRET: weak });
      expect(faults).toHaveLength(1);
      expect(faults[0]).not.toContain(weak);
    },
  );

  it('prints no secret', () => {
    const config = loadConfig({ ...production, REDIS_URL: 'redis://:hunter3hunter3@cache' });
    const printed = inspect(config, { depth: 5 }) + JSON.stringify(config);
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain('hunter3');
  });
});
