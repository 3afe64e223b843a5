import { AppError } from '../common/app-error.js';
import type { SmsCloud } from '../config/config.js';
import { type CloudMeaning, cloudError } from './cloud-errors.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

const timeoutMs = 5000;
const call = 'Dysmsapi SendSms';

/** What Aliyun's codes mean to us (Dysmsapi 2017-05-25, "API error codes"). Any other: not available, with the code. */
const meanings: Readonly<Record<string, CloudMeaning>> = {
  'isv.BUSINESS_LIMIT_CONTROL': { kind: 'limited' },
  'isv.DAY_LIMIT_CONTROL': { kind: 'limited' },
  'isv.MOBILE_NUMBER_ILLEGAL': { kind: 'no-such-number' },
  'isv.MOBILE_COUNT_OVER_LIMIT': { kind: 'no-such-number' },
  'isv.OUT_OF_SERVICE': { kind: 'refused', fix: 'Settle the account: the service is suspended.' },
  'isv.AMOUNT_NOT_ENOUGH': { kind: 'refused', fix: 'Top the account up.' },
  'isv.SMS_SIGNATURE_ILLEGAL': { kind: 'refused', fix: 'SMS_SIGN_NAME is no approved signature.' },
  'isv.SMS_TEMPLATE_ILLEGAL': { kind: 'refused', fix: 'SMS_TEMPLATE is no approved template.' },
  'isv.TEMPLATE_MISSING_PARAMETERS': {
    kind: 'refused',
    fix: 'The template must hold exactly one variable, ${code}.',
  },
  'isv.RAM_PERMISSION_DENY': {
    kind: 'refused',
    fix: 'Give the RAM user of the access key the right dysms:SendSms.',
  },
  SignatureDoesNotMatch: { kind: 'refused', fix: 'SMS_ACCESS_KEY_SECRET does not fit its id.' },
  'InvalidAccessKeyId.NotFound': { kind: 'refused', fix: 'SMS_ACCESS_KEY_ID does not exist.' },
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
      throw failure(error);
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
        endpoint: base?.host ?? 'dysmsapi.aliyuncs.com',
        protocol: base?.protocol.replace(':', '') ?? 'https',
      }),
    );
  }
}

function failure(error: unknown): AppError {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return cloudError(
    call,
    typeof code === 'string' ? code : undefined,
    typeof message === 'string' ? message : undefined,
    meanings,
  );
}
