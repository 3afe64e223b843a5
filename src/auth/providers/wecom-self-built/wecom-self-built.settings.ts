import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, Matches, ValidateNested } from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';
import { WecomEndpoints } from '../wecom/wecom.endpoints.js';
import { IsCallbackAesKey, IsCallbackToken } from '../wecom/wecom.rules.js';

/** What a connection to a corp's own app has beside the common fields (DESIGN 5). */
export class WecomSelfBuiltSettings {
  /** 我的企业 > 企业信息; only this corp's members may sign in. */
  @ApiProperty({ type: String, pattern: '^\\w{4,64}$' })
  @Matches(/^\w{4,64}$/, { message: 'must be the corp’s id (ww…)' })
  corpId: string;

  /** The app's AgentId. YAML reads it as a number where it stands without quotes. */
  @ApiProperty({ type: String, pattern: '^\\d{1,15}$' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : value))
  @Matches(/^\d{1,15}$/, { message: 'must be the app’s agent id, digits only' })
  agentId: string;

  /** The app's own Secret. */
  @ApiProperty({ type: String, minLength: 8, writeOnly: true })
  @IsSecret({ minLength: 8 })
  secret: Secret;

  /** Inside the client: `snsapi_base` is silent, `snsapi_privateinfo` asks the person for phone and mailbox. */
  @ApiPropertyOptional({
    enum: ['snsapi_base', 'snsapi_privateinfo'],
    description: 'Left out: `snsapi_base`.',
  })
  @IsIn(['snsapi_base', 'snsapi_privateinfo'], {
    message: 'must be snsapi_base or snsapi_privateinfo',
  })
  scope: 'snsapi_base' | 'snsapi_privateinfo' = 'snsapi_base';

  /** The Token and EncodingAESKey of the app's own callback (接收消息). */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackToken('eventAesKey')
  eventToken?: Secret;

  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackAesKey('eventToken')
  eventAesKey?: Secret;

  /** The contact-sync helper's (通讯录同步) own Secret. */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsOptional()
  @IsSecret({ minLength: 8 })
  contactSecret?: Secret;

  /** The contact-sync helper's own callback pair: a plain app may get no contact events. */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackToken('contactEventAesKey')
  contactEventToken?: Secret;

  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackAesKey('contactEventToken')
  contactEventAesKey?: Secret;

  @ApiPropertyOptional({ type: WecomEndpoints })
  @IsObject({ message: 'must be an object of base URLs: login, open, openWork, api' })
  @ValidateNested()
  @Type(() => WecomEndpoints)
  endpoints: WecomEndpoints = new WecomEndpoints();
}
