import type { Secret } from '../common/secret.js';
import type { SmsCloud } from '../config/config.js';
import { type CloudMeaning, cloudError, platformCodeOf } from './cloud-errors.js';
import { oneRequestAgent } from './one-request-agent.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

const timeoutSeconds = 5;
const call = 'sms SendSms';

/** What Tencent Cloud's codes mean to us (SMS 2021-01-11, "Error codes"). Any other: not available, with the code. */
const meanings: Readonly<Record<string, CloudMeaning>> = {
  'LimitExceeded.DeliveryFrequencyLimit': { kind: 'limited' },
  'LimitExceeded.PhoneNumberDailyLimit': { kind: 'limited' },
  'LimitExceeded.PhoneNumberOneHourLimit': { kind: 'limited' },
  'LimitExceeded.PhoneNumberThirtySecondLimit': { kind: 'limited' },
  'LimitExceeded.PhoneNumberSameContentDailyLimit': { kind: 'limited' },
  'InvalidParameterValue.IncorrectPhoneNumber': { kind: 'no-such-number' },
  'FailedOperation.PhoneNumberInBlacklist': { kind: 'no-such-number' },
  'FailedOperation.InsufficientBalanceInSmsPackage': {
    kind: 'refused',
    fix: 'Buy another package of messages.',
  },
  'FailedOperation.SignatureIncorrectOrUnapproved': {
    kind: 'refused',
    fix: 'SMS_SIGN_NAME is no approved signature of this application.',
  },
  'FailedOperation.TemplateIncorrectOrUnapproved': {
    kind: 'refused',
    fix: 'SMS_TEMPLATE is no approved template of this application.',
  },
  'FailedOperation.TemplateParamSetNotMatchApprovedTemplate': {
    kind: 'refused',
    fix: 'The template must hold two variables: {1} the code, {2} the minutes.',
  },
  'UnauthorizedOperation.SmsSdkAppIdVerifyFail': {
    kind: 'refused',
    fix: 'SMS_SDK_APP_ID is not an application of this account.',
  },
  'AuthFailure.UnauthorizedOperation': {
    kind: 'refused',
    fix: 'Give the CAM user of the access key the right sms:SendSms.',
  },
  'AuthFailure.SignatureExpire': {
    kind: 'refused',
    fix: 'Set this host’s clock: it is off by more than five minutes.',
  },
  'AuthFailure.SignatureFailure': {
    kind: 'refused',
    fix: 'SMS_ACCESS_KEY_SECRET does not fit its id.',
  },
  'AuthFailure.SecretIdNotFound': { kind: 'refused', fix: 'SMS_ACCESS_KEY_ID does not exist.' },
};

type Sdk = typeof import('tencentcloud-sdk-nodejs-sms');
type Client = InstanceType<Sdk['sms']['v20210111']['Client']>;

/** Tencent Cloud SMS (腾讯云短信) through its official SDK, which is loaded when the first code is sent. */
export class TencentSender extends SmsSender {
  constructor(
    private readonly settings: SmsCloud & { readonly sdkAppId: string },
    private readonly proxy?: Secret,
  ) {
    super();
  }

  override async sendCode({ phone, code, validMinutes }: PhoneCodeMessage): Promise<void> {
    const { sdkAppId, signName, template } = this.settings;
    const client = await this.#open();
    const answer = await client
      .SendSms({
        PhoneNumberSet: [phone],
        SmsSdkAppId: sdkAppId,
        SignName: signName,
        TemplateId: template,
        TemplateParamSet: [code.reveal(), String(validMinutes)],
      })
      .catch((error: unknown) => {
        throw cloudError(call, platformCodeOf(error), (error as Error).message, meanings);
      });
    // One number, one status: the call itself succeeds also where the message was not taken.
    const [status] = answer.SendStatusSet ?? [];
    if (status?.Code !== 'Ok') throw cloudError(call, status?.Code, status?.Message, meanings);
  }

  /** One for each message, since its connection carries one request. */
  async #open(): Promise<Client> {
    const sdk = await import('tencentcloud-sdk-nodejs-sms');
    const { accessKeyId, accessKeySecret, region, endpoint } = this.settings;
    const base = new URL(endpoint ?? 'https://sms.tencentcloudapi.com');
    return new sdk.sms.v20210111.Client({
      credential: { secretId: accessKeyId, secretKey: accessKeySecret.reveal() },
      region,
      profile: {
        signMethod: 'TC3-HMAC-SHA256',
        httpProfile: {
          reqTimeout: timeoutSeconds,
          endpoint: base.host,
          protocol: `${base.protocol}//`,
          agent: oneRequestAgent(base, this.proxy),
        },
      },
    });
  }
}
