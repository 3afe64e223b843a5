import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';

import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

import { Secret } from '../common/secret.js';
import { Config } from './config.js';
import { readVariable } from './environment-files.js';
import { Environment, environmentVariables, isKey } from './environment.js';
import { smsConfig, smsFaults, smsLimits } from './sms-environment.js';
import { ownSecretKey } from './secret-key-file.js';

/** The environment is wrong. `faults` names every one, in a line each; no value is ever among the words. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(
      `The environment has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
}

/**
 * Reads and validates the environment.
 * @throws ConfigError with all faults at once
 */
export function loadConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()): Config {
  const own = Object.keys(environmentVariables).map((name) => ({
    name,
    ...readVariable(env, name),
  }));
  const read = plainToInstance(
    Environment,
    Object.fromEntries(own.map(({ name, value }) => [name, value])),
    { exposeUnsetFields: false },
  );
  const production = read.NODE_ENV === 'production';
  const unread = own.filter(({ fault }) => fault !== undefined);
  const found = [
    ...validateSync(read, { stopAtFirstError: true }).map(
      (error) => `${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
    ),
    ...issuerFaults(read.ISSUER_URL, production),
    ...pairFaults(read),
    ...smsFaults(read, production),
    ...(production ? productionFaults(read) : []),
  ];
  const faults = [
    ...unread.flatMap(({ fault }) => fault ?? []),
    // A variable that could not be read is not called missing, too.
    ...found.filter((fault) => !unread.some(({ name }) => names(fault).includes(name))),
  ];
  if (faults.length > 0) throw new ConfigError(faults);

  const dataDir = resolve(cwd, read.LINGPAI_DATA_DIR ?? '.lingpai');
  const port = read.PORT ?? 3000;
  const values = {
    production,
    host: read.HOST ?? everyAddress(),
    port,
    issuerUrl: read.ISSUER_URL ? new URL(read.ISSUER_URL).origin : `http://localhost:${port}`,
    databaseUrl: secret(read.DATABASE_URL),
    databasePoolSize: read.DATABASE_POOL_SIZE ?? 10,
    redisUrl: secret(read.REDIS_URL),
    secretKeys: secretKeys(read.SECRET_KEY, dataDir),
    provisioningFile: read.PROVISIONING_FILE && resolve(cwd, read.PROVISIONING_FILE),
    adminClient:
      read.ADMIN_CLIENT_ID && read.ADMIN_CLIENT_SECRET
        ? { clientId: read.ADMIN_CLIENT_ID, clientSecret: new Secret(read.ADMIN_CLIENT_SECRET) }
        : undefined,
    trustProxy: trustProxy(read.TRUST_PROXY),
    outboundProxy: secret(read.OUTBOUND_PROXY),
    logLevel: read.LOG_LEVEL ?? 'info',
    signingAlg: read.SIGNING_ALG ?? 'RS256',
    signingKeyRotationDays: read.SIGNING_KEY_ROTATION_DAYS ?? 90,
    migrateOnStart: read.MIGRATE_ON_START !== 'false',
    lifetimes: {
      accessTokenSeconds: read.ACCESS_TOKEN_TTL_SECONDS ?? 600,
      idTokenSeconds: read.ID_TOKEN_TTL_SECONDS ?? 600,
      refreshTokenSeconds: read.REFRESH_TOKEN_TTL_SECONDS ?? 30 * 86_400,
      sessionSeconds: read.SESSION_TTL_SECONDS ?? 8 * 3600,
    },
    sms: smsConfig(read, production),
    smsLimits: smsLimits(read),
    requestLimits: {
      signInPerMinute: read.LIMIT_SIGN_IN_PER_MINUTE ?? 6000,
      tokenPerMinute: read.LIMIT_TOKEN_PER_MINUTE ?? 6000,
      apiPerMinute: read.LIMIT_API_PER_MINUTE ?? 6000,
      refusedPerMinute: read.LIMIT_REFUSED_PER_MINUTE ?? 600,
    },
    auditRetentionDays: read.AUDIT_RETENTION_DAYS ?? 365,
    shutdownDelaySeconds: read.SHUTDOWN_DELAY_SECONDS ?? (production ? 5 : 0),
    metricsToken: secret(read.METRICS_TOKEN),
    tracesUrl: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    dataDir,
  } satisfies Pick<Config, keyof Config>;
  return deepFreeze(Object.assign(Object.create(Config.prototype) as Config, values));
}

/** The variables that a fault is about. */
function names(fault: string): readonly string[] {
  return fault.slice(0, fault.indexOf(':')).split(', ');
}

/** `::` takes IPv4 along, but not on a machine whose IPv6 is off, as in many containers. */
function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

function issuerFaults(value: string | undefined, production: boolean): string[] {
  if (!value || !URL.canParse(value)) return [];
  const url = new URL(value);
  const bare = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  return [
    ...(bare
      ? []
      : [
          'ISSUER_URL: must be an origin without path, query, fragment or user, e.g. https://id.example.com',
        ]),
    ...(production && url.protocol !== 'https:'
      ? ['ISSUER_URL: must begin with https:// in production']
      : []),
  ];
}

function pairFaults(read: Environment): string[] {
  const half = (read.ADMIN_CLIENT_ID === undefined) !== (read.ADMIN_CLIENT_SECRET === undefined);
  return half ? ['ADMIN_CLIENT_ID, ADMIN_CLIENT_SECRET: must be set together, or neither'] : [];
}

function productionFaults(read: Environment): string[] {
  return [
    ...(read.ISSUER_URL
      ? []
      : ['ISSUER_URL: must be set in production, e.g. https://id.example.com']),
    ...(read.DATABASE_URL
      ? []
      : ['DATABASE_URL: must be set in production; the embedded database is for trying out']),
    ...(read.SECRET_KEY
      ? []
      : ['SECRET_KEY: must be set in production (make one with `openssl rand -base64 32`)']),
  ];
}

/** @throws ConfigError when there is none and none can be kept */
function secretKeys(value: string | undefined, dataDir: string): readonly Buffer[] {
  return (value ?? keptKey(dataDir)).split(',').map((key) => Buffer.from(key.trim(), 'base64'));
}

function keptKey(dataDir: string): string {
  const fault = (what: string): ConfigError =>
    new ConfigError([`SECRET_KEY: must be set, since ${join(dataDir, 'secret-key')} ${what}`]);
  let key: string;
  try {
    key = ownSecretKey(dataDir);
  } catch (error) {
    throw fault(`cannot be made or read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  if (!isKey(key))
    throw fault('holds no key; remove the file to get a new one, which opens nothing old');
  return key;
}

function trustProxy(value: string | undefined): number | string | false {
  if (value === undefined) return false;
  return /^\d{1,2}$/.test(value) ? Number(value) : value;
}

function secret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value) as unknown[]) {
    if (inner !== null && typeof inner === 'object' && !Buffer.isBuffer(inner)) deepFreeze(inner);
  }
  return Object.freeze(value);
}
