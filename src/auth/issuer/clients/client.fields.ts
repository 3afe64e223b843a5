import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';

export const platformCodeGrant = 'urn:lingpai:grant-type:platform-code';
const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', platformCodeGrant];
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
  @IsOptional()
  @IsSecret({ minLength: 16 })
  clientSecret?: Secret;

  @IsOptional()
  @IsBoolean()
  enabled = true;

  @IsOptional()
  @IsArray()
  @IsSafeRedirectUris(true)
  @Needs(
    'must hold at least one for authorization_code',
    (client) => !client.grantTypes.includes('authorization_code') || client.redirectUris.length > 0,
  )
  redirectUris: string[] = [];

  @IsOptional()
  @IsArray()
  @IsSafeRedirectUris(true)
  postLogoutRedirectUris: string[] = [];

  /** Where the platform's workbench link leads to (OpenID Connect Core 4). */
  @IsOptional()
  @IsSafeRedirectUris(false)
  initiateLoginUri?: string;

  /** Slugs; absent: all. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  connections?: string[];

  @IsOptional()
  @IsArray()
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]{1,80}$/, { each: true, message: 'must be a list of scopes' })
  scopes: string[] = ['openid', 'profile'];

  /** `aud` of its access tokens; absent: ISSUER_URL. */
  @IsOptional()
  @ValidateBy({
    name: 'isResource',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && URL.canParse(value) && !value.includes('#'),
      defaultMessage: () => 'must be an absolute URI without fragment',
    },
  })
  audience?: string;

  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsIn(grantTypes, { each: true, message: `must be among ${grantTypes.join(', ')}` })
  @Needs(
    'client_credentials needs a clientSecret',
    (client) =>
      !client.grantTypes.includes('client_credentials') || client.clientSecret !== undefined,
  )
  grantTypes: string[] = ['authorization_code', 'refresh_token'];

  /** Only a client with a secret may do without. */
  @IsOptional()
  @IsBoolean()
  @Needs(
    'may be false only with a clientSecret',
    (client) => client.requirePkce || client.clientSecret !== undefined,
  )
  requirePkce = true;

  @IsOptional()
  @IsIn(['web', 'native'], { message: 'must be web or native' })
  applicationType: 'web' | 'native' = 'web';
}
