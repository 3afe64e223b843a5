import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';

import { Secret } from '../../../common/secret.js';
import { IfGiven, IsSecret } from '../../../common/validation.js';

export const platformCodeGrant = 'urn:lingpai:grant-type:platform-code';
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  platformCodeGrant,
];
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** https, or http on this very machine; no user info, no fragment, no wildcard: what is compared byte for byte must be plain. */
export function isSafeRedirectUri(value: unknown): boolean {
  if (typeof value !== 'string' || /[#*\\\s]/.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username || password) return false;
  if (protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname))) return true;
  // A native application's own scheme is a reversed domain name (RFC 8252, 7.1).
  return /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(protocol);
}

function IsSafeRedirectUris(each: boolean): PropertyDecorator {
  return ValidateBy({
    name: 'isSafeRedirectUri',
    validator: {
      validate: (value: unknown) =>
        each ? Array.isArray(value) && value.every(isSafeRedirectUri) : isSafeRedirectUri(value),
      defaultMessage: () =>
        'must be absolute, with https (http on localhost only), without user, fragment or wildcard',
    },
  });
}

/** Nothing but digits and the words that stand where a secret should: `changeme-changeme`, `client-secret-123456`. */
const placeholder =
  /^(?:(?:change|me|your|my|client|secret|password|admin|default|example|test|\d)[-_ ]?)+$/i;

function IsNoPlaceholder(): PropertyDecorator {
  return ValidateBy({
    name: 'isNoPlaceholder',
    validator: {
      validate: (value: unknown) =>
        value instanceof Secret &&
        !placeholder.test(value.reveal()) &&
        new Set(value.reveal()).size >= 8,
      defaultMessage: () => 'must be a random secret, not a placeholder',
    },
  });
}

function Needs(words: string, test: (client: ClientFields) => boolean): PropertyDecorator {
  return ValidateBy({
    name: `needs ${words}`,
    validator: {
      validate: (_value: unknown, args?: ValidationArguments) =>
        args !== undefined && test(args.object as ClientFields),
      defaultMessage: () => words,
    },
  });
}

// These are asked before every field is known to be well formed.
function mayUse({ grantTypes }: { grantTypes: unknown }, grantType: string): boolean {
  return Array.isArray(grantTypes) && grantTypes.includes(grantType);
}

function isConfidential(client: ClientFields): boolean {
  return client.clientSecret instanceof Secret;
}

/** An OAuth client as someone defined it (DESIGN 5). */
export class ClientFields {
  // Never like an account's id: a machine's tokens carry it as `sub`.
  @Matches(/^(?![\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$)[\w.-]{1,64}$/i, {
    message: 'must be 1 to 64 letters, digits, dots, dashes or underscores',
  })
  clientId: string;

  @IsString()
  @MinLength(1)
  @MaxLength(60)
  displayName: string;

  /** Absent: a public client, PKCE only. */
  @IfGiven()
  @IsNoPlaceholder()
  @IsSecret({ minLength: 16 })
  clientSecret?: Secret;

  @IsBoolean()
  enabled = true;

  @IsArray()
  @IsSafeRedirectUris(true)
  @Needs(
    'must hold at least one for authorization_code',
    (client) => !mayUse(client, 'authorization_code') || client.redirectUris.length > 0,
  )
  redirectUris: string[] = [];

  @IsArray()
  @IsSafeRedirectUris(true)
  postLogoutRedirectUris: string[] = [];

  /** Where the platform's workbench link leads to (OpenID Connect Core 4). */
  @IfGiven()
  @IsSafeRedirectUris(false)
  initiateLoginUri?: string;

  /** Slugs; absent: all. */
  @IfGiven()
  @IsArray()
  @IsString({ each: true })
  connections?: string[];

  @IsArray()
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]{1,80}$/, { each: true, message: 'must be a list of scopes' })
  scopes: string[] = ['openid', 'profile'];

  /** `aud` of its access tokens; absent: ISSUER_URL. */
  @IfGiven()
  @ValidateBy({
    name: 'isResource',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && URL.canParse(value) && !value.includes('#'),
      defaultMessage: () => 'must be an absolute URI without fragment',
    },
  })
  audience?: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsIn(grantTypes, { each: true, message: `must be among ${grantTypes.join(', ')}` })
  @Needs(
    'client_credentials needs a clientSecret',
    (client) => !mayUse(client, 'client_credentials') || isConfidential(client),
  )
  grantTypes: string[] = ['authorization_code', 'refresh_token'];

  /** Only a client with a secret may do without. */
  @IsBoolean()
  @Needs(
    'may be false only with a clientSecret',
    (client) => client.requirePkce || isConfidential(client),
  )
  requirePkce = true;

  @IsIn(['web', 'native'], { message: 'must be web or native' })
  applicationType: 'web' | 'native' = 'web';
}

/** How a client is kept. */
export function clientDefinition(client: ClientFields): {
  readonly key: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
} {
  const { clientId, enabled, clientSecret, ...settings } = client;
  const secrets: Record<string, string> = clientSecret
    ? { clientSecret: clientSecret.reveal() }
    : {};
  return { key: clientId, enabled, settings, secrets };
}
