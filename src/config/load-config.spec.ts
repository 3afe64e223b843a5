import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

import { environmentVariables } from './environment.js';
import { ConfigError, loadConfig } from './load-config.js';

const key = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const production = {
  NODE_ENV: 'production',
  ISSUER_URL: 'https://id.example.com',
  DATABASE_URL: 'postgres://lingpai:hunter2hunter2@db/lingpai',
  SECRET_KEY: key,
};

const base = mkdtempSync(join(tmpdir(), 'lingpai-config-'));
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(base, 'cwd-'));
});

afterAll(() => rmSync(base, { recursive: true }));

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env, cwd);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('loadConfig', () => {
  it('needs nothing outside production, and keeps the key that it made', () => {
    const first = loadConfig({}, cwd);

    expect(first.issuerUrl).toBe('http://localhost:3000');
    expect(first.secretKeys[0]).toHaveLength(32);
    expect(loadConfig({}, cwd).secretKeys[0]).toEqual(first.secretKeys[0]);
    expect(statSync(join(cwd, '.lingpai/secret-key')).mode & 0o777).toBe(0o600);
    expect(loadConfig({}, mkdtempSync(join(base, 'other-'))).secretKeys[0]).not.toEqual(
      first.secretKeys[0],
    );
  });

  it('starts with the defaults that the documents name', () => {
    expect(loadConfig({ SECRET_KEY: key }, cwd)).toMatchObject({
      production: false,
      port: 3000,
      databasePoolSize: 10,
      trustProxy: false,
      logLevel: 'info',
      signingAlg: 'RS256',
      signingKeyRotationDays: 90,
      requestLimits: {
        signInPerMinute: 6000,
        tokenPerMinute: 6000,
        apiPerMinute: 6000,
        refusedPerMinute: 600,
      },
      metricsToken: undefined,
      tracesUrl: undefined,
      migrateOnStart: true,
      lifetimes: {
        accessTokenSeconds: 600,
        idTokenSeconds: 600,
        refreshTokenSeconds: 2_592_000,
        sessionSeconds: 28_800,
      },
      dataDir: join(cwd, '.lingpai'),
    });
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig({ SECRET_KEY: key }, cwd);
    expect(Object.isFrozen(config) && Object.isFrozen(config.lifetimes)).toBe(true);
    expect(Object.isFrozen(config.secretKeys)).toBe(true);
  });

  it('encrypts with the first key of several', () => {
    const older = Buffer.from('vutsrqponmlkjihgfedcba9876543210').toString('base64');
    const { secretKeys } = loadConfig({ SECRET_KEY: `${key}, ${older}` }, cwd);
    expect(secretKeys.map((each) => each.toString())).toEqual([
      '0123456789abcdefghijklmnopqrstuv',
      'vutsrqponmlkjihgfedcba9876543210',
    ]);
  });

  it('says what to do when the kept key is damaged, or cannot be kept', () => {
    loadConfig({}, cwd);
    const file = join(cwd, '.lingpai/secret-key');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^SECRET_KEY: must be set.*remove the file/),
    ]);

    writeFileSync(join(cwd, 'a-file'), '');
    expect(faultsOf({ LINGPAI_DATA_DIR: 'a-file' })).toEqual([
      expect.stringMatching(/^SECRET_KEY: must be set.*cannot be made/),
    ]);
  });

  it.each([
    ['2', 2],
    ['10.0.0.0/8, loopback', '10.0.0.0/8, loopback'],
    ['::1', '::1'],
  ])('trusts the proxies %s', (given, expected) =>
    expect(loadConfig({ SECRET_KEY: key, TRUST_PROXY: given }, cwd).trustProxy).toBe(expected),
  );

  it.each([
    '0.0.0.0/0',
    '10.0.0.0/8, ::/0',
    'true',
    'abc',
    '10.0.0.1/33',
    '10.0.0.1,',
    'loopback everyone',
    '-1',
  ])('does not trust %s, which is no proxy', (given) =>
    expect(faultsOf({ TRUST_PROXY: given })).toEqual([
      expect.stringMatching(/^TRUST_PROXY: must be /),
    ]),
  );

  it('names the range of a number', () => {
    expect(
      faultsOf({ PORT: '70000', ACCESS_TOKEN_TTL_SECONDS: '1', DATABASE_POOL_SIZE: '1.5' }),
    ).toEqual([
      'PORT: must be a port number from 0 to 65535',
      'DATABASE_POOL_SIZE: must be a number of connections from 2 to 500',
      'ACCESS_TOKEN_TTL_SECONDS: must be a number of seconds from 60 to 86400',
    ]);
  });

  it('prints no value in a fault', () => {
    const faults = faultsOf({
      DATABASE_URL: 'postgres//lingpai:hunter2hunter2@db',
      REDIS_URL: 'hunter3hunter3',
      SECRET_KEY: 'hunter4hunter4',
      OUTBOUND_PROXY: 'hunter5hunter5',
    });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain('hunter');
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(Object.keys(environmentVariables).map((name) => [name, '']));
    expect(faultsOf(empty)).toEqual([]);
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

  it('reads any variable from the file that its name with _FILE says, without the last line end', () => {
    const file = join(cwd, 'key');
    writeFileSync(file, `${key}\n`);
    const { SECRET_KEY: _, ...rest } = production;
    const config = loadConfig({ ...rest, SECRET_KEY: '', SECRET_KEY_FILE: file }, cwd);
    expect(config.secretKeys).toEqual([Buffer.from('0123456789abcdefghijklmnopqrstuv')]);
  });

  it('refuses a variable that comes twice, and a file that is not there', () => {
    const faults = faultsOf({
      ...production,
      SECRET_KEY_FILE: join(cwd, 'other'),
      METRICS_TOKEN_FILE: join(cwd, 'none'),
    });
    expect(faults).toEqual([
      'SECRET_KEY, SECRET_KEY_FILE: must not both be set',
      'METRICS_TOKEN_FILE: names a file that cannot be read (ENOENT)',
    ]);
  });

  it('refuses an empty file, which would leave a guard away; one fault is told once', () => {
    const file = join(cwd, 'empty');
    writeFileSync(file, '\n');
    const { SECRET_KEY: _, ...rest } = production;
    expect(
      faultsOf({
        ...rest,
        SECRET_KEY_FILE: file,
        METRICS_TOKEN_FILE: file,
        ADMIN_CLIENT_ID: 'ops',
        ADMIN_CLIENT_SECRET_FILE: join(cwd, 'none'),
      }),
    ).toEqual([
      'SECRET_KEY_FILE: names an empty file',
      'ADMIN_CLIENT_SECRET_FILE: names a file that cannot be read (ENOENT)',
      'METRICS_TOKEN_FILE: names an empty file',
    ]);
  });

  it('refuses a NODE_ENV that only looks like production', () => {
    for (const wrong of ['prod', 'Production'])
      expect(faultsOf({ NODE_ENV: wrong, SECRET_KEY: key })).toEqual([
        'NODE_ENV: must be production, development or test',
      ]);
  });

  it('gives a proxy time to look away in production only', () => {
    expect(loadConfig(production, cwd).shutdownDelaySeconds).toBe(5);
    expect(loadConfig({ SECRET_KEY: key }, cwd).shutdownDelaySeconds).toBe(0);
  });

  it('prints no secret', () => {
    const config = loadConfig({ ...production, REDIS_URL: 'redis://:hunter3hunter3@cache' });
    const printed = inspect(config, { depth: 5 }) + JSON.stringify(config);
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain('hunter3');
  });
});
