import { IsIn, IsOptional, Matches, MaxLength, MinLength, ValidateBy } from 'class-validator';

import { Secret } from '../common/secret.js';
import type { SmsConfig, SmsLimits } from './config.js';
import { Emptied, IsUrlOf, IsWhole, WholeNumber } from './environment-rules.js';

export const smsSenders = ['console', 'webhook', 'aliyun', 'tencent'] as const;

/** The clouds' SDKs take a host and a port; a path would be lost without a word. */
function IsOrigin(): PropertyDecorator {
  return ValidateBy({
    name: 'isOrigin',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        /^https?:\/\/[^/?#@\s]+\/?$/i.test(value) &&
        URL.canParse(value),
      defaultMessage: () =>
        'must be http:// or https:// and a host, without a path, e.g. https://dysmsapi.aliyuncs.com',
    },
  });
}

/** Text is taken as it is; what says that it is base64 has to be. */
function IsSigningSecret(): PropertyDecorator {
  return ValidateBy({
    name: 'isSigningSecret',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        (!value.startsWith('whsec_') ||
          /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.slice(6))),
      defaultMessage: () => 'must be base64 after whsec_',
    },
  });
}

/** The variables that say how codes reach phones. */
export class SmsEnvironment {
  @Emptied()
  @IsOptional()
  @IsIn(smsSenders, { message: `must be one of ${smsSenders.join(', ')}` })
  SMS_SENDER?: (typeof smsSenders)[number];

  @Emptied()
  @IsOptional()
  @IsUrlOf(['http:', 'https:'], 'must be an http:// or https:// URL')
  SMS_WEBHOOK_URL?: string;

  @Emptied()
  @IsOptional()
  @MinLength(24, { message: 'must be at least 24 characters' })
  @MaxLength(200, { message: 'must be at most 200 characters' })
  @IsSigningSecret()
  SMS_WEBHOOK_SECRET?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^\S{1,128}$/, { message: 'must be the id of an access key' })
  SMS_ACCESS_KEY_ID?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^\S{1,128}$/, { message: 'must be the secret of the access key' })
  SMS_ACCESS_KEY_SECRET?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^\S(?:.{0,98}\S)?$/, { message: 'must be the signature as it was approved' })
  SMS_SIGN_NAME?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^\w{1,40}$/, { message: 'must be the code or the id of the template' })
  SMS_TEMPLATE?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^\d{1,20}$/, { message: 'must be the number of the SMS application' })
  SMS_SDK_APP_ID?: string;

  @Emptied()
  @IsOptional()
  @Matches(/^[a-z0-9-]{1,40}$/, { message: 'must be a region, e.g. cn-hangzhou' })
  SMS_REGION?: string;

  @Emptied()
  @IsOptional()
  @IsOrigin()
  SMS_ENDPOINT?: string;

  @WholeNumber()
  @IsOptional()
  @IsWhole(1, 1_000_000, 'a number of messages')
  SMS_LIMIT_PER_PHONE_PER_HOUR?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(1, 1_000_000, 'a number of messages')
  SMS_LIMIT_PER_IP_PER_HOUR?: number;

  @WholeNumber()
  @IsOptional()
  @IsWhole(1, 1_000_000, 'a number of messages')
  SMS_LIMIT_PER_CONNECTION_PER_HOUR?: number;
}

