import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateBy,
  ValidateIf,
} from 'class-validator';

import { IfGiven } from '../common/validation.js';
import type { AccountStatus, Gender } from './account.entity.js';
import { parsePhone } from './phone-number.js';

/** Left out: stays as it is, or takes its default. `null` clears. */
const MayBeNull = (): PropertyDecorator =>
  ValidateIf((_fields: unknown, value: unknown) => value !== undefined && value !== null);

const IsHttpUrl = (): PropertyDecorator =>
  ValidateBy({
    name: 'isHttpUrl',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && URL.canParse(value) && /^https?:\/\//.test(value),
      defaultMessage: () => 'must be an http:// or https:// URL',
    },
  });

/** What an administrator may write down of an account (DESIGN 12); all of it optional. */
export class AccountFields {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100 })
  @MayBeNull()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  displayName?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '+8613800000000',
    description: 'As people write it; +86 unless it says otherwise. Kept as E.164.',
  })
  @MayBeNull()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (parsePhone(value) ?? false) : value,
  )
  @ValidateBy({
    name: 'isPhone',
    validator: {
      validate: (value: unknown) => typeof value === 'string',
      defaultMessage: () => 'must be a mobile number',
    },
  })
  phone?: string | null;

  @ApiPropertyOptional({ description: 'Whether it is proven; false after a change unless said.' })
  @IfGiven()
  @IsBoolean()
  phoneVerified?: boolean;

  @ApiPropertyOptional({ type: String, nullable: true })
  @MayBeNull()
  @IsEmail({}, { message: 'must be a mail address' })
  @MaxLength(254)
  email?: string | null;

  @ApiPropertyOptional({ description: 'Whether it is proven; false after a change unless said.' })
  @IfGiven()
  @IsBoolean()
  emailVerified?: boolean;

  @ApiPropertyOptional({ type: String, nullable: true })
  @MayBeNull()
  @IsHttpUrl()
  @MaxLength(2000)
  avatarUrl?: string | null;

  @ApiPropertyOptional({ enum: ['male', 'female'], nullable: true })
  @MayBeNull()
  @IsIn(['male', 'female'], { message: 'must be male or female' })
  gender?: Gender | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'zh-CN' })
  @MayBeNull()
  @Matches(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, {
    message: 'must be a language tag, e.g. zh-CN',
  })
  @MaxLength(35)
  locale?: string | null;

  @ApiPropertyOptional({ type: [String] })
  @IfGiven()
  @IsArray()
  @Matches(/^[\w:.-]{1,64}$/, { each: true, message: 'must be a list of role names' })
  roles?: string[];

  @ApiPropertyOptional({ enum: ['active', 'disabled'] })
  @IfGiven()
  @IsIn(['active', 'disabled'], { message: 'must be active or disabled' })
  status?: AccountStatus;
}

/** The column of each field. */
export const columnOf = {
  displayName: 'display_name',
  phone: 'phone',
  phoneVerified: 'phone_verified',
  email: 'email',
  emailVerified: 'email_verified',
  avatarUrl: 'avatar_url',
  gender: 'gender',
  locale: 'locale',
  roles: 'roles',
  status: 'status',
} as const satisfies Record<keyof AccountFields, string>;

/** A row of `accounts` in the entity's names; `a` is the table. */
export const accountColumns = `a.id, a.display_name as "displayName", a.phone, a.phone_verified as "phoneVerified", a.email,
  a.email_verified as "emailVerified", a.avatar_url as "avatarUrl", a.gender, a.locale, a.roles, a.status, a.revision,
  a.created_at as "createdAt", a.updated_at as "updatedAt", a.last_sign_in_at as "lastSignInAt"`;
