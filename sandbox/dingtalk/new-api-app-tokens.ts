import { jsonReply, type Reply } from '../http/reply.js';
import { header, textField, type SandboxRequest } from '../http/request.js';
import { sameTicketRenewed, sameTokenRenewed } from './app-tokens.js';
import { newApiError, newApiErrors } from './new-api-errors.js';
import { TOKEN_SECONDS, type DingtalkState } from './state.js';
import { findCorp } from './world.js';

/** `oauth2/accessToken` (reference dingtalk 4.2). */
export function newAppToken(state: DingtalkState, body: Record<string, unknown>): Reply {
  const appKey = textField(body, 'appKey');
  const appSecret = textField(body, 'appSecret');
  if (appKey === undefined) return newApiErrors.missing('appKey');
  if (appSecret === undefined) return newApiErrors.missing('appSecret');
  const app = state.app(appKey);
  if (app?.clientSecret !== appSecret || app.disabled === true) return newApiErrors.badClient();
  return jsonReply(
    state.variation.of({
      expireIn: TOKEN_SECONDS,
      accessToken: sameTokenRenewed(state, appKey).id,
    }),
  );
}

/**
 * `oauth2/{corpId}/token` (reference dingtalk 4.3). Whether it repeats itself is not documented: here every call
 * gives a new token and the earlier ones stay good, so that no client comes to rely on either.
 */
export function unifiedAppToken(
  state: DingtalkState,
  body: Record<string, unknown>,
  request: SandboxRequest,
): Reply {
  for (const field of ['client_id', 'client_secret', 'grant_type']) {
    if (textField(body, field) === undefined) return newApiErrors.missing(field);
  }
  if (body['grant_type'] !== 'client_credentials') {
    return newApiError(400, 'unsupported.grant.type', '不支持的grant_type');
  }
  const clientId = textField(body, 'client_id') ?? '';
  const app = state.app(clientId);
  if (app?.clientSecret !== body['client_secret'] || app?.disabled === true) {
    return newApiError(400, 'invalid.client', '无效的client_id或者client_secret');
  }
  const corpId = request.params['corpId'] ?? '';
  if (!findCorp(state.world, corpId)) return newApiError(500, 'unknownError', '未知错误');
  if (app?.corpId !== corpId) return newApiError(401, 'unauthorized.client', '应用未被该企业授权');
  return jsonReply(
    state.variation.of({
      access_token: state.appTokens.put({ clientId, unified: true }, TOKEN_SECONDS).id,
      expires_in: TOKEN_SECONDS,
    }),
  );
}

/** `oauth2/jsapiTickets` (reference dingtalk 5.1). */
export function jsapiTicket(state: DingtalkState, request: SandboxRequest): Reply {
  const token = header(request, 'x-acs-dingtalk-access-token');
  if (token === undefined || token === '') return newApiErrors.missingToken();
  const app = state.app(state.appTokens.live(token)?.value.clientId ?? '');
  if (!app) return newApiErrors.badToken();
  if (app.ipAllowList.length > 0 && !app.ipAllowList.includes(request.ip)) {
    return newApiErrors.ipNotAllowed(request.ip);
  }
  const { ticket, expiresIn } = sameTicketRenewed(state, app.clientId);
  return jsonReply(state.variation.of({ jsapiTicket: ticket, expireIn: expiresIn }));
}
