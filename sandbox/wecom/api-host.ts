import type { RefusalKind } from '../faults.js';
import type { PlatformHost } from '../http/platform-host.js';
import { emptyReply } from '../http/reply.js';
import { apiCall } from './api-call.js';
import { departmentList, userGet, useridByEmail, useridByMobile } from './api-contact.js';
import { getUserDetail, getUserInfo, getUserInfoLegacy, jscode2session } from './api-identity.js';
import { wecomError } from './api-reply.js';
import { agentTicket, corpTicket, gettoken, ipList } from './api-tokens.js';
import type { WecomState } from './state.js';

const refusals: Readonly<Record<RefusalKind, number>> = {
  busy: -1,
  'rate-limit': 45009,
  'token-invalid': 40014,
  'ip-not-allowed': 60020,
};

/** qyapi.weixin.qq.com: token in the query, HTTP 200 with `errcode`, 404 without a body (reference wecom 2). */
export function wecomApiHost(state: WecomState): PlatformHost {
  return {
    name: 'qyapi.weixin.qq.com',
    speaks: 'json',
    calls: [
      {
        methods: ['GET'],
        path: '/cgi-bin/gettoken',
        takesToken: false,
        answer: (request) => gettoken(state, request),
      },
      apiCall(state, ['GET'], '/cgi-bin/auth/getuserinfo', getUserInfo),
      apiCall(state, ['GET'], '/cgi-bin/user/getuserinfo', getUserInfoLegacy),
      apiCall(state, ['POST'], '/cgi-bin/auth/getuserdetail', getUserDetail),
      apiCall(state, ['POST'], '/cgi-bin/user/getuserdetail', getUserDetail),
      apiCall(state, ['GET', 'POST'], '/cgi-bin/user/get', userGet),
      apiCall(state, ['POST'], '/cgi-bin/user/getuserid', useridByMobile),
      apiCall(state, ['POST'], '/cgi-bin/user/get_userid_by_email', useridByEmail),
      apiCall(state, ['GET'], '/cgi-bin/department/list', departmentList),
      apiCall(state, ['GET'], '/cgi-bin/get_jsapi_ticket', corpTicket),
      apiCall(state, ['GET'], '/cgi-bin/ticket/get', agentTicket),
      apiCall(state, ['GET'], '/cgi-bin/miniprogram/jscode2session', jscode2session),
      apiCall(state, ['GET'], '/cgi-bin/getcallbackip', ipList),
      apiCall(state, ['GET'], '/cgi-bin/get_api_domain_ip', ipList),
    ],
    unmatched: (request, reason) =>
      reason === 'path' ? emptyReply(404) : wecomError(state, request, 40063),
    refuse: (kind, request) => wecomError(state, request, refusals[kind]),
  };
}
