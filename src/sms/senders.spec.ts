import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { SystemClock } from '../common/clock.js';
import { describeError } from '../common/describe-error.js';
import { Secret } from '../common/secret.js';
import { AliyunSender } from './aliyun.sender.js';
import type { SmsSender } from './sms-sender.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.stop());

const settings = () => {
  const { accessKeyId, accessKeySecret, signName, template, sdkAppId } = sandbox.control.sms.known;
  return {
    accessKeyId,
    accessKeySecret: new Secret(accessKeySecret),
    signName,
    template,
    sdkAppId,
  };
};
const aliyun = (changes: object = {}): SmsSender =>
  new AliyunSender({
    ...settings(),
    region: 'cn-hangzhou',
    endpoint: sandbox.endpoints.sms.aliyun,
    ...changes,
  });
const tencent = (changes: object = {}): SmsSender =>
  new TencentSender({
    ...settings(),
    region: 'ap-guangzhou',
    endpoint: sandbox.endpoints.sms.tencent,
    ...changes,
  });
const webhook = (changes: { url?: string; secret?: string } = {}): SmsSender =>
  new WebhookSender(
    new Secret(changes.url ?? sandbox.endpoints.sms.webhook),
    new Secret(changes.secret ?? sandbox.control.sms.known.webhookSecret),
    new SystemClock(),
  );

const send = (sender: SmsSender, phone = '+8613800000001'): Promise<void> =>
  sender.sendCode({ phone, code: new Secret('012345'), validMinutes: 5, language: 'zh-CN' });

describe.each([
  ['aliyun', () => aliyun()],
  ['tencent', () => tencent()],
  ['webhook', () => webhook()],
])('%s', (name, open) => {
  it('brings a code to a phone of the mainland and to one abroad', async () => {
    const sender = open();
    await send(sender);
    await send(sender, '+447400123456');
    expect(sandbox.control.sms.inbox().map(({ through }) => through)).toEqual([name, name]);
    expect(sandbox.control.sms.lastCode('+8613800000001')).toBe('012345');
    expect(sandbox.control.sms.lastCode('+447400123456')).toBe('012345');
  });

  it('says that it could not be sent while the service is down, and names no secret', async () => {
    sandbox.control.fault({ kind: 'down', on: hostOf[name] ?? '' });
    const error: unknown = await send(open()).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: 'sms_unavailable' });
    const told = JSON.stringify([error, (error as Error).stack, describeError(error)]);
    for (const secret of ['012345', '13800000001', 'exampleAccessKey', 'whsec_'])
      expect(told).not.toContain(secret);
    expect(sandbox.control.sms.inbox()).toEqual([]);
  });

  it('asks once, also when the answer is lost', async () => {
    sandbox.control.fault({ kind: 'lost', on: hostOf[name] ?? '' });
    await expect(send(open())).rejects.toMatchObject({ code: 'sms_unavailable' });
    expect(sandbox.control.sms.inbox()).toHaveLength(1);
  });
});

const hostOf: Readonly<Record<string, string>> = {
  aliyun: 'dysmsapi.aliyuncs.com',
  tencent: 'sms.tencentcloudapi.com',
  webhook: 'sms.example.com',
};

