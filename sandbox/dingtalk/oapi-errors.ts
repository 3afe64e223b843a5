import type { RefusalKind } from '../faults.js';
import { jsonReply, type Reply } from '../http/reply.js';
import type { SandboxRequest } from '../http/request.js';
import { hexId } from '../opaque-id.js';

export function isTop(request: Pick<SandboxRequest, 'path'>): boolean {
  return request.path.startsWith('/topapi/');
}

/** What /topapi/ adds to every answer. */
export function requestId(request: Pick<SandboxRequest, 'path'>): { request_id?: string } {
  return isTop(request) ? { request_id: hexId().slice(0, 14) } : {};
}

/** A refusal of oapi.dingtalk.com that is told as it is: HTTP 200 and `errcode` (reference dingtalk 7.1). */
export function oapiError(request: SandboxRequest, errcode: number, errmsg: string): Reply {
  return jsonReply({ errcode, errmsg, ...requestId(request) }, { outcome: errcode.toString() });
}

/** A token, permission or throttling failure: wrapped in 88 on /topapi/, told as it is elsewhere. */
export function oapiGatewayError(request: SandboxRequest, code: string, message: string): Reply {
  if (!isTop(request)) return oapiError(request, Number(code), message);
  return jsonReply(
    {
      errcode: 88,
      sub_code: code,
      sub_msg: message,
      errmsg: `ding talk error[subcode=${code},submsg=${message}]`,
      ...requestId(request),
    },
    { outcome: `88/${code}` },
  );
}

export function missingPermission(request: SandboxRequest, permission: string): Reply {
  return oapiGatewayError(
    request,
    '60011',
    `应用尚未开通所需的权限：[${permission}]，点击链接申请并开通即可：https://open-dev.dingtalk.com/appscope/apply?content=example`,
  );
}

export function ipNotAllowed(request: SandboxRequest, clientId: string): Reply {
  return oapiGatewayError(
    request,
    '60020',
    `访问ip不在白名单之中, request ip=${request.ip} appKey(${clientId})`,
  );
}

/** The refusals that a tester can ask for (reference dingtalk 7.3). */
export function refuseOapi(kind: RefusalKind, request: SandboxRequest): Reply {
  switch (kind) {
    case 'busy':
      return oapiError(request, -1, '系统繁忙');
    case 'rate-limit':
      return oapiGatewayError(request, '90018', '您的应用调用该接口的qps超过限制');
    case 'token-invalid':
      return oapiGatewayError(request, '40014', '不合法的access_token');
    case 'ip-not-allowed':
      return ipNotAllowed(request, 'sandbox');
  }
}
