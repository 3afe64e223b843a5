import type { RefusalKind } from '../faults.js';
import { jsonReply, type Reply } from '../http/reply.js';
import { upperCaseUuid } from '../opaque-id.js';

/** A refusal of api.dingtalk.com: HTTP 4xx or 5xx, a textual `code`, `requestid` in lower case (reference 7.2). */
export function newApiError(
  status: number,
  code: string,
  message: string,
  more: Record<string, unknown> = {},
): Reply {
  return jsonReply(
    { requestid: upperCaseUuid(), code, message, ...more },
    { status, outcome: code },
  );
}

export const newApiErrors = {
  actionNotFound: () =>
    newApiError(
      404,
      'InvalidAction.NotFound',
      'Specified api is not found, please check your url and method.',
    ),
  missingBody: () => newApiError(400, 'Missingbody', 'body is mandatory for this action.'),
  invalidBody: () =>
    newApiError(400, 'Invalidbody', 'Specified parameter body is not valid. JSON parsing error'),
  missing: (field: string) =>
    newApiError(400, `Missing${field}`, `${field} is mandatory for this action.`),
  badClient: () => newApiError(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret'),
  badAuthCode: () => newApiError(400, 'invalidParameter.authCode.notFound', '不合法的临时授权码'),
  missingToken: () =>
    newApiError(
      400,
      'AuthenticationFailed.MissingParameter',
      '缺少参数：x-acs-dingtalk-access-token',
    ),
  badToken: () => newApiError(400, 'InvalidAuthentication', '不合法的access_token'),
  expiredUserToken: () => newApiError(400, 'accesstoken.expired', '用户accessToken过期'),
  missingScope: (scope: string) =>
    newApiError(403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied', '没有调用该接口的权限', {
      accessdenieddetail: { requiredScopes: [scope] },
    }),
  userNotFound: () => newApiError(404, 'invalidParameter.user.notFound', '找不到该用户'),
  ipNotAllowed: (ip: string) =>
    newApiError(
      403,
      'Forbidden.AccessDenied.IpNotInWhiteList',
      `访问ip不在白名单之中, request ip=${ip}`,
    ),
} as const;

/** The refusals that a tester can ask for (reference dingtalk 7.3). */
export function refuseNewApi(kind: RefusalKind, ip: string): Reply {
  switch (kind) {
    case 'busy':
      return newApiError(500, 'systemBusy', '系统繁忙');
    case 'rate-limit':
      return newApiError(
        403,
        'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
        '应用调用该接口的qps超过限制',
      );
    case 'token-invalid':
      return newApiErrors.badToken();
    case 'ip-not-allowed':
      return newApiErrors.ipNotAllowed(ip);
  }
}
