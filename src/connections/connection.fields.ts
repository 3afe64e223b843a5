import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateBy,
} from 'class-validator';

import { type SignUp, signUpWays } from '../account-binding/binding-rules.js';
import { type Platform, platforms } from '../auth/providers/provider.js';

export const slugPattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

function IsWebOrigins(): PropertyDecorator {
  return ValidateBy({
    name: 'isWebOrigins',
    validator: {
      validate: (value: unknown) =>
        Array.isArray(value) &&
        value.every(
          (entry) =>
            typeof entry === 'string' &&
            /^https?:/.test(entry) &&
            URL.canParse(entry) &&
            new URL(entry).origin === entry,
        ),
      defaultMessage: () => 'must be a list of web origins, e.g. https://portal.example.com',
    },
  });
}

function IsVerificationFiles(): PropertyDecorator {
  return ValidateBy({
    name: 'isVerificationFiles',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'object' &&
        value !== null &&
        Object.entries(value).every(
          ([name, content]) =>
            /^WW_verify_\w+\.txt$/.test(name) &&
            typeof content === 'string' &&
            content.length <= 200,
        ),
      defaultMessage: () => 'must map WW_verify_….txt to the text inside that file',
    },
  });
}

/**
 * The fields that every connection has, whatever its platform (DESIGN 5). One that is left out takes its default; none is
 * optional to the validator, since an empty line would then switch a rule off. The description of the API tells defaults in words:
 * of a `default` generators make a field that must be given, in a PATCH too.
 */
export class ConnectionFields {
  /** Fixed once made. */
  @ApiProperty({ type: String, pattern: slugPattern.source, description: 'Fixed once made.' })
  @Matches(slugPattern, { message: 'must be 1 to 31 lower-case letters, digits or dashes' })
  slug: string;

  @ApiProperty({ enum: platforms, description: 'Fixed once made.' })
  @IsIn(platforms, { message: `must be one of ${platforms.join(', ')}` })
  platform: Platform;

  @ApiProperty({ type: String, minLength: 1, maxLength: 60 })
  @IsString()
  @MinLength(1)
  @MaxLength(60)
  displayName: string;

  @ApiPropertyOptional({ type: Boolean, description: 'Left out: `true`.' })
  @IsBoolean()
  enabled = true;

  /**
   * `auto`: an unknown person gets an account; `phone`: first proves a phone number by SMS code; `ask`: chooses;
   * `existing`: is turned away.
   */
  @ApiPropertyOptional({ enum: signUpWays, description: 'Left out: `auto`.' })
  @IsIn(signUpWays, { message: `must be one of ${signUpWays.join(', ')}` })
  signUp: SignUp = 'auto';

  /** With `signUp: ask`: whether people may also ask an administrator. */
  @ApiPropertyOptional({ type: Boolean, description: 'With `signUp: ask`. Left out: `false`.' })
  @IsBoolean()
  askAdministrator = false;

  /** Bind an unknown identity to the account with its verified phone. */
  @ApiPropertyOptional({ type: Boolean, description: 'Left out: `false`.' })
  @IsBoolean()
  matchPhone = false;

  /** Given to accounts that the connection creates. */
  @ApiPropertyOptional({ type: [String] })
  @IsArray()
  @Matches(/^[\w:.-]{1,64}$/, { each: true, message: 'must be a list of role names' })
  defaultRoles: string[] = [];

  @ApiPropertyOptional({
    enum: ['on-create', 'every-login'],
    description: 'Left out: `on-create`.',
  })
  @IsIn(['on-create', 'every-login'], { message: 'must be on-create or every-login' })
  syncProfile: 'on-create' | 'every-login' = 'on-create';

  /** Web origins for which a JSAPI signature is given. */
  @ApiPropertyOptional({ type: [String], description: 'Web origins for a JSAPI signature.' })
  @IsWebOrigins()
  jsapiOrigins: string[] = [];

  /** `{"WW_verify_abc.txt": "abc"}` */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  @IsObject()
  @IsVerificationFiles()
  domainVerification: Record<string, string> = {};
}
