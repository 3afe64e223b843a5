import type { RefusalKind } from '../faults.js';
import type { Reply } from '../http/reply.js';
import type { SandboxRequest } from '../http/request.js';
import { wecomError } from '../wecom/api-reply.js';
import {
  bareCall,
  corpCall,
  installedCall,
  providerCall,
  suiteCall,
  type ProviderCall,
} from './call.js';
import * as corp from './corp-calls.js';
import * as identity from './identity-calls.js';
import * as install from './install-calls.js';
import * as provider from './provider-calls.js';
import type { WecomProviderState } from './state.js';
import * as tokens from './token-calls.js';

const SERVICE = '/cgi-bin/service';

/** The provider's side of qyapi.weixin.qq.com. */
export function providerApiCalls(state: WecomProviderState): ProviderCall[] {
  return [...serviceCalls(state), ...corpCalls(state)];
}

function serviceCalls(state: WecomProviderState): ProviderCall[] {
  const named = (path: string, answer: Parameters<typeof providerCall>[3]): ProviderCall =>
    providerCall(state, `${SERVICE}/${path}`, 'provider_access_token', answer);
  const get = (path: string, answer: Parameters<typeof suiteCall>[3]): ProviderCall =>
    suiteCall(state, ['GET'], `${SERVICE}/${path}`, answer);
  const post = (path: string, answer: Parameters<typeof suiteCall>[3]): ProviderCall =>
    suiteCall(state, ['POST'], `${SERVICE}/${path}`, answer);
  return [
    bareCall(state, ['POST'], `${SERVICE}/get_provider_token`, tokens.providerToken),
    bareCall(state, ['POST'], `${SERVICE}/get_suite_token`, tokens.suiteToken),
    get('get_pre_auth_code', install.preAuthCode),
    post('set_session_info', install.sessionInfo),
    post('get_permanent_code', install.permanentCodeOld),
    post('v2/get_permanent_code', install.permanentCode),
    post('get_auth_info', install.authorisation),
    post('v2/get_auth_info', install.authorisationNew),
    post('get_corp_token', tokens.corpToken),
    post('get_admin_list', provider.adminListOld),
    get('auth/getuserinfo3rd', identity.userInfo3rd),
    get('getuserinfo3rd', identity.userInfo3rdOld),
    post('auth/getuserdetail3rd', identity.userDetail3rd),
    post('getuserdetail3rd', identity.userDetail3rd),
    providerCall(state, `${SERVICE}/get_login_info`, 'access_token', provider.loginInfo),
    named('corpid_to_opencorpid', provider.openCorpid),
    named('finish_openid_migration', provider.finishMigration),
    named('get_customized_auth_url', provider.customizedAuthUrl),
  ];
}

function corpCalls(state: WecomProviderState): ProviderCall[] {
  const app = (
    methods: readonly ('GET' | 'POST')[],
    path: string,
    answer: (context: corp.AppContext) => Reply,
  ): ProviderCall => corpCall(state, methods, `/cgi-bin/${path}`, installedCall(answer));
  return [
    bareCall(state, ['GET'], '/cgi-bin/gettoken', tokens.gettoken, (request) =>
      tokens.isCustomerRequest(state, request),
    ),
    app(['GET'], 'auth/getuserinfo', corp.userInfo),
    app(['POST'], 'auth/getuserdetail', corp.userDetail),
    app(['GET', 'POST'], 'user/get', corp.userGet),
    app(['POST'], 'agent/get_admin_list', corp.adminList),
    app(['GET'], 'get_jsapi_ticket', corp.corpTicket),
    app(['GET'], 'ticket/get', corp.agentTicket),
    app(['POST'], 'batch/userid_to_openuserid', corp.toOpenUserids),
    corpCall(state, ['POST'], '/cgi-bin/batch/openuserid_to_userid', corp.fromOpenUserids),
    corpCall(state, ['GET'], '/cgi-bin/getcallbackip', corp.callbackIps),
  ];
}

/** How `service/*` words "token invalid"; everything else is worded as for self-built apps. */
export function providerRefusal(state: WecomProviderState) {
  return (kind: RefusalKind, request: SandboxRequest): Reply | undefined =>
    kind === 'token-invalid' && request.path.startsWith(`${SERVICE}/`)
      ? wecomError(state, request, 40082)
      : undefined;
}
