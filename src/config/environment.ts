import { isIP } from 'node:net';

import { IsIn, IsOptional, IsString, Matches, MinLength, ValidateBy } from 'class-validator';

import { Emptied, IsUrlOf, IsWhole, WholeNumber } from './environment-rules.js';
import { SmsEnvironment, smsVariables } from './sms-environment.js';

/** What Express takes for "trust proxy". Not `true`, nor `0.0.0.0/0`: it would believe whatever address a stranger writes in a header. */
function IsTrustProxy(): PropertyDecorator {
  return ValidateBy({
    name: 'isTrustProxy',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        (/^\d{1,2}$/.test(value) || value.split(',').every((each) => isProxy(each.trim()))),
      defaultMessage: () =>
        'must be the number of proxies in front, or their addresses (10.0.0.0/8, loopback, linklocal, uniquelocal) separated by commas',
    },
  });
}

function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  const isRange =
    bits === undefined ||
    (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  return version !== 0 && isRange && rest.length === 0;
}

function IsKeyList(): PropertyDecorator {
  return ValidateBy({
    name: 'isKeyList',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && value.split(',').every(isKey),
      defaultMessage: () =>
        'must be 32 random bytes in base64 (make one with `openssl rand -base64 32`), or several, separated by commas',
    },
  });
}

/** 32 bytes in base64 that look random. */
export function isKey(text: string): boolean {
  const bytes = Buffer.from(text.trim(), 'base64');
  const written = text.trim().replace(/=+$/, '');
  const wellFormed = bytes.length === 32 && bytes.toString('base64').replace(/=+$/, '') === written;
  // A key of a few repeated bytes is a placeholder, not a secret.
  return wellFormed && new Set(bytes).size >= 12;
}

const placeholder = /^(?:change[-_ ]?me|secret|password|admin|default|example|test|123456)/i;

/** The variables that the service reads, as text, with what each must look like. */
export class Environment extends SmsEnvironment {
  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 65_535, 'a port number')
  PORT?: number;

  @Emptied()
  @IsOptional()
  @Matches(/^[\w.:%-]+$/, { message: 'must be an address or a host name' })
  HOST?: string;

  @Emptied()
  @IsOptional()
  @IsUrlOf(['http:', 'https:'], 'must be the public base URL, e.g. https://id.example.com')
  ISSUER_URL?: string;

  @Emptied()
  @IsOptional()
  @IsUrlOf(['postgres:', 'postgresql:'], 'must be a postgres:// URL')
  DATABASE_URL?: string;

  @WholeNumber()
  @IsOptional()
  @IsWhole(2, 500, 'a number of connections')
  DATABASE_POOL_SIZE?: number;

  @Emptied()
  @IsOptional()
  @IsUrlOf(['redis:', 'rediss:'], 'must be a redis:// URL')
  REDIS_URL?: string;

  @Emptied()
  @IsOptional()
  @IsKeyList()
  SECRET_KEY?: string;

  @Emptied()
  @IsOptional()
  @IsString()
  PROVISIONING_FILE?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^[\w.-]{1,64}$/, {
    message: 'must be 1 to 64 letters, digits, dots, dashes or underscores',
  })
  ADMIN_CLIENT_ID?: string;

  @Emptied()
  @IsOptional()
  @MinLength(32, { message: 'must be at least 32 characters' })
  @ValidateBy({
    name: 'isNoPlaceholder',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && !placeholder.test(value) && new Set(value).size >= 8,
      defaultMessage: () => 'must be a random secret, not a placeholder',
    },
  })
  ADMIN_CLIENT_SECRET?: string;

  @Emptied()
  @IsOptional()
  @IsTrustProxy()
  TRUST_PROXY?: string;

  @Emptied()
  @IsOptional()
  @IsUrlOf(['http:', 'https:'], 'must be an http:// or https:// URL')
  OUTBOUND_PROXY?: string;

  @Emptied()
  @IsOptional()
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    message: 'must be one of fatal, error, warn, info, debug, trace, silent',
  })
  LOG_LEVEL?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

  @Emptied()
  @IsOptional()
  @IsIn(['RS256', 'ES256', 'EdDSA'], { message: 'must be RS256, ES256 or EdDSA' })
  SIGNING_ALG?: 'RS256' | 'ES256' | 'EdDSA';

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 3650, 'a number of days')
  SIGNING_KEY_ROTATION_DAYS?: number;

  @Emptied()
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'must be true or false' })
  MIGRATE_ON_START?: 'true' | 'false';

  @WholeNumber()
  @IsOptional()
  @IsWhole(60, 86_400, 'a number of seconds')
  ACCESS_TOKEN_TTL_SECONDS?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(60, 86_400, 'a number of seconds')
  ID_TOKEN_TTL_SECONDS?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(300, 31_536_000, 'a number of seconds')
  REFRESH_TOKEN_TTL_SECONDS?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(300, 7_776_000, 'a number of seconds')
  SESSION_TTL_SECONDS?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 36_500, 'a number of days')
  AUDIT_RETENTION_DAYS?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 10_000_000, 'a number of requests')
  LIMIT_SIGN_IN_PER_MINUTE?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 10_000_000, 'a number of requests')
  LIMIT_TOKEN_PER_MINUTE?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 10_000_000, 'a number of requests')
  LIMIT_API_PER_MINUTE?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 10_000_000, 'a number of requests')
  LIMIT_REFUSED_PER_MINUTE?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(0, 20, 'a number of seconds')
  SHUTDOWN_DELAY_SECONDS?: number;

  @Emptied()
  @IsOptional()
  @MinLength(16, { message: 'must be at least 16 characters' })
  METRICS_TOKEN?: string;

  @Emptied()
  @IsOptional()
  @IsUrlOf(['http:', 'https:'], 'must be an http:// or https:// URL')
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @Emptied()
  @IsOptional()
  @IsString()
  LINGPAI_DATA_DIR?: string;

  @Emptied()
  @IsOptional()
  @IsIn(['production', 'development', 'test'], {
    message: 'must be production, development or test',
  })
  NODE_ENV?: 'production' | 'development' | 'test';
}

