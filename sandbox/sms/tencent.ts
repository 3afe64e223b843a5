import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import type { PlatformHost } from '../http/platform-host.js';
import { jsonReply, type Reply } from '../http/reply.js';
import { header, jsonObject, type SandboxRequest } from '../http/request.js';
import type { SmsState } from './state.js';

/**
 * Tencent Cloud's SMS (2021-01-11), as far as SendSms: signatures (TC3-HMAC-SHA256) are checked as documented in "Signature v3",
 * independently of the SDK. Everything is HTTP 200; refusals stand in `Response.Error`.
 */
export function tencentSmsHost(state: SmsState): PlatformHost {
  return {
    name: 'sms.tencentcloudapi.com',
    speaks: 'json',
    calls: [
      {
        methods: ['POST'],
        path: '/',
        takesToken: false,
        answer: (request) => send(request, state),
      },
    ],
    unmatched: () => failure('InvalidAction', 'The action is not found.'),
    refuse: () => failure('InternalError', 'Internal error.'),
  };
}

function send(request: SandboxRequest, state: SmsState): Reply {
  const fault = signatureFault(request, state);
  if (fault) return fault;
  const fields = jsonObject(request);
  if (header(request, 'x-tc-action') !== 'SendSms' || !fields)
    return failure('InvalidAction', 'The action is not found.');
  if (fields['SmsSdkAppId'] !== state.sdkAppId)
    return failure(
      'UnauthorizedOperation.SmsSdkAppIdVerifyFail',
      'SmsSdkAppId verification failed.',
    );
  const phones = fields['PhoneNumberSet'] as readonly string[];
  const [code = '', minutes] = fields['TemplateParamSet'] as readonly string[];
  const phone = phones[0] ?? '';
  const status = state.refusals.shift() ?? statusOf(fields, phone, minutes, state);
  if (status === 'Ok') state.take({ through: 'tencent', phone, code });
  return jsonReply(
    {
      Response: {
        SendStatusSet: [
          {
            SerialNo: '',
            PhoneNumber: phone,
            Fee: status === 'Ok' ? 1 : 0,
            SessionContext: '',
            Code: status,
            Message: status === 'Ok' ? 'send success' : `refused for ${phone}`,
            IsoCode: 'CN',
          },
        ],
        RequestId: 'sandbox',
      },
    },
    status === 'Ok' ? {} : { outcome: status },
  );
}

function statusOf(
  fields: Readonly<Record<string, unknown>>,
  phone: string,
  minutes: string | undefined,
  state: SmsState,
): string {
  if (fields['SignName'] !== state.signName)
    return 'FailedOperation.SignatureIncorrectOrUnapproved';
  if (fields['TemplateId'] !== state.template)
    return 'FailedOperation.TemplateIncorrectOrUnapproved';
  if (minutes === undefined) return 'FailedOperation.TemplateParamSetNotMatchApprovedTemplate';
  return /^\+[1-9]\d{6,14}$/.test(phone) ? 'Ok' : 'InvalidParameterValue.IncorrectPhoneNumber';
}

function failure(code: string, message: string): Reply {
  return jsonReply(
    { Response: { Error: { Code: code, Message: message }, RequestId: 'sandbox' } },
    { outcome: code },
  );
}

function signatureFault(request: SandboxRequest, state: SmsState): Reply | undefined {
  const given =
    /^TC3-HMAC-SHA256 Credential=([^/]+)\/([^/]+)\/([^/]+)\/tc3_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      header(request, 'authorization') ?? '',
    );
  if (!given) return failure('AuthFailure.SignatureFailure', 'The signature is missing.');
  const [, keyId = '', date = '', service = '', names = '', signature = ''] = given;
  if (keyId !== state.accessKeyId)
    return failure('AuthFailure.SecretIdNotFound', 'The SecretId is not found.');
  const timestamp = header(request, 'x-tc-timestamp') ?? '';
  const at = Number(timestamp) * 1000;
  // By the machine's time, as the SDK reads no other.
  if (!(Math.abs(Date.now() - at) < 5 * 60_000))
    return failure('AuthFailure.SignatureExpire', 'The provided signature has expired.');
  const signed = names.split(';');
  const isWhole = signed.includes('content-type') && signed.includes('host');
  if (!isWhole || new Date(at).toISOString().slice(0, 10) !== date) return mismatch();
  // The real host has no port, and the SDK signs none.
  const valueOf = (name: string): string =>
    (header(request, name) ?? '').trim().replace(name === 'host' ? /:\d+$/ : /$^/, '');
  const headers = signed.map((name) => `${name}:${valueOf(name).toLowerCase()}\n`).join('');
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const canonical = [request.method, '/', '', headers, names, sha(request.body)].join('\n');
  const toSign = [
    'TC3-HMAC-SHA256',
    timestamp,
    `${date}/${service}/tc3_request`,
    sha(canonical),
  ].join('\n');
  const chain = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const key = chain(chain(chain(`TC3${state.accessKeySecret}`, date), service), 'tc3_request');
  const right = chain(key, toSign).toString('hex');
  const same =
    right.length === signature.length &&
    timingSafeEqual(Buffer.from(right), Buffer.from(signature));
  return same ? undefined : mismatch();
}

function mismatch(): Reply {
  return failure(
    'AuthFailure.SignatureFailure',
    'The provided credentials could not be validated.',
  );
}
