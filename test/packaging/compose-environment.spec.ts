import { randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { environmentVariables } from '../../src/config/environment.js';
import { loadConfig } from '../../src/config/load-config.js';
import { environmentOf, interpolate, readCompose, readEnvFile } from './compose-files.js';

const variables = Object.keys(environmentVariables);
const { 'lingpai-1': first, postgres } = readCompose('docker-compose.yml').services;

const secretKey = randomBytes(32).toString('base64');
const env = {
  ...readEnvFile('.env.example'),
  SECRET_KEY: secretKey,
  POSTGRES_PASSWORD: 'a1b2c3d4',
};

describe('interpolation, as these tests do it', () => {
  it.each([
    ['${SET}', 'x'],
    ['${EMPTY:-y}', 'y'],
    ['${EMPTY-y}', ''],
    ['${NONE-y}', 'y'],
    ['${NONE:-a ${SET} b}', 'a x b'],
    ['$$SET ${SET}', '$SET x'],
  ])('%s is %s', (text, expected) =>
    expect(interpolate(text, { SET: 'x', EMPTY: '' })).toBe(expected),
  );

  it('refuses what must be set', () => {
    expect(() => interpolate('${EMPTY:?say it}', { EMPTY: '' })).toThrow('EMPTY: say it');
    expect(interpolate('${SET:?say it}', { SET: 'x' })).toBe('x');
  });
});

describe('what the compose file hands to the service', () => {
  it('is every variable that it reads, and no other', () => {
    const environment = first?.environment ?? {};
    expect(Object.keys(environment).sort()).toEqual([...variables].sort());
    const fixed: Record<string, string> = {
      NODE_ENV: 'production',
      PORT: '3000',
      HOST: '',
      MIGRATE_ON_START: 'false',
    };
    for (const [name, value] of Object.entries(environment)) {
      if (name in fixed) expect([name, value]).toEqual([name, fixed[name]]);
      else expect([name, value.replace(/^\$\{(\w+):?-.*/s, '$1')]).toEqual([name, name]);
    }
  });

  it.each(['lingpai-1', 'lingpai-2', 'migrate'])(
    'makes a configuration for %s, from the example and two secrets',
    (name) => {
      const service = readCompose('docker-compose.yml', env).services[name];
      const config = loadConfig(environmentOf(service!, env));
      expect(config).toMatchObject({
        production: true,
        port: 3000,
        host: expect.stringMatching(/^(?:::|0\.0\.0\.0)$/),
        issuerUrl: 'https://id.example.com',
        trustProxy: 1,
        migrateOnStart: false,
        provisioningFile: '/etc/lingpai/provisioning.yaml',
      });
      expect(config.databaseUrl?.reveal()).toBe(
        'postgres://lingpai:a1b2c3d4@postgres:5432/lingpai',
      );
      expect(config.redisUrl?.reveal()).toBe('redis://valkey:6379');
      expect(config.secretKeys).toEqual([Buffer.from(secretKey, 'base64')]);
    },
  );

  it('knows no Redis where REDIS_URL is set to nothing', () => {
    const without = { ...env, REDIS_URL: '' };
    const service = readCompose('docker-compose.yml', without).services['lingpai-1'];
    expect(loadConfig(environmentOf(service!, without)).redisUrl).toBeUndefined();
  });

  it('holds no secret that was not given', () => {
    const given = Object.entries(first?.environment ?? {});
    const written = given.filter(([name]) => /SECRET|TOKEN|PASSWORD|ACCESS_KEY/.test(name));
    expect(written.length).toBeGreaterThan(5);
    for (const [name, value] of written)
      expect([name, /^\$\{\w+:-\}$/.test(value) || /_SECONDS$|_PER_MINUTE$/.test(name)]).toEqual([
        name,
        true,
      ]);
    expect(postgres?.environment?.['POSTGRES_PASSWORD']).toBe('${POSTGRES_PASSWORD:-}');
  });

  it('names the site after ISSUER_URL, and refuses to start without one', () => {
    expect(readCompose('docker-compose.yml', env).services['proxy']?.environment).toEqual({
      SITE_ADDRESS: 'https://id.example.com',
      SITE_TLS: '',
      TRUSTED_PROXIES: '',
      UPSTREAMS: 'lingpai-1:3000 lingpai-2:3000',
      CADDY_ADMIN: '127.0.0.1:2019',
    });
    expect(() => readCompose('docker-compose.yml', { ...env, ISSUER_URL: '' })).toThrow(
      'ISSUER_URL: set it in .env',
    );
  });
});
