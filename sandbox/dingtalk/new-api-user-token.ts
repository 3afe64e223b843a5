import { jsonReply, type Reply } from '../http/reply.js';
import { textField } from '../http/request.js';
import { newApiError, newApiErrors } from './new-api-errors.js';
import { REFRESH_SECONDS, TOKEN_SECONDS, type DingtalkState, type Grant } from './state.js';

/** `userAccessToken`: a browser code or a refresh token for a user token (reference dingtalk 1.3). */
export function userAccessToken(state: DingtalkState, body: Record<string, unknown>): Reply {
  const clientId = textField(body, 'clientId');
  const clientSecret = textField(body, 'clientSecret');
  const grantType = textField(body, 'grantType');
  if (clientId === undefined) return newApiErrors.missing('clientId');
  if (clientSecret === undefined) return newApiErrors.missing('clientSecret');
  if (grantType === undefined) return newApiErrors.missing('grantType');

  const credentialField =
    grantType === 'authorization_code'
      ? 'code'
      : grantType === 'refresh_token'
        ? 'refreshToken'
        : undefined;
  // Nothing is published for another grant type; the code is our choice.
  if (!credentialField) return newApiError(400, 'invalidParameter.grantType', '不合法的grantType');
  const credential = textField(body, credentialField);
  if (credential === undefined) return newApiErrors.missing(credentialField);

  const app = state.app(clientId);
  if (app?.clientSecret !== clientSecret || app.disabled === true) return newApiErrors.badClient();
  const store = credentialField === 'code' ? state.browserCodes : state.refreshTokens;
  const entry = store.live(credential);
  if (entry?.value.clientId !== clientId) return newApiErrors.badAuthCode();
  store.remove(credential);
  return issue(state, entry.value);
}

function issue(state: DingtalkState, grant: Grant): Reply {
  return jsonReply(
    state.variation.of({
      expireIn: TOKEN_SECONDS,
      accessToken: state.userTokens.put(grant, TOKEN_SECONDS).id,
      refreshToken: state.refreshTokens.put(grant, REFRESH_SECONDS).id,
      ...(grant.corpId === undefined ? {} : { corpId: grant.corpId }),
    }),
  );
}
