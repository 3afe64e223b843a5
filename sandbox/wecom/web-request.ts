import type { Reply } from '../http/reply.js';
import { single } from '../http/request.js';
import { refusalPage } from './pages.js';
import { redirectHost } from './redirect-uri.js';
import type { LoginAttempt, WecomState } from './state.js';

/** Today's login link, or the old one. */
export type WebFlow = 'web' | 'web-old';

/** The link's parameters, each one checked: strict where the real page seems tolerant (reference wecom 16, rule 6). */
export function readWebRequest(
  state: WecomState,
  query: URLSearchParams,
  flow: WebFlow,
): LoginAttempt | Reply {
  if (flow === 'web' && single(query, 'login_type') !== 'CorpApp') {
    return refusalPage('invalid_login_type', 'login_type 参数错误');
  }
  const corpId = single(query, 'appid');
  const corp = state.world.corps.find((it) => it.corpId === corpId);
  if (!corp) return refusalPage('invalid_appid', 'appid 参数错误');
  const agentId = Number(single(query, 'agentid'));
  const app = corp.apps.find((it) => it.agentId === agentId);
  if (!app || app.disabled === true) return refusalPage('invalid_agentid', 'agentid 参数错误');
  const redirectUri = single(query, 'redirect_uri');
  const host = redirectHost(redirectUri);
  if (redirectUri === undefined || host === undefined || !state.isTrusted(corp, app, host, 'web')) {
    return flow === 'web'
      ? refusalPage('redirect_uri_mismatch', 'redirect_uri 与配置的授权完成回调域名不一致')
      : refusalPage('redirect_uri_mismatch', '该链接无法访问');
  }
  const lang = query.get('lang');
  if (lang !== null && !['zh', 'en', ''].includes(lang)) {
    return refusalPage('invalid_lang', 'lang 参数错误');
  }
  const returned = query.get('state');
  return {
    corpId: corp.corpId,
    agentId,
    redirectUri,
    flow,
    ...(returned === null ? {} : { state: returned }),
  };
}
