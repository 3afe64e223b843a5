import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsString, MaxLength, MinLength } from 'class-validator';

import { PageQuery } from '../../common/page-of.js';
import { IfGiven } from '../../common/validation.js';

const tenantNote = 'The corp, where one connection serves many.';

export class TenantQuery {
  @ApiPropertyOptional({ description: tenantNote })
  @IfGiven()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  tenant?: string;
}

/** Which token states. */
export class TokenStateQuery extends IntersectionType(PageQuery, TenantQuery) {}

export class AccessTokenView {
  @ApiProperty({ description: 'For calls to the platform; never for a browser.' })
  readonly accessToken: string;

  @ApiProperty({ format: 'date-time', description: 'Until when the platform takes it.' })
  readonly expiresAt: Date;
}

export class InvalidationDto extends TenantQuery {
  @ApiProperty({ description: 'The token that the platform refused.' })
  @IsString()
  @MinLength(1)
  @MaxLength(2048)
  accessToken: string;
}

export class InvalidationView {
  @ApiProperty({ description: 'False: it was not the current one, so there is a newer already.' })
  readonly dropped: boolean;
}

export class JsapiSignatureDto extends TenantQuery {
  @ApiProperty({ description: 'The page as the browser shows it; its fragment is cut.' })
  @IsString()
  @MinLength(1)
  @MaxLength(4096)
  url: string;

  @ApiPropertyOptional({
    type: String,
    enum: ['corp', 'agent'],
    description: '`agent`: for `wx.agentConfig`. Left out: `corp`.',
  })
  @IfGiven()
  @IsIn(['corp', 'agent'], { message: 'must be corp or agent' })
  ticket?: 'corp' | 'agent';
}

export class TokenErrorView {
  @ApiProperty({ format: 'date-time' })
  readonly at: Date;

  @ApiProperty({ description: 'Our code.' })
  readonly code: string;

  @ApiPropertyOptional({ description: 'The code of the platform.' })
  readonly platformCode?: string;

  @ApiProperty()
  readonly message: string;

  @ApiPropertyOptional({ description: 'What to do about it.' })
  readonly fix?: string;

  @ApiProperty({ format: 'date-time', description: 'Until then the platform is not asked again.' })
  readonly restsUntil: Date;
}

/** How it stands with one of the platform's tokens; never the token itself. */
export class TokenStateView {
  @ApiProperty({ example: 'wecom-access-token' })
  readonly kind: string;

  @ApiProperty({ type: String, nullable: true, description: tenantNote })
  readonly tenant: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'null: none.' })
  readonly fetchedAt: Date | null;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly ageSeconds: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly expiresAt: Date | null;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly expiresInSeconds: number | null;

  @ApiProperty({ type: TokenErrorView, nullable: true })
  readonly lastError: TokenErrorView | null;
}

export class TokenStatePage {
  @ApiProperty({ type: [TokenStateView] })
  readonly items: readonly TokenStateView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}
