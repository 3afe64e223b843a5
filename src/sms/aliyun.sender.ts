import type { SmsCloud } from '../config/config.js';
import { type CloudMeaning, cloudError, platformCodeOf } from './cloud-errors.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

const timeoutMs = 5000;
const call = 'Dysmsapi SendSms';
const rightMissing = 'Give the RAM user of the access key the right dysms:SendSms.';

/** What Aliyun's codes mean to us (Dysmsapi 2017-05-25, "API error codes"). Any other: not available, with the code. */
const meanings: Readonly<Record<string, CloudMeaning>> = {
  'isv.BUSINESS_LIMIT_CONTROL': { kind: 'limited' },
  'isv.MOBILE_NUMBER_ILLEGAL': { kind: 'no-such-number' },
  // The number's owner does not want messages.
  'isv.BLACK_KEY_CONTROL_LIMIT': { kind: 'no-such-number' },
  // These two count all messages of the account, unlike BUSINESS_LIMIT_CONTROL.
  'isv.DAY_LIMIT_CONTROL': {
    kind: 'refused',
    fix: 'Raise the daily limit in Aliyun’s SMS console.',
  },
  'isv.MONTH_LIMIT_CONTROL': {
    kind: 'refused',
    fix: 'Raise the monthly limit in Aliyun’s SMS console.',
  },
  'isv.OUT_OF_SERVICE': { kind: 'refused', fix: 'Settle the account: the service is suspended.' },
  'isv.AMOUNT_NOT_ENOUGH': { kind: 'refused', fix: 'Top the account up.' },
  'isv.SMS_SIGNATURE_ILLEGAL': { kind: 'refused', fix: 'SMS_SIGN_NAME is no approved signature.' },
  'isv.SMS_TEMPLATE_ILLEGAL': { kind: 'refused', fix: 'SMS_TEMPLATE is no approved template.' },
  'isv.TEMPLATE_MISSING_PARAMETERS': {
    kind: 'refused',
    fix: 'The template must hold exactly one variable, ${code}.',
  },
  'isp.RAM_PERMISSION_DENY': { kind: 'refused', fix: rightMissing },
  'Forbidden.RAM': { kind: 'refused', fix: rightMissing },
  'isv.DOMESTIC_NUMBER_NOT_SUPPORTED': {
    kind: 'refused',
    fix: 'SMS_TEMPLATE is a template for numbers abroad; choose one for the mainland.',
  },
  SignatureDoesNotMatch: { kind: 'refused', fix: 'SMS_ACCESS_KEY_SECRET does not fit its id.' },
  'InvalidAccessKeyId.NotFound': { kind: 'refused', fix: 'SMS_ACCESS_KEY_ID does not exist.' },
  'InvalidTimeStamp.Expired': {
    kind: 'refused',
    fix: 'Set this host’s clock: it is off by more than 15 minutes.',
  },
  'InvalidAccessKeyId.Inactive': { kind: 'refused', fix: 'The access key is disabled.' },
};

type Client = InstanceType<(typeof import('@alicloud/dysmsapi20170525'))['default']>;

/** Aliyun SMS (阿里云短信服务) through its official SDK, which is loaded when the first code is sent. */
export class AliyunSender extends SmsSender {
  #client: Promise<Client> | undefined;

  constructor(private readonly settings: SmsCloud) {
    super();
  }

  override async sendCode({ phone, code }: PhoneCodeMessage): Promise<void> {
    const { SendSmsRequest } = await import('@alicloud/dysmsapi20170525');
    const { RuntimeOptions } = await import('@darabonba/typescript');
    const message = new SendSmsRequest({
      // The mainland's numbers without, all others with their country's code, never a plus.
      phoneNumbers: phone.replace(/^\+(?:86)?/, ''),
      signName: this.settings.signName,
      templateCode: this.settings.template,
      templateParam: JSON.stringify({ code: code.reveal() }),
    });
    const runtime = new RuntimeOptions({
      autoretry: false,
      connectTimeout: timeoutMs,
      readTimeout: timeoutMs,
    });
    this.#client ??= this.#open();
    const client = await this.#client;
    const answer = await client.sendSmsWithOptions(message, runtime).catch((error: unknown) => {
      throw cloudError(call, platformCodeOf(error), (error as Error).message, meanings);
    });
    const { code: result, message: words } = answer.body ?? {};
    if (result !== 'OK') throw cloudError(call, result, words, meanings);
  }

  async #open(): Promise<Client> {
    const { default: sdk } = await import('@alicloud/dysmsapi20170525');
    const { $OpenApiUtil } = await import('@alicloud/openapi-core');
    const { accessKeyId, accessKeySecret, region, endpoint } = this.settings;
    const base = endpoint === undefined ? undefined : new URL(endpoint);
    // CommonJS: seen from a module, its default export lies one deeper.
    return new sdk.default(
      new $OpenApiUtil.Config({
        accessKeyId,
        accessKeySecret: accessKeySecret.reveal(),
        regionId: region,
        // Without one, the SDK knows the region's own.
        ...(base && { endpoint: base.host }),
        protocol: base?.protocol.replace(':', '') ?? 'https',
      }),
    );
  }
}