describe('what a cloud refuses', () => {
  it.each([
    ['isv.BUSINESS_LIMIT_CONTROL', 'too_many_requests'],
    ['isv.MOBILE_NUMBER_ILLEGAL', 'phone_invalid'],
    ['isv.BLACK_KEY_CONTROL_LIMIT', 'phone_invalid'],
    ['isv.DAY_LIMIT_CONTROL', 'sms_unavailable'],
    ['isv.SMS_TEMPLATE_ILLEGAL', 'sms_unavailable'],
    ['isp.RAM_PERMISSION_DENY', 'sms_unavailable'],
    ['isv.AMOUNT_NOT_ENOUGH', 'sms_unavailable'],
    ['isv.SOMETHING_NEW', 'sms_unavailable'],
  ])('Aliyun’s %s is %s', async (platformCode, code) => {
    sandbox.control.sms.refuseNext(platformCode);
    await expect(send(aliyun())).rejects.toMatchObject({ code, operator: { platformCode } });
  });

  it.each([
    ['LimitExceeded.PhoneNumberOneHourLimit', 'too_many_requests'],
    ['LimitExceeded.PhoneNumberThirtySecondLimit', 'too_many_requests'],
    ['InvalidParameterValue.IncorrectPhoneNumber', 'phone_invalid'],
    ['FailedOperation.PhoneNumberInBlacklist', 'phone_invalid'],
    ['FailedOperation.SignatureIncorrectOrUnapproved', 'sms_unavailable'],
    ['SomethingNew', 'sms_unavailable'],
    ['FailedOperation.InsufficientBalanceInSmsPackage', 'sms_unavailable'],
  ])('Tencent’s %s is %s', async (platformCode, code) => {
    sandbox.control.sms.refuseNext(platformCode);
    await expect(send(tencent())).rejects.toMatchObject({ code, operator: { platformCode } });
  });

  it('for now is told with how long to wait', async () => {
    sandbox.control.sms.refuseNext('isv.BUSINESS_LIMIT_CONTROL');
    await expect(send(aliyun())).rejects.toMatchObject({ retryAfterSeconds: 60 });
    sandbox.control.sms.refuseNext('LimitExceeded.PhoneNumberDailyLimit');
    await expect(send(tencent())).rejects.toMatchObject({ retryAfterSeconds: 60 });
  });

  it('for a key that it does not know is told with what to do about it', async () => {
    const unknown = { accessKeyId: 'anotherAccessKeyId' };
    for (const [sender, platformCode] of [
      [aliyun(unknown), 'InvalidAccessKeyId.NotFound'],
      [tencent(unknown), 'AuthFailure.SecretIdNotFound'],
    ] as const) {
      await expect(send(sender)).rejects.toMatchObject({
        code: 'sms_unavailable',
        operator: { platformCode, fix: 'SMS_ACCESS_KEY_ID does not exist.' },
      });
    }
    expect(sandbox.control.sms.inbox()).toEqual([]);
  });

  it('without a word that we know is told with where to look', async () => {
    sandbox.control.sms.refuseNext('isv.SOMETHING_NEW');
    await expect(send(aliyun())).rejects.toMatchObject({
      operator: { fix: 'Look the code up in the SMS service’s list of errors.' },
    });
  });

  it('is told with what to do about it', async () => {
    const wrong = { accessKeySecret: new Secret('anotherSecret-0123456789') };
    await expect(send(aliyun(wrong))).rejects.toMatchObject({
      operator: {
        platformCode: 'SignatureDoesNotMatch',
        fix: 'SMS_ACCESS_KEY_SECRET does not fit its id.',
      },
    });
    await expect(send(tencent(wrong))).rejects.toMatchObject({
      operator: {
        platformCode: 'AuthFailure.SignatureFailure',
        fix: 'SMS_ACCESS_KEY_SECRET does not fit its id.',
      },
    });
    await expect(send(aliyun({ signName: '别的' }))).rejects.toMatchObject({
      operator: { fix: 'SMS_SIGN_NAME is no approved signature.' },
    });
    await expect(send(tencent({ template: '1' }))).rejects.toMatchObject({
      operator: { fix: 'SMS_TEMPLATE is no approved template of this application.' },
    });
    await expect(send(tencent({ sdkAppId: '1400000002' }))).rejects.toMatchObject({
      operator: { fix: 'SMS_SDK_APP_ID is not an application of this account.' },
    });
  });
});

describe('a gateway', () => {
  it('may share a secret that is plain text, in whatever script', async () => {
    const received: { headers: Record<string, unknown>; body: string }[] = [];
    const gateway = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`;
    const sender = webhook({ url, secret: '一个只有双方知道的、足够长的、用来签名的秘密短语' });
    await send(sender);
    await send(sender);
    gateway.close();

    const [first, second] = received;
    expect(JSON.parse(first?.body ?? '')).toEqual({
      type: 'phone_code',
      phone: '+8613800000001',
      code: '012345',
      validMinutes: 5,
      language: 'zh-CN',
    });
    const { 'webhook-id': id, 'webhook-timestamp': at } = first?.headers ?? {};
    expect(first?.headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', '一个只有双方知道的、足够长的、用来签名的秘密短语')
        .update(`${String(id)}.${String(at)}.${first?.body}`)
        .digest('base64')}`,
    );
    expect(second?.headers['webhook-id']).not.toBe(id);
  });

  it('that takes no message is told with its status', async () => {
    sandbox.control.sms.refuseNext('no credit');
    await expect(send(webhook())).rejects.toMatchObject({
      code: 'sms_unavailable',
      operator: {
        platformCode: '500',
        fix: 'Look into the log of the SMS gateway at SMS_WEBHOOK_URL.',
      },
    });
  });

  it('that finds another signature gets no code', async () => {
    const secret = 'whsec_c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg==';
    await expect(send(webhook({ secret }))).rejects.toMatchObject({
      code: 'sms_unavailable',
      operator: { platformCode: '401' },
    });
  });

  it('is not followed elsewhere', async () => {
    const url = `${sandbox.url}/login.dingtalk.com/oauth2/auth`;
    await expect(send(webhook({ url }))).rejects.toMatchObject({ code: 'sms_unavailable' });
  });
});
