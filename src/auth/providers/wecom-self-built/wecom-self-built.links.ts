import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import type { AuthorizationRequest } from '../provider.js';
import type { WecomSelfBuiltSettings } from './wecom-self-built.settings.js';

/** The login page for ordinary browsers (reference wecom-self-built 4.1). It knows no `scope`: phone and mailbox need the client. */
export function loginUrl(
  { corpId, agentId, endpoints }: WecomSelfBuiltSettings,
  { state, callbackUrl, language }: AuthorizationRequest,
): URL {
  return urlOf(endpoints.login, '/wwlogin/sso/login', {
    login_type: 'CorpApp',
    appid: corpId,
    agentid: agentId,
    redirect_uri: callbackUrl.href,
    state,
    lang: language,
  });
}

/** The OAuth link for WeCom's own browser (5). The fragment is a literal that must stand at the very end. */
export function oauthUrl(
  { corpId, agentId, scope, endpoints }: WecomSelfBuiltSettings,
  { state, callbackUrl }: AuthorizationRequest,
): URL {
  const url = urlOf(endpoints.open, '/connect/oauth2/authorize', {
    appid: corpId,
    redirect_uri: callbackUrl.href,
    response_type: 'code',
    scope,
    state,
    agentid: agentId,
  });
  url.hash = 'wechat_redirect';
  return url;
}

/**
 * Reads the callback of both ways: nothing but our state is how WeCom reports a refusal (4.4).
 * @returns the code
 * @throws AppError `user_cancelled`
 */
export function readCallback(query: URLSearchParams): string {
  const code = query.get('code');
  if (!code) throw new AppError('user_cancelled', 'The sign-in was cancelled in WeCom.');
  return code;
}
