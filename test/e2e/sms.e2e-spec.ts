import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Sandbox } from '../../sandbox/sandbox.js';
import { TestBrowser, type Visit } from '../fixtures/browser.js';
import { submit, submitAndFollow } from '../fixtures/forms.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { atPortal, begin, discoverPortal } from '../fixtures/sign-in.js';

const phone = '13800000001';

function cloud({ endpoints, control }: Sandbox, sender: 'aliyun' | 'tencent'): NodeJS.ProcessEnv {
  const { accessKeyId, accessKeySecret, signName, template, sdkAppId } = control.sms.known;
  return {
    SMS_SENDER: sender,
    SMS_ACCESS_KEY_ID: accessKeyId,
    SMS_ACCESS_KEY_SECRET: accessKeySecret,
    SMS_SIGN_NAME: signName,
    SMS_TEMPLATE: template,
    SMS_SDK_APP_ID: sdkAppId,
    SMS_ENDPOINT: endpoints.sms[sender],
    SMS_LIMIT_PER_PHONE_PER_HOUR: '100',
  };
}

function openBed(env: (sandbox: Sandbox) => NodeJS.ProcessEnv): Promise<TestBed> {
  return openTestBed({
    env,
    provision: ({ connections }) => {
      connections.push({ slug: 'phone', platform: 'local', displayName: '手机号' });
    },
  });
}

/** As far as the page that asks for a number. */
async function open(bed: TestBed): Promise<{ browser: TestBrowser; page: Visit }> {
  const browser = new TestBrowser({ 'accept-language': 'en' });
  const began = await begin(await discoverPortal(bed), { connection: 'phone' });
  return { browser, page: await browser.follow(began.url) };
}

interface Cloud {
  readonly sender: 'aliyun' | 'tencent';
  readonly refusals: readonly (readonly [string, number])[];
  readonly fix: string;
}

describe.each<Cloud>([
  {
    sender: 'aliyun',
    refusals: [
      ['isv.BUSINESS_LIMIT_CONTROL', 429],
      ['isv.MOBILE_NUMBER_ILLEGAL', 422],
      ['isv.AMOUNT_NOT_ENOUGH', 503],
    ],
    fix: 'Top the account up.',
  },
  {
    sender: 'tencent',
    refusals: [
      ['LimitExceeded.PhoneNumberOneHourLimit', 429],
      ['FailedOperation.PhoneNumberInBlacklist', 422],
      ['FailedOperation.InsufficientBalanceInSmsPackage', 503],
    ],
    fix: 'Buy another package of messages.',
  },
])('codes through $sender', ({ sender, refusals, fix }) => {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openBed((sandbox) => cloud(sandbox, sender));
  });
  afterAll(() => bed.stop());

  it('arrive and sign their person in', async () => {
    const { browser, page } = await open(bed);
    const codePage = await submitAndFollow(browser, page, '/phone', { phone });
    const code = bed.sandbox.control.sms.lastCode(`+86${phone}`) ?? '';
    const end = await submitAndFollow(browser, codePage, '/code', { code }, atPortal);
    expect(end.location?.searchParams.get('code')).toMatch(/./);
    expect(bed.sandbox.control.sms.inbox()).toMatchObject([{ through: sender }]);
    expect(bed.log()).not.toContain(code);
  });

  it.each([...refusals])(
    'that are refused with %s are answered with %i',
    async (refusal, status) => {
      const { browser, page } = await open(bed);
      bed.sandbox.control.sms.refuseNext(refusal);
      const answer = await submit(browser, page, '/phone', { phone });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain(refusal);

      const again = await submitAndFollow(browser, answer, '/phone', { phone });
      expect(again.text).toContain('138****0001');
    },
  );

  it('leave the service’s own word and the fix in the log, and nothing else of theirs', () => {
    const log = bed.log();
    for (const [refusal] of refusals) expect(log).toContain(refusal);
    expect(log).toContain(fix);
    const { accessKeyId, accessKeySecret } = bed.sandbox.control.sms.known;
    for (const hidden of [phone, accessKeyId, accessKeySecret, 'TemplateParam', 'HMAC-SHA256'])
      expect(log).not.toContain(hidden);
    for (const { code } of bed.sandbox.control.sms.inbox()) expect(log).not.toContain(`"${code}"`);
  });
});

it('codes in the log, where nothing else is set up, sign their person in', async () => {
  const bed = await openBed(() => ({ SMS_SENDER: '' }));
  const { browser, page } = await open(bed);
  const codePage = await submitAndFollow(browser, page, '/phone', { phone });
  const printed = bed
    .log()
    .split('\n')
    .filter((line) => line.includes('SMS_SENDER=console'))
    .map((line) => JSON.parse(line) as { phone: string; code: string });
  expect(printed).toMatchObject([{ phone: '138****0001', code: expect.stringMatching(/^\d{6}$/) }]);
  const { code = '' } = printed[0] ?? {};
  const end = await submitAndFollow(browser, codePage, '/code', { code }, atPortal);
  expect(end.location?.searchParams.get('code')).toMatch(/./);
  expect(bed.log()).not.toContain(phone);
  await bed.stop();
});
