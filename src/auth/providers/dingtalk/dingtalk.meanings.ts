import type { ErrorCode } from '../../../common/app-error.js';
import type { Trouble } from '../../../common/http-client.js';
import type { DingtalkRefusal } from './dingtalk.replies.js';

/** What one of DingTalk's codes means for a sign-in. */
export interface Meaning {
  readonly code: ErrorCode;
  /** What an operator does about it. */
  readonly fix: string | ((refusal: DingtalkRefusal) => string);
  /** The token that the call was made with is no good (any more). */
  readonly rejectsToken?: true;
  /** Why the same call may succeed later. */
  readonly trouble?: Trouble;
}

const rejectedToken: Meaning = {
  code: 'platform_misconfigured',
  fix: 'A token that was fetched a moment ago is refused: check that the app is enabled and that `endpoints` are those of one deployment.',
  rejectsToken: true,
};
const lostToken: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The token did not reach DingTalk: a proxy named in `endpoints` must pass on headers and query as they are.',
};
const refusedCode: Meaning = {
  code: 'platform_code_rejected',
  fix: 'Nothing, if it is rare. Otherwise check that each kind of code goes to its own exchange, and is sent once.',
};
const stranger: Meaning = {
  code: 'not_a_member',
  fix: 'If this person should get in, add them to the corp and to the visible range of the app (应用可见范围).',
};
const busy: Meaning = {
  code: 'platform_unavailable',
  fix: 'DingTalk is busy: wait.',
  trouble: 'busy',
};
const tooFast: Meaning = {
  code: 'platform_rate_limited',
  fix: 'DingTalk limits the calls of an app in each second: see what else calls with this app.',
  trouble: 'too-fast',
};
const tooMany: Meaning = {
  code: 'platform_rate_limited',
  fix: 'A quota is used up (of a minute, or of the month for the whole corp): see what else calls with this app, or buy more.',
  trouble: 'used-up',
};
const banned: Meaning = {
  code: 'platform_rate_limited',
  fix: 'DingTalk has banned this server’s exit address for five minutes: more than 10,000 calls in 20 seconds came from it.',
  trouble: 'used-up',
};
const wrongSecret: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Check clientId and clientSecret (凭证与基础信息) in DingTalk’s developer console, and that the app is published.',
};
const refusedAddress: Meaning = {
  code: 'platform_misconfigured',
  fix: ({ message }) =>
    `Add ${addressIn(message) ?? 'this server’s exit address'} to the app’s server exit IPs (服务器出口IP) in DingTalk’s developer console.`,
};
const noPermission: Meaning = {
  code: 'platform_misconfigured',
  fix: ({ missingPermissions }) =>
    `Grant the app ${missingPermissions.join(', ') || 'the permission that the message names'} (权限管理) in DingTalk’s developer console and publish it again.`,
};
const disabledApp: Meaning = {
  code: 'platform_misconfigured',
  fix: 'The app is disabled: enable it in DingTalk’s developer console.',
};
const wrongRedirect: Meaning = {
  code: 'platform_misconfigured',
  fix: 'Register this connection’s callback URL (安全设置 → 重定向URL) in DingTalk’s developer console.',
};
const wrongPath: Meaning = {
  code: 'platform_misconfigured',
  fix: 'There is no such call at this address: check the base URLs in `endpoints`.',
};
const brokenRequest: Meaning = {
  code: 'platform_misconfigured',
  fix: 'DingTalk could not read the request: check the connection’s ids, and any proxy named in `endpoints`.',
};
const unknown: Meaning = {
  code: 'platform_unavailable',
  fix: 'A code that is not known here: look it up in DingTalk’s list of error codes.',
};

/** Both families of codes in one table (reference dingtalk 1.3, 1.4, 3.2, 3.3, 7). */
const meanings = new Map<string, Meaning>([
  // oapi.dingtalk.com
  ['-1', busy],
  ['22', wrongPath],
  ['404', wrongPath],
  ['1111', banned],
  ['33012', stranger],
  ['40000', lostToken],
  ['40001', rejectedToken],
  ['40014', rejectedToken],
  ['40029', refusedCode],
  ['40035', brokenRequest],
  ['40078', refusedCode],
  ['40079', stranger],
  ['40089', wrongSecret],
  ['40096', wrongSecret],
  ['40102', refusedCode],
  ['41001', lostToken],
  ['41007', refusedCode],
  ['41026', refusedCode],
  ['42001', rejectedToken],
  ['42003', refusedCode],
  ['42008', refusedCode],
  ['43001', wrongPath],
  ['43002', wrongPath],
  ['50001', wrongRedirect],
  ['50002', stranger],
  ['50003', disabledApp],
  ['60011', noPermission],
  ['60020', refusedAddress],
  ['60121', stranger],
  ['90002', tooFast],
  ['90018', tooFast],
  ['90020', tooMany],
  ['400002', brokenRequest],
  // api.dingtalk.com
  ['AuthenticationFailed.MissingParameter', lostToken],
  ['Forbidden.AccessDenied.AccessTokenPermissionDenied', noPermission],
  ['Forbidden.AccessDenied.ApiCountLimitForOrg', tooMany],
  ['Forbidden.AccessDenied.IpNotInWhiteList', refusedAddress],
  ['InvalidAction.NotFound', wrongPath],
  ['InvalidAuthentication', rejectedToken],
  ['Invalidbody', brokenRequest],
  ['accesstoken.expired', rejectedToken],
  ['invalid.client', wrongSecret],
  ['invalidClientIdOrSecret', wrongSecret],
  ['invalidParameter.authCode.notFound', refusedCode],
  ['invalidParameter.user.notFound', stranger],
  ['system.busy', busy],
  ['systemBusy', busy],
  ['unknownError', busy],
]);

/** Codes that differ only in what was counted, or in the name of a field. */
const families: readonly (readonly [RegExp, Meaning])[] = [
  [/^900(0[7-9]|1[0-4])$/, tooFast],
  [/^Forbidden\.AccessDenied\.Qps/, tooFast],
  [/^Forbidden\.AccessDenied\.Qpm/, tooMany],
  [/^Missing[a-z]/, brokenRequest],
];

/** The meaning of a refusal; an unknown one counts as the platform's trouble, not as the person's. */
export function meaningOf({ code, status }: DingtalkRefusal): Meaning {
  const known = meanings.get(code) ?? families.find(([pattern]) => pattern.test(code))?.[1];
  if (known) return known;
  if (status === 429) return tooFast;
  return status >= 500 ? { ...unknown, trouble: 'busy' } : unknown;
}

/** `request ip=203.0.113.7 appKey(…)` */
function addressIn(message: string | undefined): string | undefined {
  return /\bip\s*[=:]\s*([\d.]+\d|[\da-f:]*:[\da-f:]+)/i.exec(message ?? '')?.[1];
}
