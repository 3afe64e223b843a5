import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import { jsonReply, type Reply } from '../http/reply.js';
import { mediaType, single, type SandboxRequest } from '../http/request.js';
import { inAppCodeCall } from './in-app-code-call.js';
import { authScopes, getJsapiTicket, gettoken } from './oapi-app.js';
import { getByMobile, getByUnionId, getUserInfo, userGet } from './oapi-contact.js';
import {
  ipNotAllowed,
  missingPermission,
  oapiError,
  oapiGatewayError,
  refuseOapi,
  requestId,
} from './oapi-errors.js';
import { bodyParameters } from './oapi-parameters.js';
import type { DingtalkState } from './state.js';
import type { DingtalkApp, DingtalkPermission } from './world.js';

/** What a call that carries a good token of an app is answered from. */
export interface OapiContext {
  readonly state: DingtalkState;
  readonly app: DingtalkApp;
  readonly request: SandboxRequest;
  /** Query and body together, as TOP reads them. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** oapi.dingtalk.com: token in the query, HTTP 200 always, errors by `errcode` (reference dingtalk 0.3, 7.1). */
export function dingtalkOapiHost(state: DingtalkState): PlatformHost {
  const withToken = (
    method: 'GET' | 'POST',
    path: string,
    permission: DingtalkPermission | undefined,
    answer: (context: OapiContext) => Reply,
  ): PlatformCall => ({
    methods: [method],
    path,
    takesToken: true,
    answer: (request) => answerWithToken(state, request, permission, answer),
  });
  return {
    name: 'oapi.dingtalk.com',
    speaks: 'json',
    calls: [
      {
        methods: ['GET'],
        path: '/gettoken',
        takesToken: false,
        answer: (request) => gettoken(state, request),
      },
      inAppCodeCall(state),
      withToken('GET', '/get_jsapi_ticket', undefined, getJsapiTicket),
      withToken('GET', '/auth/scopes', undefined, authScopes),
      withToken('POST', '/topapi/v2/user/getuserinfo', 'qyapi_base', getUserInfo),
      withToken('POST', '/topapi/v2/user/get', 'qyapi_get_member', userGet),
      withToken('POST', '/topapi/user/getbyunionid', 'qyapi_get_member', getByUnionId),
      withToken('POST', '/topapi/v2/user/getbymobile', 'qyapi_get_member_by_mobile', getByMobile),
    ],
    unmatched: (request, reason) => unmatched(request, reason),
    refuse: refuseOapi,
  };
}

function answerWithToken(
  state: DingtalkState,
  request: SandboxRequest,
  permission: DingtalkPermission | undefined,
  answer: (context: OapiContext) => Reply,
): Reply {
  const form =
    mediaType(request) === 'application/x-www-form-urlencoded'
      ? new URLSearchParams(request.body)
      : undefined;
  const token = single(request.query, 'access_token') ?? (form && single(form, 'access_token'));
  if (token === undefined) {
    return request.path.startsWith('/topapi/')
      ? oapiGatewayError(request, '40000', 'access_token is blank')
      : oapiError(request, 41001, '缺少access_token参数');
  }
  const entry = state.appTokens.find(token);
  const app = entry && state.app(entry.value.clientId);
  if (!app) return oapiGatewayError(request, '40014', '不合法的access_token');
  if (!state.appTokens.isLive(entry)) {
    const code = state.settings.expiredTokenCode;
    return oapiGatewayError(
      request,
      code,
      code === '42001' ? 'access_token超时' : '不合法的access_token',
    );
  }
  if (app.disabled === true) return oapiError(request, 50003, '应用已停用');
  if (app.ipAllowList.length > 0 && !app.ipAllowList.includes(request.ip)) {
    return ipNotAllowed(request, app.clientId);
  }
  if (permission && !app.permissions.includes(permission)) {
    return missingPermission(request, permission);
  }
  return answer({ state, app, request, parameters: bodyParameters(request) });
}

function unmatched(request: SandboxRequest, reason: 'path' | 'method'): Reply {
  if (reason === 'method') {
    return request.method === 'GET'
      ? oapiError(request, 43002, '需要POST请求')
      : oapiError(request, 43001, '需要GET请求');
  }
  if (!request.path.startsWith('/topapi/')) return oapiError(request, 404, '请求的URI地址不存在');
  const apiName = `dingtalk.oapi.${request.path.slice('/topapi/'.length).replaceAll('/', '.')}`;
  const message = `不合法ApiName，ApiName = ${apiName}`;
  return jsonReply(
    {
      errcode: 22,
      sub_msg: message,
      errmsg: `Invalid method[submsg=${message}]`,
      ...requestId(request),
    },
    { outcome: '22' },
  );
}
