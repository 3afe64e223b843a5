import type { Secret } from '../common/secret.js';
import type { SigningAlg } from '../auth/issuer/signing-keys/signing-key.js';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** How long what we issue lives. */
export interface Lifetimes {
  readonly accessTokenSeconds: number;
  readonly idTokenSeconds: number;
  /** From the sign-in on; turning a refresh token does not make it longer. */
  readonly refreshTokenSeconds: number;
  readonly sessionSeconds: number;
}

/** The environment, read and validated once, frozen from then on. Type and injection token at once. */
export abstract class Config {
  abstract readonly production: boolean;
  abstract readonly host: string;
  abstract readonly port: number;
  /** The public base URL: an origin, without a trailing slash. */
  abstract readonly issuerUrl: string;
  /** Absent: embedded Postgres under `dataDir`. */
  abstract readonly databaseUrl: Secret | undefined;
  abstract readonly databasePoolSize: number;
  abstract readonly redisUrl: Secret | undefined;
  /** The first encrypts, all decrypt. 32 bytes each. */
  abstract readonly secretKeys: readonly Buffer[];
  abstract readonly provisioningFile: string | undefined;
  /** A bootstrap client with every admin scope. */
  abstract readonly adminClient:
    { readonly clientId: string; readonly clientSecret: Secret } | undefined;
  /** Express's forms: a number of hops, or addresses. */
  abstract readonly trustProxy: number | string | false;
  abstract readonly outboundProxy: Secret | undefined;
  abstract readonly logLevel: LogLevel;
  abstract readonly signingAlg: SigningAlg;
  abstract readonly migrateOnStart: boolean;
  abstract readonly lifetimes: Lifetimes;
  /** Where what is made on first run is kept, outside production. */
  abstract readonly dataDir: string;
}
