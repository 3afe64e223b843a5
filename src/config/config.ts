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

/** How many requests are answered in a minute, over all replicas; 0: any number. */
export interface RequestLimits {
  /** By address: what a browser asks for on its way through a sign-in. */
  readonly signInPerMinute: number;
  /** By client, once it has authenticated: `/token`, `/introspect`, `/revoke`. */
  readonly tokenPerMinute: number;
  /** By client or person, once the token was verified: `/api/v1`, `/userinfo`. */
  readonly apiPerMinute: number;
  /** By address: what was refused for a wrong secret, token or signature. */
  readonly refusedPerMinute: number;
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
  /** How old a signing key grows before the next one follows by itself; 0: only when asked to. */
  abstract readonly signingKeyRotationDays: number;
  abstract readonly migrateOnStart: boolean;
  abstract readonly lifetimes: Lifetimes;
  abstract readonly sms: SmsConfig;
  abstract readonly smsLimits: SmsLimits;
  abstract readonly requestLimits: RequestLimits;
  /** How long audit events are kept; 0: for ever. */
  abstract readonly auditRetentionDays: number;
  /** How long requests are still taken after SIGTERM, so that a proxy sees in time that no more should come. */
  abstract readonly shutdownDelaySeconds: number;
  /** What `/metrics` asks for; absent: nothing. */
  abstract readonly metricsToken: Secret | undefined;
  /** Where OpenTelemetry traces go; absent: none are made. */
  abstract readonly tracesUrl: string | undefined;
  /** Where what is made on first run is kept, outside production. */
  abstract readonly dataDir: string;
}