/** Every variable that the service reads, with a line for the person who sets it. */
export const environmentVariables: Readonly<Record<keyof Environment, string>> = {
  PORT: 'the port it listens on (3000)',
  HOST: 'the address it listens on (all)',
  ISSUER_URL: 'the public base URL; https in production',
  DATABASE_URL:
    'postgres://user:password@host:5432/name; unset: embedded Postgres, outside production only',
  DATABASE_POOL_SIZE: 'connections to Postgres (10)',
  REDIS_URL: 'optional: redis://host:6379; platform tokens and rate limits are shared there',
  SECRET_KEY:
    '32 random bytes in base64; a comma-separated list rotates: the first encrypts, all decrypt',
  PROVISIONING_FILE: 'the YAML file with connections and clients',
  ADMIN_CLIENT_ID: 'a bootstrap client with every admin scope',
  ADMIN_CLIENT_SECRET: 'its secret, at least 32 characters',
  TRUST_PROXY: 'how many proxies stand in front, or their addresses',
  OUTBOUND_PROXY: 'an HTTP proxy for calls to the platforms, for their trusted-IP rules',
  LOG_LEVEL: 'fatal, error, warn, info (default), debug, trace, silent',
  SIGNING_ALG: 'RS256 (default), ES256 or EdDSA',
  SIGNING_KEY_ROTATION_DAYS:
    'a new signing key follows by itself after so many days (90); 0: only when asked to',
  MIGRATE_ON_START: 'true (default): a start brings the schema up to date, under a lock',
  ACCESS_TOKEN_TTL_SECONDS: 'life of an access token (600)',
  ID_TOKEN_TTL_SECONDS: 'life of an ID token (600)',
  REFRESH_TOKEN_TTL_SECONDS: 'life of a refresh token family, from the sign-in on (2592000)',
  SESSION_TTL_SECONDS: 'life of a browser session (28800)',
  AUDIT_RETENTION_DAYS: 'how long audit events are kept (365); 0: for ever',
  LIMIT_SIGN_IN_PER_MINUTE:
    'requests of one address on the way through a sign-in (6000); 0: any number',
  LIMIT_TOKEN_PER_MINUTE:
    'requests of one client at /token, /introspect and /revoke (6000); 0: any number',
  LIMIT_API_PER_MINUTE: 'calls of one client or person to the API (6000); 0: any number',
  LIMIT_REFUSED_PER_MINUTE:
    'refused secrets, tokens and signatures of one address (600); 0: any number',
  SHUTDOWN_DELAY_SECONDS:
    'how long requests are still taken after SIGTERM, so that a proxy looks away in time (5 in production, else 0)',
  METRICS_TOKEN: 'optional: what /metrics asks for as a bearer token, at least 16 characters',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'optional: where OpenTelemetry traces go, e.g. http://collector:4318',
  ...smsVariables,
  LINGPAI_DATA_DIR: 'where what is made on first run is kept outside production (.lingpai)',
  NODE_ENV: '`production` brings the production rules',
};