/** What each of them is, for the person who sets it. */
export const smsVariables: Readonly<Record<keyof SmsEnvironment, string>> = {
  SMS_SENDER:
    'how codes reach phones: `console` (the log; default outside production), `webhook`, `aliyun`, `tencent`',
  SMS_WEBHOOK_URL: 'webhook: where your gateway takes a code by POST',
  SMS_WEBHOOK_SECRET: 'webhook: what the request is signed with (Standard Webhooks)',
  SMS_ACCESS_KEY_ID: 'aliyun, tencent: AccessKey ID or SecretId',
  SMS_ACCESS_KEY_SECRET: 'aliyun, tencent: its secret',
  SMS_SIGN_NAME: 'aliyun, tencent: the approved signature',
  SMS_TEMPLATE: 'aliyun: TemplateCode; tencent: TemplateId',
  SMS_SDK_APP_ID: 'tencent: SmsSdkAppId',
  SMS_REGION: 'aliyun (cn-hangzhou), tencent (ap-guangzhou)',
  SMS_ENDPOINT: 'aliyun, tencent: a base URL in place of the public one',
  SMS_LIMIT_PER_PHONE_PER_HOUR: 'codes to one number in an hour (5)',
  SMS_LIMIT_PER_IP_PER_HOUR: 'codes asked for from one address in an hour (60)',
  SMS_LIMIT_PER_CONNECTION_PER_HOUR: 'codes asked for through one connection in an hour (1000)',
};

/** What each sender cannot do without. */
const needed: Readonly<Record<(typeof smsSenders)[number], readonly (keyof SmsEnvironment)[]>> = {
  console: [],
  webhook: ['SMS_WEBHOOK_URL', 'SMS_WEBHOOK_SECRET'],
  aliyun: ['SMS_ACCESS_KEY_ID', 'SMS_ACCESS_KEY_SECRET', 'SMS_SIGN_NAME', 'SMS_TEMPLATE'],
  tencent: [
    'SMS_ACCESS_KEY_ID',
    'SMS_ACCESS_KEY_SECRET',
    'SMS_SIGN_NAME',
    'SMS_TEMPLATE',
    'SMS_SDK_APP_ID',
  ],
};

/** One line for each variable that is missing, or not fit for production. */
export function smsFaults(read: SmsEnvironment, production: boolean): string[] {
  const { SMS_SENDER: sender, SMS_WEBHOOK_URL: url } = read;
  if (sender === undefined || !smsSenders.includes(sender)) return [];
  const missing = needed[sender]
    .filter((name) => read[name] === undefined)
    .map((name) => `${name}: must be set with SMS_SENDER=${sender}`);
  const unsafe = [
    ...(sender === 'console'
      ? ['SMS_SENDER: must not be console in production: it prints the codes']
      : []),
    ...(sender === 'webhook' && url?.startsWith('http:')
      ? ['SMS_WEBHOOK_URL: must begin with https:// in production']
      : []),
  ];
  return [...missing, ...(production ? unsafe : [])];
}

/** @param read has no faults */
export function smsConfig(read: SmsEnvironment, production: boolean): SmsConfig {
  const sender = read.SMS_SENDER ?? (production ? 'none' : 'console');
  const keys = {
    accessKeyId: read.SMS_ACCESS_KEY_ID ?? '',
    accessKeySecret: new Secret(read.SMS_ACCESS_KEY_SECRET ?? ''),
    signName: read.SMS_SIGN_NAME ?? '',
    template: read.SMS_TEMPLATE ?? '',
    endpoint: read.SMS_ENDPOINT,
  };
  switch (sender) {
    case 'none':
    case 'console':
      return { sender };
    case 'webhook':
      return {
        sender,
        url: new Secret(read.SMS_WEBHOOK_URL ?? ''),
        secret: new Secret(read.SMS_WEBHOOK_SECRET ?? ''),
      };
    case 'aliyun':
      return { sender, ...keys, region: read.SMS_REGION ?? 'cn-hangzhou' };
    case 'tencent':
      return {
        sender,
        ...keys,
        region: read.SMS_REGION ?? 'ap-guangzhou',
        sdkAppId: read.SMS_SDK_APP_ID ?? '',
      };
  }
}

export function smsLimits(read: SmsEnvironment): SmsLimits {
  return {
    perPhonePerHour: read.SMS_LIMIT_PER_PHONE_PER_HOUR ?? 5,
    perIpPerHour: read.SMS_LIMIT_PER_IP_PER_HOUR ?? 60,
    perConnectionPerHour: read.SMS_LIMIT_PER_CONNECTION_PER_HOUR ?? 1000,
  };
}
