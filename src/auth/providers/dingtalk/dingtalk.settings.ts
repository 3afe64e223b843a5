import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MinLength,
  ValidateNested,
} from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';
import { IsBaseUrl } from '../endpoint.js';
import { IsBothOrNeither, IsCorpIdUnlessAny, SecretMatches } from './dingtalk.rules.js';

/** DingTalk's three hosts (reference dingtalk 9). A base may have a path of its own. */
export class DingtalkEndpoints {
  @ApiPropertyOptional({ type: String, description: 'Left out: `https://login.dingtalk.com`.' })
  @IsBaseUrl()
  login = 'https://login.dingtalk.com';

  @ApiPropertyOptional({ type: String, description: 'Left out: `https://api.dingtalk.com`.' })
  @IsBaseUrl()
  api = 'https://api.dingtalk.com';

  @ApiPropertyOptional({ type: String, description: 'Left out: `https://oapi.dingtalk.com`.' })
  @IsBaseUrl()
  oapi = 'https://oapi.dingtalk.com';
}

/** What a DingTalk connection has beside the common fields (DESIGN 5). */
export class DingtalkSettings {
  /** Client ID of the app, also called AppKey. */
  @ApiProperty({
    type: String,
    minLength: 1,
    description: 'Client ID of the app, also called AppKey.',
  })
  @IsString()
  @MinLength(1)
  clientId: string;

  @ApiProperty({ type: String, minLength: 8, writeOnly: true })
  @IsSecret({ minLength: 8 })
  clientSecret: Secret;

  /** Only this corp's members may sign in. It must be the corp that owns the app. */
  @ApiPropertyOptional({ type: String, nullable: true, description: 'Left out with tenantPolicy.' })
  @IsCorpIdUnlessAny()
  corpId?: string;

  /** `any`: whoever has a DingTalk account may sign in. */
  @ApiPropertyOptional({ type: String, enum: ['any'], nullable: true })
  @IsOptional()
  @IsIn(['any'], { message: 'must be any, or be left out' })
  tenantPolicy?: 'any';

  /** For the JSAPI signature. */
  @ApiPropertyOptional({ type: String, nullable: true, pattern: '^\\d{1,20}$' })
  @IsOptional()
  @Matches(/^\d{1,20}$/, { message: 'must be the app’s agent id, in quotes' })
  agentId?: string;

  /** The hash of the JSAPI signature: sources disagree (reference dingtalk 5.2). */
  @ApiPropertyOptional({ enum: ['sha256', 'sha1'], description: 'Left out: `sha256`.' })
  @IsIn(['sha256', 'sha1'], { message: 'must be sha256 or sha1' })
  jsapiHash: 'sha256' | 'sha1' = 'sha256';

  /** The token (签名 token) of the event callback. */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsBothOrNeither('eventAesKey')
  @SecretMatches(/^[A-Za-z0-9]{3,63}$/, 'must be 3 to 63 letters and digits')
  @IsSecret()
  eventToken?: Secret;

  /** The AES key (加密 aes_key) of the event callback. */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsBothOrNeither('eventToken')
  @SecretMatches(/^[A-Za-z0-9]{43}$/, 'must be 43 letters and digits')
  @IsSecret()
  eventAesKey?: Secret;

  @ApiPropertyOptional({ type: DingtalkEndpoints })
  @IsObject({ message: 'must be an object of base URLs: login, api, oapi' })
  @ValidateNested()
  @Type(() => DingtalkEndpoints)
  endpoints: DingtalkEndpoints = new DingtalkEndpoints();
}
