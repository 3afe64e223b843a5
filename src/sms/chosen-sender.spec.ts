import { Writable } from 'node:stream';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { AppError } from '../common/app-error.js';
import { SystemClock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { Secret } from '../common/secret.js';
import { loadConfig } from '../config/load-config.js';
import { AliyunSender } from './aliyun.sender.js';
import { chosenSender } from './chosen-sender.js';
import { LoggedSender } from './logged.sender.js';
import { SmsSender } from './sms-sender.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

const key = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const everything = {
  SMS_WEBHOOK_URL: 'https://sms.example.com/codes',
  SMS_WEBHOOK_SECRET: 'kept-to-ourselves-always',
  SMS_ACCESS_KEY_ID: 'LTAI-example',
  SMS_ACCESS_KEY_SECRET: 'kept-to-ourselves',
  SMS_SIGN_NAME: '灵牌',
  SMS_TEMPLATE: 'SMS_100001',
  SMS_SDK_APP_ID: '1400000001',
};
const message = {
  phone: '+8613800000001',
  code: new Secret('012345'),
  validMinutes: 5,
  language: 'zh-CN',
} as const;

let log: string;
beforeEach(() => {
  log = '';
});
const logger = new Logger(
  'trace',
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      log += chunk.toString();
      done();
    },
  }),
);

const choose = (env: NodeJS.ProcessEnv): SmsSender =>
  chosenSender(loadConfig({ SECRET_KEY: key, ...env }), new SystemClock(), logger);

describe('the way to phones', () => {
  it.each([
    ['webhook', WebhookSender],
    ['aliyun', AliyunSender],
    ['tencent', TencentSender],
  ])('is the one that SMS_SENDER=%s names, without a word', (name, kind) => {
    expect(choose({ SMS_SENDER: name, ...everything })).toBeInstanceOf(kind);
    expect(log).toBe('');
  });

  it('is the log in development: the code on purpose, the number masked', async () => {
    await choose({}).sendCode(message);
    expect(JSON.parse(log)).toEqual({
      level: 'info',
      time: expect.any(String),
      phone: '138****0001',
      code: '012345',
      msg: 'a code by SMS; SMS_SENDER=console prints it instead of sending it',
    });
  });

  it('is none in production until one is chosen', async () => {
    const sender = choose({
      NODE_ENV: 'production',
      ISSUER_URL: 'https://id.example.com',
      DATABASE_URL: 'postgres://lingpai:hunter2hunter2@db/lingpai',
    });
    await expect(sender.sendCode(message)).rejects.toMatchObject({
      code: 'sms_unavailable',
      operator: { fix: 'Set SMS_SENDER to webhook, aliyun or tencent, with what it needs.' },
    });
    expect(log).toBe('');
  });

  it('warns where a proxy cannot be taken', () => {
    const proxy = { OUTBOUND_PROXY: 'http://lin:hunter2@proxy.example.com:3128' };
    choose({ SMS_SENDER: 'tencent', ...everything, ...proxy });
    expect(log).toBe('');
    choose({ SMS_SENDER: 'aliyun', ...everything, ...proxy });
    expect(JSON.parse(log)).toMatchObject({
      level: 'warn',
      msg: 'Aliyun’s SDK takes no proxy: codes by SMS go past OUTBOUND_PROXY',
    });
    expect(log).not.toContain('hunter2');
  });
});

describe('a code that was not sent', () => {
  class Failing extends SmsSender {
    constructor(private readonly error: Error) {
      super();
    }
    override sendCode(): Promise<void> {
      return Promise.reject(this.error);
    }
  }

  it.each([
    ['sms_unavailable', 'warn'],
    ['too_many_requests', 'info'],
    ['phone_invalid', 'info'],
  ] as const)('as %s leaves a line of level %s with the fix', async (code, level) => {
    const operator = { platformCode: 'isv.AMOUNT_NOT_ENOUGH', fix: 'Top the account up.' };
    const error = new AppError(code, 'Not sent.', { operator });
    await expect(new LoggedSender(new Failing(error), logger).sendCode(message)).rejects.toBe(
      error,
    );
    expect(JSON.parse(log)).toEqual({
      level,
      time: expect.any(String),
      err: { code, message: 'Not sent.', ...operator },
      phone: '138****0001',
      msg: 'a code by SMS was not sent',
    });
  });

  it('for a reason that nobody foresaw is an error', async () => {
    const error = new Error('a bug');
    await expect(new LoggedSender(new Failing(error), logger).sendCode(message)).rejects.toBe(
      error,
    );
    expect(JSON.parse(log)).toMatchObject({ level: 'error', err: { message: 'a bug' } });
  });
});
