import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { asNumber, asObject, asText, withoutSecrets } from '../platform-reply.js';
import { PlatformTokenRejected } from '../platform-tokens.js';

/** What one of DingTalk's codes means here: one of ours, or that the app token is not good any more. */
interface Meaning {
  readonly code: ErrorCode | 'token_rejected';
  readonly fix?: string;
}

const tokenRejected: Meaning = {
  code: 'token_rejected',
  fix: 'The app token is refused even when it is new: check that the app is enabled.',
};
const codeRejected: Meaning = { code: 'platform_code_rejected' };
const notAMember: Meaning = { code: 'not_a_member' };
const busy: Meaning = { code: 'platform_unavailable' };
const rateLimited: Meaning = {
  code: 'platform_rate_limited',
  fix: 'DingTalk limits calls by app and second: see reference 7.4, and share platform tokens between services.',
};
const badSecret: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Check clientId and clientSecret in DingTalk’s developer console, and that the app is published.',
};
const ipRefused: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Add this server’s exit address to the app’s server exit IPs (服务器出口IP) in DingTalk’s developer console.',
};
const noPermission: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Grant the app the permission that the message names, and publish it again.',
};
const bug: Meaning = {
  code: 'platform_misconfigured',
  fix: 'DingTalk does not accept this request: check the connection’s ids, and report it.',
};

/** Both families of codes (reference dingtalk 1.3, 1.4, 3.2, 4, 7.3). */
const meanings: Readonly<Record<string, Meaning>> = {
  // oapi.dingtalk.com
  '-1': busy,
  '40001': tokenRejected,
  '40014': tokenRejected,
  '42001': tokenRejected,
  '40000': tokenRejected,
  '41001': tokenRejected,
  '40029': codeRejected,
  '40078': codeRejected,
  '40102': codeRejected,
  '42003': codeRejected,
  '42008': codeRejected,
  '41026': codeRejected,
  '40079': notAMember,
  '50002': notAMember,
  '60121': notAMember,
  '33012': notAMember,
  '40035': bug,
  '40089': badSecret,
  '40096': badSecret,
  '50003': {
    code: 'platform_misconfigured',
    fix: 'The app is disabled: enable it in DingTalk’s developer console.',
  },
  '60011': noPermission,
  '60020': ipRefused,
  '90002': rateLimited,
  '90018': rateLimited,
  '90020': rateLimited,
  // api.dingtalk.com
  InvalidAuthentication: tokenRejected,
  'AuthenticationFailed.MissingParameter': tokenRejected,
  'accesstoken.expired': codeRejected,
  'invalidParameter.authCode.notFound': codeRejected,
  'invalidParameter.user.notFound': notAMember,
  invalidClientIdOrSecret: badSecret,
  'invalid.client': badSecret,
  'Forbidden.AccessDenied.AccessTokenPermissionDenied': noPermission,
  'Forbidden.AccessDenied.IpNotInWhiteList': ipRefused,
  systemBusy: busy,
  'system.busy': busy,
  unknownError: busy,
  'InvalidAction.NotFound': bug,
  Missingbody: bug,
  Invalidbody: bug,
};

const sentences: Partial<Record<ErrorCode, string>> = {
  platform_code_rejected:
    'DingTalk did not accept the sign-in code: it was used already, has expired, or is not for this app.',
  not_a_member: 'This person is not among the members that the app can see in DingTalk.',
  platform_unavailable: 'DingTalk is not available right now. Please try again.',
  platform_rate_limited: 'DingTalk is asked too often right now. Please try again in a moment.',
  platform_misconfigured:
    'The connection to DingTalk is not set up correctly. Please tell an administrator.',
};

/** A refusal as DingTalk words it, in either family. */
export interface DingtalkRefusal {
  readonly code: string;
  readonly message: string | undefined;
}

/** Reads a refusal of `oapi`: HTTP 200, `errcode` other than 0; on topapi paths the true code hides in `sub_code` behind 88 (7.1). */
export function oapiRefusal(body: unknown): DingtalkRefusal | undefined {
  const reply = asObject(body);
  const errcode = asNumber(reply['errcode']);
  if (errcode === undefined || errcode === 0) return undefined;
  const subCode = errcode === 88 ? asText(reply['sub_code']) : undefined;
  return {
    code: subCode ?? String(errcode),
    message: asText(subCode ? reply['sub_msg'] : reply['errmsg']) ?? asText(reply['errmsg']),
  };
}

/** Reads a refusal of `api`: HTTP 4xx or 5xx, a code that is a text (7.2). */
export function apiRefusal(status: number, body: unknown): DingtalkRefusal | undefined {
  if (status < 400) return undefined;
  const reply = asObject(body);
  return {
    code: asText(reply['code'] ?? reply['Code']) ?? `HTTP ${status}`,
    message: asText(reply['message'] ?? reply['Message']),
  };
}

/** Whether the platform asks for patience: such a call may be made again. */
export function isBusy(refusal: DingtalkRefusal | undefined): boolean {
  const { code } = refusal ? meaningOf(refusal.code) : { code: undefined };
  return code === 'platform_unavailable' || code === 'platform_rate_limited';
}

/** The refusal as an error of ours; as `PlatformTokenRejected` where the app token is to blame. */
export function toError(call: string, refusal: DingtalkRefusal): Error {
  const { code, fix } = meaningOf(refusal.code);
  const rejected = code === 'token_rejected';
  const ours: ErrorCode = rejected ? 'platform_misconfigured' : code;
  const platformMessage = withoutSecrets(refusal.message);
  const error = new AppError(ours, sentences[ours] ?? 'DingTalk refused the sign-in.', {
    operator: {
      call,
      platformCode: refusal.code,
      ...(platformMessage && { platformMessage }),
      ...(fix && { fix }),
    },
  });
  return rejected ? new PlatformTokenRejected(error) : error;
}

function meaningOf(code: string): Meaning {
  const known = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (known) return known;
  if (
    /^Forbidden\.AccessDenied\.(?:Q|Api).*(?:Limit)/.test(code) ||
    /^900(?:0[7-9]|1[0-4])$/.test(code)
  )
    return rateLimited;
  if (/^Missing/.test(code)) return bug;
  return {
    code: 'platform_unavailable',
    fix: 'A code that is not known here: look it up in DingTalk’s error list.',
  };
}
