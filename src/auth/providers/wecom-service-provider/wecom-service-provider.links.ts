import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import type { AuthorizationRequest } from '../provider.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';

type Settings = WecomServiceProviderSettings;

/** A delegated app inside one corp. */
export interface AppInCorp {
  readonly corpId: string;
  readonly agentId: string;
}

/** Today's web sign-in: the login suite's id, not the app's and not the corp's (reference wecom-service-provider 5.2). */
export function serviceLoginUrl(
  { endpoints }: Settings,
  loginSuiteId: string,
  { state, callbackUrl, language }: AuthorizationRequest,
): URL {
  return urlOf(endpoints.login, '/wwlogin/sso/login', {
    login_type: 'ServiceApp',
    appid: loginSuiteId,
    redirect_uri: callbackUrl.href,
    state,
    lang: language,
  });
}

/** The older web sign-in (5.5): WeCom looks at the Referer, and takes no language. Left out, `usertype` means administrators. */
export function olderLoginUrl(
  { endpoints, providerCorpId }: Settings,
  { state, callbackUrl }: AuthorizationRequest,
): URL {
  return urlOf(endpoints.openWork, '/wwopen/sso/3rd_qrConnect', {
    appid: providerCorpId,
    redirect_uri: callbackUrl.href,
    state,
    usertype: 'member',
  });
}

/** Web sign-in of a delegated app, in one corp (9.3). */
export function corpLoginUrl(
  { endpoints }: Settings,
  { corpId, agentId }: AppInCorp,
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

/** The OAuth link inside the client: `appid` is the suite (6.1), or for a delegated app the corp, with its agent id (9.3). */
export function oauthUrl(
  { endpoints, scope, suiteId }: Settings,
  inCorp: AppInCorp | undefined,
  { state, callbackUrl }: AuthorizationRequest,
): URL {
  const url = urlOf(endpoints.open, '/connect/oauth2/authorize', {
    appid: inCorp?.corpId ?? suiteId,
    redirect_uri: callbackUrl.href,
    response_type: 'code',
    scope,
    state,
    ...(inCorp && { agentid: inCorp.agentId }),
  });
  // A literal that must stand at the very end.
  url.hash = 'wechat_redirect';
  return url;
}

/** Where a corp's administrator installs a third-party app (4.3): to be opened by a click, as WeCom looks at the Referer. */
export function installUrl(
  { endpoints, suiteId }: Settings,
  preAuthCode: string,
  { state, callbackUrl }: { readonly state: string; readonly callbackUrl: URL },
): URL {
  return urlOf(endpoints.openWork, '/3rdapp/install', {
    suite_id: suiteId,
    pre_auth_code: preAuthCode,
    redirect_uri: callbackUrl.href,
    state,
  });
}

/**
 * Reads a callback: nothing but our state is how WeCom reports a refusal.
 * @param name `auth_code` of the older web sign-in and of an installation, `code` of all others
 * @throws AppError `user_cancelled`
 */
export function readCallback(name: 'code' | 'auth_code', query: URLSearchParams): string {
  const code = query.get(name);
  if (!code) throw new AppError('user_cancelled', 'The sign-in was cancelled in WeCom.');
  return code;
}
