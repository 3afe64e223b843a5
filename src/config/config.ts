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

/** How codes reach phones: which sender, and what it needs. */
export type SmsConfig =
  /** `none`: nothing is set up, and no code can be sent. */
  | { readonly sender: 'none' | 'console' }
  /** The URL may hold a token of the operator's gateway. */
  | { readonly sender: 'webhook'; readonly url: Secret; readonly secret: Secret }
  | ({ readonly sender: 'aliyun' } & SmsCloud)
  | ({ readonly sender: 'tencent'; readonly sdkAppId: string } & SmsCloud);

/** What both clouds ask for. */
export interface SmsCloud {
  readonly accessKeyId: string;
  readonly accessKeySecret: Secret;
  readonly signName: string;
  readonly template: string;
  readonly region: string;
  /** A base URL in place of the public one. */
  readonly endpoint: string | undefined;
}

/** How many codes are sent in an hour. */
export interface SmsLimits {
  readonly perPhonePerHour: number;
  readonly perIpPerHour: number;
  readonly perConnectionPerHour: number;
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
  abstract readonly sms: SmsConfig;
  abstract readonly smsLimits: SmsLimits;
  /** How long audit events are kept; 0: for ever. */
  abstract readonly auditRetentionDays: number;
  /** Where what is made on first run is kept, outside production. */
  abstract readonly dataDir: string;
}
