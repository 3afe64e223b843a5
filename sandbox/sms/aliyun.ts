import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import type { PlatformHost } from '../http/platform-host.js';
import { jsonReply, type Reply } from '../http/reply.js';
import { header, type SandboxRequest } from '../http/request.js';
import type { SmsState } from './state.js';

/**
 * Aliyun's Dysmsapi (2017-05-25), as far as SendSms: signatures of the third version (ACS3-HMAC-SHA256) are checked as documented in
 * "V3 request body & signature", independently of the SDK.
 */
export function aliyunSmsHost(state: SmsState): PlatformHost {
  return {
    name: 'dysmsapi.aliyuncs.com',
    speaks: 'json',
    calls: [
      {
        methods: ['POST'],
        path: '/',
        takesToken: false,
        answer: (request) => send(request, state),
      },
    ],
    unmatched: () => refusal(404, 'InvalidAction.NotFound', 'Specified api is not found.'),
    refuse: () => refusal(503, 'ServiceUnavailable', 'The service is unavailable.'),
  };
}

function send(request: SandboxRequest, state: SmsState): Reply {
  const fault = signatureFault(request, state);
  if (fault) return fault;
  if (header(request, 'x-acs-action') !== 'SendSms')
    return refusal(404, 'InvalidAction.NotFound', 'Specified api is not found.');
  const asked = state.refusals.shift();
  if (asked !== undefined) return result(asked, 'refused as asked');
  const { query } = request;
  if (query.get('SignName') !== state.signName)
    return result('isv.SMS_SIGNATURE_ILLEGAL', '短信签名不合法');
  if (query.get('TemplateCode') !== state.template)
    return result('isv.SMS_TEMPLATE_ILLEGAL', '短信模板不合法');
  const phone = query.get('PhoneNumbers') ?? '';
  if (!/^(?:1\d{10}|[2-9]\d{6,14})$/.test(phone))
    return result('isv.MOBILE_NUMBER_ILLEGAL', `${phone}invalid mobile number`);
  const { code } = JSON.parse(query.get('TemplateParam') ?? '{}') as { code?: string };
  if (code === undefined) return result('isv.TEMPLATE_MISSING_PARAMETERS', '模板缺少变量');
  state.take({ through: 'aliyun', phone, code });
  return jsonReply({ Code: 'OK', Message: 'OK', RequestId: 'sandbox', BizId: '9006197469364984' });
}

/** HTTP 200 with a code of its own: the call was understood, the message not taken. */
function result(code: string, message: string): Reply {
  return jsonReply({ Code: code, Message: message, RequestId: 'sandbox' }, { outcome: code });
}

function refusal(status: number, code: string, message: string): Reply {
  const fields = {
    Code: code,
    Message: message,
    RequestId: 'sandbox',
    HostId: 'dysmsapi.aliyuncs.com',
  };
  return jsonReply(fields, { status, outcome: code });
}

/** What a signature must cover; Aliyun refuses one that covers less. */
const covered = [
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
];

function signatureFault(request: SandboxRequest, state: SmsState): Reply | undefined {
  const given =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]+)$/.exec(
      header(request, 'authorization') ?? '',
    );
  if (!given) return refusal(400, 'MissingAuthorization', 'Authorization is mandatory.');
  const [, keyId = '', names = '', signature = ''] = given;
  if (keyId !== state.accessKeyId)
    return refusal(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
  // By the machine's time, as the SDK reads no other.
  const age = Math.abs(Date.now() - Date.parse(header(request, 'x-acs-date') ?? ''));
  if (!(age < 15 * 60_000))
    return refusal(
      400,
      'InvalidTimeStamp.Expired',
      'Specified time stamp or date value is expired.',
    );
  const signed = names.split(';');
  const payload = createHash('sha256').update(request.body).digest('hex');
  if (
    covered.some((name) => !signed.includes(name)) ||
    header(request, 'x-acs-content-sha256') !== payload
  )
    return mismatch();
  const query = [...request.query]
    .map(([name, value]) => `${rfc3986(name)}=${rfc3986(value)}`)
    .sort()
    .join('&');
  const headers = signed
    .map((name) => `${name}:${(header(request, name) ?? '').trim()}\n`)
    .join('');
  const canonical = [request.method, '/', query, headers, names, payload].join('\n');
  const toSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const right = createHmac('sha256', state.accessKeySecret).update(toSign).digest('hex');
  const same =
    right.length === signature.length &&
    timingSafeEqual(Buffer.from(right), Buffer.from(signature));
  if (!same) return mismatch();
  return state.isFirstUse(header(request, 'x-acs-signature-nonce') ?? '')
    ? undefined
    : refusal(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
}

function mismatch(): Reply {
  return refusal(
    400,
    'SignatureDoesNotMatch',
    'Specified signature does not match our calculation.',
  );
}

function rfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
