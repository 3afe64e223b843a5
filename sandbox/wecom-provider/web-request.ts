import type { Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { refusalPage } from '../wecom/pages.js';
import { redirectHost } from '../wecom/redirect-uri.js';
import type { LoginAttempt } from './grants.js';
import { refererHost } from './page-call.js';
import type { WecomProviderState } from './state.js';
import { findSuite, type ProviderSuite } from './world.js';

/** Today's web login (reference 5.2, 9.3), each parameter checked. */
export function readWebRequest(
  state: WecomProviderState,
  query: URLSearchParams,
): LoginAttempt | Reply {
  const isService = single(query, 'login_type') === 'ServiceApp';
  const app = isService ? readLoginSuite(state, query) : readDelegatedApp(state, query);
  if ('status' in app) return app;
  const redirectUri = trustedRedirect(state, query, app.suite);
  if (redirectUri === undefined) {
    return refusalPage('redirect_uri_mismatch', 'redirect_uri 与配置的授权完成回调域名不一致');
  }
  const lang = query.get('lang');
  if (lang !== null && !['zh', 'en', ''].includes(lang)) {
    return refusalPage('invalid_lang', 'lang 参数错误');
  }
  return {
    page: isService ? 'web-suite' : 'web-corp',
    redirectUri,
    suiteIds: [app.suite.suiteId],
    ...(app.corpId === undefined ? {} : { corpId: app.corpId }),
    ...returned(query),
  };
}

/** The table says SuiteID, the example says corpid (reference 5.2): the latter only if the tester wants it. */
function readLoginSuite(
  state: WecomProviderState,
  query: URLSearchParams,
): { suite: ProviderSuite; corpId?: string } | Reply {
  const appId = single(query, 'appid');
  const { provider } = state.world;
  const byCorpId = state.settings.serviceAppId === 'suite-or-corpid' && appId === provider.corpId;
  const suite = byCorpId
    ? provider.suites.find(({ kind }) => kind === 'login')
    : findSuite(state.world, appId);
  return suite?.kind === 'login'
    ? { suite }
    : refusalPage('invalid_appid', 'appid 不是登录授权应用');
}

export function readDelegatedApp(
  state: WecomProviderState,
  query: URLSearchParams,
): { suite: ProviderSuite; corpId: string } | Reply {
  const corp = state.seen.findCorp(single(query, 'appid') ?? '');
  if (!corp) return refusalPage('invalid_appid', 'appid 参数错误');
  const agentId = Number(single(query, 'agentid'));
  const installation = state.world.installations.find(
    (it) => it.corpId === corp.corpId && it.agentId === agentId && it.status === 'active',
  );
  const suite = findSuite(state.world, installation?.suiteId);
  if (suite?.kind !== 'delegated') return refusalPage('invalid_agentid', 'agentid 参数错误');
  return { suite, corpId: corp.corpId };
}

/** The old way (reference 5.5), entered from a page of the provider's. */
export function readOldRequest(
  state: WecomProviderState,
  request: SandboxRequest,
): LoginAttempt | Reply {
  const { query } = request;
  const { provider } = state.world;
  if (single(query, 'appid') !== provider.corpId) {
    return refusalPage('invalid_appid', 'appid 参数错误');
  }
  if (!state.domains.has(refererHost(request), undefined, provider.loginStartDomain)) {
    return refusalPage('invalid_referer', '校验请求来源错误', 403);
  }
  const redirectUri = single(query, 'redirect_uri');
  const host = redirectHost(redirectUri);
  if (
    redirectUri === undefined ||
    !state.domains.has(host ?? '', undefined, provider.loginCallbackDomain)
  ) {
    return refusalPage('redirect_uri_mismatch', 'redirect_uri与配置的授权完成回调域名不一致');
  }
  const usertype = query.get('usertype') ?? 'admin';
  if (usertype !== 'admin' && usertype !== 'member') {
    return refusalPage('invalid_usertype', 'usertype 参数错误');
  }
  return {
    page: 'old-web',
    redirectUri,
    suiteIds: [],
    adminsOnly: usertype === 'admin',
    ...returned(query),
  };
}

/** The redirect address, if its host is exactly the suite's trusted one. */
export function trustedRedirect(
  state: WecomProviderState,
  query: URLSearchParams,
  suite: ProviderSuite,
): string | undefined {
  const redirectUri = single(query, 'redirect_uri');
  const host = redirectHost(redirectUri);
  const isTrusted =
    host !== undefined && state.domains.has(host, suite.suiteId, suite.trustedDomain);
  return isTrusted ? redirectUri : undefined;
}

export function returned(query: URLSearchParams): { state?: string } {
  const state = query.get('state');
  return state === null ? {} : { state };
}

/** `state` of the client's links and of the install page: 128 letters and digits. */
export function isPlainState(query: URLSearchParams): boolean {
  return /^[a-zA-Z0-9]{0,128}$/.test(query.get('state') ?? '');
}
