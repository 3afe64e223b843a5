import { describe, expect, it } from '@jest/globals';

import { ConfigError, loadConfig } from './load-config.js';

const ground = {
  SECRET_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
};
const production = {
  ...ground,
  NODE_ENV: 'production',
  ISSUER_URL: 'https://id.example.com',
  DATABASE_URL: 'postgres://lingpai:hunter2hunter2@db/lingpai',
};
const keys = {
  SMS_ACCESS_KEY_ID: 'LTAI-example',
  SMS_ACCESS_KEY_SECRET: 'kept-to-ourselves',
  SMS_SIGN_NAME: '灵牌',
  SMS_TEMPLATE: 'SMS_100001',
};
const gateway = {
  SMS_SENDER: 'webhook',
  SMS_WEBHOOK_URL: 'https://sms.example.com/codes?token=kept-to-ourselves',
  SMS_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig({ ...ground, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('the way to phones', () => {
  it('is the log outside production, and none inside, unless one is chosen', () => {
    expect(loadConfig(ground).sms).toEqual({ sender: 'console' });
    expect(loadConfig({ ...ground, SMS_SENDER: '' }).sms).toEqual({ sender: 'console' });
    expect(loadConfig(production).sms).toEqual({ sender: 'none' });
  });

  it('is never the log in production', () => {
    expect(faultsOf({ ...production, SMS_SENDER: 'console' })).toEqual([
      'SMS_SENDER: must not be console in production: it prints the codes',
    ]);
  });

  it('is one of four', () => {
    expect(faultsOf({ SMS_SENDER: 'carrier-pigeon' })).toEqual([
      'SMS_SENDER: must be one of console, webhook, aliyun, tencent',
    ]);
  });

  it('names every variable that its sender misses, in a line each', () => {
    expect(faultsOf({ SMS_SENDER: 'webhook' })).toEqual([
      'SMS_WEBHOOK_URL: must be set with SMS_SENDER=webhook',
      'SMS_WEBHOOK_SECRET: must be set with SMS_SENDER=webhook',
    ]);
    expect(faultsOf({ SMS_SENDER: 'aliyun', SMS_SIGN_NAME: '灵牌' })).toEqual([
      'SMS_ACCESS_KEY_ID: must be set with SMS_SENDER=aliyun',
      'SMS_ACCESS_KEY_SECRET: must be set with SMS_SENDER=aliyun',
      'SMS_TEMPLATE: must be set with SMS_SENDER=aliyun',
    ]);
    expect(faultsOf({ SMS_SENDER: 'tencent', ...keys })).toEqual([
      'SMS_SDK_APP_ID: must be set with SMS_SENDER=tencent',
    ]);
  });

  it('reads what each sender needs, with the region where its cloud is at home', () => {
    const aliyun = loadConfig({ ...ground, SMS_SENDER: 'aliyun', ...keys }).sms;
    expect(aliyun).toMatchObject({
      sender: 'aliyun',
      accessKeyId: 'LTAI-example',
      signName: '灵牌',
      template: 'SMS_100001',
      region: 'cn-hangzhou',
      endpoint: undefined,
    });
    const elsewhere = { SMS_REGION: 'ap-singapore', SMS_ENDPOINT: 'http://127.0.0.1:8080' };
    const tencent = { ...ground, SMS_SENDER: 'tencent', ...keys, SMS_SDK_APP_ID: '1400000001' };
    expect(loadConfig(tencent).sms).toMatchObject({
      sender: 'tencent',
      sdkAppId: '1400000001',
      region: 'ap-guangzhou',
    });
    expect(loadConfig({ ...tencent, ...elsewhere }).sms).toMatchObject({
      region: 'ap-singapore',
      endpoint: 'http://127.0.0.1:8080',
    });
  });

  it('keeps secrets to itself, the gateway’s URL among them', () => {
    const chosen = [gateway, { SMS_SENDER: 'aliyun', ...keys }].map(
      (env) => loadConfig({ ...production, ...env }).sms,
    );
    expect(JSON.stringify(chosen)).not.toMatch(/kept-to-ourselves|whsec_/);
  });

  it.each([
    ['SMS_WEBHOOK_URL', 'ftp://sms.example.com', 'must be an http:// or https:// URL'],
    ['SMS_WEBHOOK_SECRET', 'too short', 'must be at least 24 characters'],
    ['SMS_WEBHOOK_SECRET', 'whsec_this*is*no*base64*at*all', 'must be base64 after whsec_'],
    ['SMS_WEBHOOK_SECRET', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZ', 'must be base64 after whsec_'],
    ['SMS_SDK_APP_ID', 'app', 'must be the number of the SMS application'],
    ['SMS_TEMPLATE', 'SMS 1', 'must be the code or the id of the template'],
    ['SMS_SIGN_NAME', ' 灵牌', 'must be the signature as it was approved'],
    ['SMS_LIMIT_PER_IP_PER_HOUR', '0', 'must be a number of messages from 1 to 1000000'],
    [
      'SMS_ENDPOINT',
      'https://sms.example.com/aliyun',
      'must be http:// or https:// and a host, without a path, e.g. https://dysmsapi.aliyuncs.com',
    ],
  ])('refuses %s=%s', (name, value, words) => {
    expect(faultsOf({ [name]: value })).toEqual([`${name}: ${words}`]);
  });

  it('goes over https in production', () => {
    expect(
      faultsOf({ ...production, ...gateway, SMS_WEBHOOK_URL: 'http://sms.example.com/codes' }),
    ).toEqual(['SMS_WEBHOOK_URL: must begin with https:// in production']);
    expect(faultsOf({ ...gateway, SMS_WEBHOOK_URL: 'http://127.0.0.1:9/codes' })).toEqual([]);
  });

  it('has limits', () => {
    expect(loadConfig(ground).smsLimits).toEqual({
      perPhonePerHour: 5,
      perIpPerHour: 60,
      perConnectionPerHour: 1000,
    });
    expect(
      loadConfig({
        ...ground,
        SMS_LIMIT_PER_PHONE_PER_HOUR: '3',
        SMS_LIMIT_PER_IP_PER_HOUR: '20',
        SMS_LIMIT_PER_CONNECTION_PER_HOUR: '500',
      }).smsLimits,
    ).toEqual({ perPhonePerHour: 3, perIpPerHour: 20, perConnectionPerHour: 500 });
  });
});
