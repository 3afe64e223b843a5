import { jsonReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { sameTicketRenewed, sameTokenRenewed } from './app-tokens.js';
import { oapiError } from './oapi-errors.js';
import type { OapiContext } from './oapi-host.js';
import { TOKEN_SECONDS, type DingtalkState } from './state.js';
import { findCorp } from './world.js';

/** `gettoken` (reference dingtalk 4.1). */
export function gettoken(state: DingtalkState, request: SandboxRequest): Reply {
  if (request.query.has('corpid') || request.query.has('corpsecret')) {
    return oapiError(request, 40089, '不合法的corpid或corpsecret');
  }
  const appkey = single(request.query, 'appkey');
  const appsecret = single(request.query, 'appsecret');
  if (appkey === undefined || appsecret === undefined) {
    return oapiError(request, 40035, '缺少参数 corpid or appkey');
  }
  const app = state.app(appkey);
  if (app?.clientSecret !== appsecret || app.disabled === true) {
    return oapiError(request, 40096, '不合法的appKey或appSecret');
  }
  return jsonReply(
    state.variation.of({
      errcode: 0,
      errmsg: 'ok',
      access_token: sameTokenRenewed(state, appkey).id,
      expires_in: TOKEN_SECONDS,
    }),
  );
}

/** `get_jsapi_ticket` (reference dingtalk 5.1): the same ticket as the new API's. */
export function getJsapiTicket({ state, app }: OapiContext): Reply {
  const { ticket, expiresIn } = sameTicketRenewed(state, app.clientId);
  return jsonReply(state.variation.of({ errcode: 0, errmsg: 'ok', ticket, expires_in: expiresIn }));
}

/** `auth/scopes` (reference dingtalk 3.6). */
export function authScopes({ state, app }: OapiContext): Reply {
  const corp = findCorp(state.world, app.corpId);
  const wholeOrg = app.visible === 'all';
  return jsonReply(
    state.variation.of({
      errcode: 0,
      errmsg: 'ok',
      auth_org_scopes: {
        authed_user: app.visible === 'all' ? [] : app.visible,
        authed_dept: wholeOrg ? (corp?.departments ?? []).slice(0, 1).map(({ id }) => id) : [],
      },
      auth_user_field: ['name', ...(app.permissions.includes('fieldMobile') ? ['mobile'] : [])],
    }),
  );
}
