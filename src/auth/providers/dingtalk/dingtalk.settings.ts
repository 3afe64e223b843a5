import { Type } from 'class-transformer';
import {
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MinLength,
  ValidateBy,
  ValidateNested,
  type ValidationArguments,
} from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';
import { IsBaseUrl } from '../endpoint.js';

/** DingTalk's three hosts (reference dingtalk 9). */
export class DingtalkEndpoints {
  @IsOptional()
  @IsBaseUrl()
  login = 'https://login.dingtalk.com';

  @IsOptional()
  @IsBaseUrl()
  api = 'https://api.dingtalk.com';

  @IsOptional()
  @IsBaseUrl()
  oapi = 'https://oapi.dingtalk.com';
}

/** What a DingTalk connection has beside the common fields (DESIGN 5). */
export class DingtalkSettings {
  @IsString()
  @MinLength(1)
  clientId: string;

  @IsSecret({ minLength: 8 })
  clientSecret: Secret;

  /** Only this corp's members may sign in. */
  @ValidateBy({
    name: 'isCorpIdUnlessAny',
    validator: {
      validate: (value: unknown, args?: ValidationArguments) =>
        value === undefined
          ? (args?.object as DingtalkSettings).tenantPolicy === 'any'
          : typeof value === 'string' && /^\w{4,64}$/.test(value),
      defaultMessage: () =>
        'must be the corp’s id (ding…), or be left out together with tenantPolicy: any',
    },
  })
  corpId?: string;

  /** `any`: whoever has a DingTalk account may sign in. */
  @IsOptional()
  @IsIn(['any'], { message: 'must be any, or left out' })
  tenantPolicy?: 'any';

  /** For the JSAPI signature. */
  @IsOptional()
  @Matches(/^\d{1,20}$/, { message: 'must be the app’s agent id, in quotes' })
  agentId?: string;

  /** The hash of the JSAPI signature: sources disagree (reference dingtalk 5.2). */
  @IsOptional()
  @IsIn(['sha256', 'sha1'], { message: 'must be sha256 or sha1' })
  jsapiHash: 'sha256' | 'sha1' = 'sha256';

  @IsOptional()
  @IsSecret({ minLength: 3 })
  eventToken?: Secret;

  @IsOptional()
  @IsSecret({ minLength: 43 })
  eventAesKey?: Secret;

  @IsOptional()
  @ValidateNested()
  @Type(() => DingtalkEndpoints)
  endpoints: DingtalkEndpoints = new DingtalkEndpoints();
}
