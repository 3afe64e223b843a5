import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { ConfigError, loadConfig } from '../../src/config/load-config.js';
import { readProvisioningFile } from '../../src/connections/provisioning/provisioning-file.js';
import {
  type Compose,
  environmentOf,
  overlay,
  readCompose,
  readEnvFile,
  type Service,
} from './compose-files.js';
import { groups, read } from './files.js';

const secretKey = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const files = {
  secret_key: `${secretKey}\n`,
  postgres_password: 'a1b2c3d4\n',
  database_url: 'postgres://lingpai:a1b2c3d4@postgres:5432/lingpai\n',
  dingtalk_client_secret: 'from-a-file\n',
};
/** Stands for /run/secrets. */
const folder = mkdtempSync(join(tmpdir(), 'lingpai-secrets-'));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

afterAll(() => rmSync(folder, { recursive: true }));

const env = readEnvFile('.env.example');
const { services, secrets } = both(env);

/** Both files, one over the other. */
function both(values: Readonly<Record<string, string>>): Compose {
  return overlay(
    readCompose('docker-compose.yml', values),
    readCompose('docker-compose.secrets.yml', values),
  ) as Compose;
}

/** What a service finds in its environment, its secrets in our folder. */
function found(service: Service | undefined): Record<string, string> {
  const entries = Object.entries(environmentOf(service!, env));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value.replace('/run/secrets', folder)]),
  );
}

describe('the compose file for secrets in files', () => {
  it('mounts each secret from the folder that its first lines fill', () => {
    expect(secrets).toEqual({
      secret_key: { file: './secrets/secret_key' },
      database_url: { file: './secrets/database_url' },
      postgres_password: { file: './secrets/postgres_password' },
    });
    const made = groups(read('docker-compose.secrets.yml'), /^#.* > (secrets\/\w+)$/gm);
    expect(made.map((name) => `./${name}`).sort()).toEqual(
      Object.values(secrets ?? {})
        .map(({ file }) => file)
        .sort(),
    );
  });

  it.each(['lingpai-1', 'lingpai-2', 'migrate'])('hands %s what it needs, in files', (name) => {
    expect(services[name]?.secrets).toEqual(['secret_key', 'database_url']);
    const config = loadConfig(found(services[name]));
    expect(config.secretKeys).toEqual([Buffer.from('0123456789abcdefghijklmnopqrstuv')]);
    expect(config.databaseUrl?.reveal()).toBe('postgres://lingpai:a1b2c3d4@postgres:5432/lingpai');
    expect(config.production).toBe(true);
  });

  it('wins over what stands in .env, and puts no secret of it into an environment', () => {
    const filled = { ...env, SECRET_KEY: 'other', POSTGRES_PASSWORD: 'other', DATABASE_URL: '' };
    const service = both(filled).services['lingpai-1'];
    expect(environmentOf(service!, filled)).toMatchObject({
      SECRET_KEY: '',
      DATABASE_URL: '',
      POSTGRES_PASSWORD: '',
    });
    expect(Object.values(environmentOf(service!, filled)).join()).not.toContain('other');
  });

  it('hands Postgres its password in a file, and nothing else', () => {
    expect(services['postgres']?.secrets).toEqual(['postgres_password']);
    expect(services['postgres']?.environment).toEqual({
      POSTGRES_DB: 'lingpai',
      POSTGRES_USER: 'lingpai',
      POSTGRES_PASSWORD: '',
      POSTGRES_PASSWORD_FILE: '/run/secrets/postgres_password',
    });
  });

  it('is named in .env, so that no later command leaves it out', () => {
    const line = 'COMPOSE_FILE=docker-compose.yml:docker-compose.secrets.yml';
    expect(read('docker-compose.secrets.yml')).toContain(`#   echo '${line}' >> .env\n`);
    expect(read('.env.example')).toContain(`\n# ${line}\n`);
    for (const path of ['README.md', 'docs/operations.md', 'docs/cli.md'])
      expect(read(path)).not.toContain('-f docker-compose');
  });

  it('changes nothing else', () => {
    const plain = readCompose('docker-compose.yml', env).services;
    expect(Object.keys(services)).toEqual(Object.keys(plain));
    for (const [name, service] of Object.entries(services)) {
      const { environment, secrets: mounted, ...rest } = service;
      expect(plain[name]).toMatchObject(rest);
    }
  });

  it('is right about the lines that it leaves out', () => {
    const text = read('docker-compose.secrets.yml').replaceAll(
      /^( *)# (?=\w+:(?: |$)|- |\s+file:)/gm,
      '$1',
    );
    const whole = parse(text.slice(text.indexOf('\nx-environment')), { merge: true }) as Compose;
    const service = whole.services['lingpai-1'];
    expect(service?.secrets).toEqual([
      'secret_key',
      'database_url',
      'admin_client_secret',
      'dingtalk_client_secret',
    ]);
    for (const name of service?.secrets ?? []) {
      expect(whole.secrets?.[name]).toEqual({ file: `./secrets/${name}` });
      expect(service?.environment?.[`${name.toUpperCase()}_FILE`]).toBe(`/run/secrets/${name}`);
      expect(service?.environment?.[name.toUpperCase()]).toBe('');
    }
  });

  it('shows a way that the provisioning file goes too', () => {
    const file = join(folder, 'provisioning.yaml');
    writeFileSync(file, 'connections: [{ clientSecret: "${DINGTALK_CLIENT_SECRET}" }]');
    const read = readProvisioningFile(file, {
      DINGTALK_CLIENT_SECRET: '',
      DINGTALK_CLIENT_SECRET_FILE: join(folder, 'dingtalk_client_secret'),
    });
    expect(read.connections).toEqual([{ clientSecret: 'from-a-file' }]);
  });

  it('warns of a secret that comes both ways, at which the start fails', () => {
    expect(read('docker-compose.secrets.yml')).toContain(
      'NAME and NAME_FILE with something in both',
    );
    const twice = { ...found(services['lingpai-1']), SECRET_KEY: secretKey };
    expect(() => loadConfig(twice)).toThrow(ConfigError);
    expect(() => loadConfig(twice)).toThrow('SECRET_KEY, SECRET_KEY_FILE: must not both be set');
  });
});
