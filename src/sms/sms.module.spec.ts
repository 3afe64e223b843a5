import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { Clock, SystemClock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { AliyunSender } from './aliyun.sender.js';
import { SmsSender } from './sms-sender.js';
import { SmsModule } from './sms.module.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

const key = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const cloud = {
  SMS_ACCESS_KEY_ID: 'LTAI-example',
  SMS_ACCESS_KEY_SECRET: 'kept-to-ourselves',
  SMS_SIGN_NAME: '灵牌',
  SMS_TEMPLATE: 'SMS_100001',
  SMS_SDK_APP_ID: '1400000001',
};

async function open(env: NodeJS.ProcessEnv): Promise<{ sender: SmsSender; log: () => string }> {
  let log = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log += chunk.toString();
      done();
    },
  });
  const ground = [
    { provide: Config, useValue: loadConfig({ SECRET_KEY: key, ...env }) },
    { provide: Clock, useClass: SystemClock },
    { provide: Logger, useValue: new Logger('trace', sink) },
  ];
  @Module({ providers: ground, exports: ground })
  class Ground {}
  const app = await Test.createTestingModule({
    imports: [{ module: Ground, global: true }, SmsModule],
  }).compile();
  return { sender: app.get(SmsSender), log: () => log };
}

const message = {
  phone: '+8613800000001',
  code: new Secret('012345'),
  validMinutes: 5,
  language: 'zh-CN',
} as const;

describe('the way to phones', () => {
  it.each([
    ['webhook', WebhookSender],
    ['aliyun', AliyunSender],
    ['tencent', TencentSender],
  ])('is the one that SMS_SENDER=%s names, and says nothing', async (name, kind) => {
    const { sender, log } = await open({
      SMS_SENDER: name,
      SMS_WEBHOOK_URL: 'https://sms.example.com/codes',
      SMS_WEBHOOK_SECRET: 'kept-to-ourselves-always',
      ...cloud,
    });
    expect(sender).toBeInstanceOf(kind);
    expect(log()).toBe('');
  });

  it('is the log in development: the code on purpose, the number masked, in words that say so', async () => {
    const { sender, log } = await open({});
    await sender.sendCode(message);
    expect(JSON.parse(log())).toEqual({
      level: 'info',
      time: expect.any(String),
      phone: '138****0001',
      code: '012345',
      msg: 'a code by SMS; SMS_SENDER=console prints it instead of sending it',
    });
  });

  it('is none in production until one is chosen, and tells the operator', async () => {
    const { sender, log } = await open({
      NODE_ENV: 'production',
      ISSUER_URL: 'https://id.example.com',
      DATABASE_URL: 'postgres://lingpai:hunter2hunter2@db/lingpai',
    });
    await expect(sender.sendCode(message)).rejects.toMatchObject({
      code: 'sms_unavailable',
      operator: { fix: 'Set SMS_SENDER to webhook, aliyun or tencent, with what it needs.' },
    });
    expect(log()).toBe('');
  });

  it('warns where a proxy cannot be taken', async () => {
    const { log } = await open({
      SMS_SENDER: 'aliyun',
      ...cloud,
      OUTBOUND_PROXY: 'http://lin:hunter2@proxy.example.com:3128',
    });
    expect(JSON.parse(log())).toMatchObject({
      level: 'warn',
      msg: 'Aliyun’s SDK takes no proxy: codes by SMS go past OUTBOUND_PROXY',
    });
    expect(log()).not.toContain('hunter2');
  });
});
