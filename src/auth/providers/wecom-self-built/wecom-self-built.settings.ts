import { Transform, Type } from 'class-transformer';
import { IsIn, IsOptional, Matches, ValidateNested } from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';
import { IsBaseUrl } from '../endpoint.js';

/** WeCom's four hosts (reference wecom 2, 13). */
export class WecomEndpoints {
  @IsOptional()
  @IsBaseUrl()
  login = 'https://login.work.weixin.qq.com';

  @IsOptional()
  @IsBaseUrl()
  open = 'https://open.weixin.qq.com';

  @IsOptional()
  @IsBaseUrl()
  openWork = 'https://open.work.weixin.qq.com';

  @IsOptional()
  @IsBaseUrl()
  api = 'https://qyapi.weixin.qq.com';
}

/** What a connection to a corp's own app has beside the common fields (DESIGN 5). */
export class WecomSelfBuiltSettings {
  @Matches(/^\w{4,64}$/, { message: 'must be the corp’s id (ww…)' })
  corpId: string;

  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : value))
  @Matches(/^\d{1,12}$/, { message: 'must be the app’s agent id' })
  agentId: string;

  @IsSecret({ minLength: 8 })
  secret: Secret;

  /** In WeCom's own client: `snsapi_privateinfo` asks for phone and mail, `snsapi_base` is silent. */
  @IsOptional()
  @IsIn(['snsapi_base', 'snsapi_privateinfo'], {
    message: 'must be snsapi_base or snsapi_privateinfo',
  })
  scope: 'snsapi_base' | 'snsapi_privateinfo' = 'snsapi_base';

  @IsOptional()
  @IsSecret({ minLength: 3 })
  eventToken?: Secret;

  @IsOptional()
  @IsSecret({ minLength: 43 })
  eventAesKey?: Secret;

  /** The contact-sync helper's own secret and callback pair. */
  @IsOptional()
  @IsSecret({ minLength: 8 })
  contactSecret?: Secret;

  @IsOptional()
  @IsSecret({ minLength: 3 })
  contactEventToken?: Secret;

  @IsOptional()
  @IsSecret({ minLength: 43 })
  contactEventAesKey?: Secret;

  @IsOptional()
  @ValidateNested()
  @Type(() => WecomEndpoints)
  endpoints: WecomEndpoints = new WecomEndpoints();
}
