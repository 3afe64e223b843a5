import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  Matches,
  ValidateBy,
  ValidateNested,
} from 'class-validator';

import type { Secret } from '../../../common/secret.js';
import { IfGiven, IsSecret } from '../../../common/validation.js';
import { WecomEndpoints } from '../wecom/wecom.endpoints.js';
import { IsCallbackAesKey, IsCallbackToken } from '../wecom/wecom.rules.js';

const corpIdPattern = /^[\w-]{4,64}$/;
const suiteIdPattern = /^\w{4,64}$/;

/** A `dk…` suite is a template; as a third-party app each of its corps would seem to have taken the app away (pitfall 6). */
function FitsAppType(): PropertyDecorator {
  return ValidateBy({
    name: 'fitsAppType',
    validator: {
      validate: (value: unknown, args) => {
        const { appType } = args?.object as { readonly appType?: unknown };
        return !(appType === 'third-party' && typeof value === 'string' && value.startsWith('dk'));
      },
      defaultMessage: () => 'is a delegated template’s (dk…): appType must be delegated',
    },
  });
}

function ListedWhereAsked(): PropertyDecorator {
  return ValidateBy({
    name: 'listedWhereAsked',
    validator: {
      validate: (value: unknown, args) => {
        const { tenantPolicy } = args?.object as { readonly tenantPolicy?: unknown };
        const isEmpty = !Array.isArray(value) || value.length === 0;
        return isEmpty !== (tenantPolicy === 'listed');
      },
      defaultMessage: (args) =>
        Array.isArray(args?.value) && args.value.length > 0
          ? 'has a meaning with tenantPolicy: listed alone'
          : 'must name at least one corp with tenantPolicy: listed',
    },
  });
}

/** The 登录授权 suite of today's web sign-in: an app of its own, with its own secret and ticket (reference wecom-service-provider 5). */
export class LoginSuite {
  @ApiProperty({ type: String, pattern: suiteIdPattern.source })
  @Matches(suiteIdPattern, { message: 'must be the SuiteID of the 登录授权 suite' })
  suiteId: string;

  @ApiProperty({ type: String, minLength: 8, writeOnly: true })
  @IsSecret({ minLength: 8 })
  suiteSecret: Secret;

  /** Its callback brings its ticket. */
  @ApiProperty({ type: String, writeOnly: true })
  @IsCallbackToken()
  eventToken: Secret;

  @ApiProperty({ type: String, writeOnly: true })
  @IsCallbackAesKey()
  eventAesKey: Secret;
}

/** What a connection to a service provider's app has beside the common fields (DESIGN 5). */
export class WecomServiceProviderSettings {
  @ApiProperty({
    enum: ['third-party', 'delegated'],
    description: '`third-party`: 第三方应用; `delegated`: 代开发.',
  })
  @IsIn(['third-party', 'delegated'], { message: 'must be third-party or delegated' })
  appType: 'third-party' | 'delegated';

  /** The provider's own corp, as it knows itself: plain. */
  @ApiProperty({ type: String, pattern: corpIdPattern.source })
  @Matches(corpIdPattern, { message: 'must be the provider’s own corp id (ww…)' })
  providerCorpId: string;

  /** 应用管理 > 通用开发参数; not the secret of a suite. */
  @ApiProperty({ type: String, minLength: 8, writeOnly: true })
  @IsSecret({ minLength: 8 })
  providerSecret: Secret;

  /** The app's SuiteID, or the template's id (`dk…`). */
  @ApiProperty({ type: String, pattern: suiteIdPattern.source })
  @FitsAppType()
  @Matches(suiteIdPattern, { message: 'must be the app’s SuiteID, or the template’s id' })
  suiteId: string;

  @ApiProperty({ type: String, minLength: 8, writeOnly: true })
  @IsSecret({ minLength: 8 })
  suiteSecret: Secret;

  /** The pair of the app's or template's callback, which brings the ticket that every call of the suite needs. */
  @ApiProperty({ type: String, writeOnly: true })
  @IsCallbackToken()
  eventToken: Secret;

  @ApiProperty({ type: String, writeOnly: true })
  @IsCallbackAesKey()
  eventAesKey: Secret;

  /** The pair of a delegated app's own callback, where it is not the template's. */
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackToken('appEventAesKey')
  appEventToken?: Secret;

  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsCallbackAesKey('appEventToken')
  appEventAesKey?: Secret;

  @ApiPropertyOptional({
    type: LoginSuite,
    description: 'Left out: web sign-in takes the older way, `3rd_qrConnect`.',
  })
  @IfGiven()
  @IsObject({ message: 'must be an object: suiteId, suiteSecret, eventToken, eventAesKey' })
  @ValidateNested()
  @Type(() => LoginSuite)
  loginSuite?: LoginSuite;

  /** Whose people may sign in: of the corps that installed the app, of those in `tenants`, or of any. */
  @ApiPropertyOptional({
    enum: ['installed', 'listed', 'any'],
    description: 'Left out: `installed`.',
  })
  @IsIn(['installed', 'listed', 'any'], { message: 'must be installed, listed or any' })
  tenantPolicy: 'installed' | 'listed' | 'any' = 'installed';

  /** With `tenantPolicy: listed`: corp ids as this provider sees them. */
  @ApiPropertyOptional({ type: [String], description: 'With `tenantPolicy: listed`.' })
  @IsArray({ message: 'must be a list of corp ids' })
  @Matches(corpIdPattern, { each: true, message: 'must be a list of corp ids' })
  @ListedWhereAsked()
  tenants: string[] = [];

  /** Inside the client: `snsapi_base` is silent, `snsapi_privateinfo` asks the person. */
  @ApiPropertyOptional({
    enum: ['snsapi_base', 'snsapi_privateinfo'],
    description: 'Left out: `snsapi_base`.',
  })
  @IsIn(['snsapi_base', 'snsapi_privateinfo'], {
    message: 'must be snsapi_base or snsapi_privateinfo',
  })
  scope: 'snsapi_base' | 'snsapi_privateinfo' = 'snsapi_base';

  /** Whether install links are for trials (测试授权): the only way while the app is not published (reference 4.2). */
  @ApiPropertyOptional({ type: Boolean, description: 'Left out: `false`.' })
  @IsBoolean()
  testInstalls = false;

  @ApiPropertyOptional({ type: WecomEndpoints })
  @IsObject({ message: 'must be an object of base URLs: login, open, openWork, api' })
  @ValidateNested()
  @Type(() => WecomEndpoints)
  endpoints: WecomEndpoints = new WecomEndpoints();
}
