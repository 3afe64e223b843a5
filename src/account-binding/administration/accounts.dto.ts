import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateIf,
} from 'class-validator';

import { PageQuery } from '../../common/page-of.js';
import { IfGiven } from '../../common/validation.js';
import { slugPattern } from '../../connections/connection.fields.js';
import type { AccountStatus } from '../account.entity.js';
import { parsePhone } from '../phone-number.js';

/** Which accounts; all conditions together. */
export class AccountQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Exactly this number, however it is written.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (parsePhone(value) ?? value) : value,
  )
  @IsString()
  @MaxLength(40)
  phone?: string;

  @ApiPropertyOptional({ description: 'Exactly this address, in any case.' })
  @IsOptional()
  @IsString()
  @MaxLength(254)
  email?: string;

  @ApiPropertyOptional({ description: 'A part of the name, the mail address or the number.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  q?: string;

  @ApiPropertyOptional({ enum: ['active', 'disabled'] })
  @IsOptional()
  @IsIn(['active', 'disabled'], { message: 'must be active or disabled' })
  status?: AccountStatus;

  @ApiPropertyOptional({ description: 'With `subject`: the account of this identity.' })
  @ValidateIf(({ issuer, subject }: AccountQuery) => issuer !== undefined || subject !== undefined)
  @IsString({ message: 'must be given together with subject' })
  @MaxLength(300)
  issuer?: string;

  @ApiPropertyOptional()
  @ValidateIf(({ issuer, subject }: AccountQuery) => issuer !== undefined || subject !== undefined)
  @IsString({ message: 'must be given together with issuer' })
  @MaxLength(300)
  subject?: string;
}

/** An identity that an administrator writes down. */
export class BindIdentityDto {
  @ApiProperty({ description: 'The slug of a connection.' })
  @Matches(slugPattern, { message: 'must be the slug of a connection' })
  connection: string;

  @ApiPropertyOptional({ description: 'The corp, where the connection has many.' })
  @IfGiven()
  @IsString()
  @MaxLength(64)
  tenant?: string;

  @ApiProperty({ description: 'The lasting id on the platform: unionId, userid.' })
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  subject: string;
}

export class UnbindQuery {
  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'Also the last way in.' })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'must be true or false' })
  force?: 'true' | 'false';
}

export class SetPasswordDto {
  @ApiProperty({ minLength: 10, maxLength: 128 })
  @IsString()
  @MaxLength(200)
  password: string;

  @ApiPropertyOptional({
    type: Boolean,
    description: 'Whether the person must change it first. Default: true.',
  })
  @IsBoolean()
  mustChange = true;
}
