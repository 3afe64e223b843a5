import type { Reply } from '../http/reply.js';
import { single } from '../http/request.js';
import { errorPage } from './pages.js';
import type { DingtalkState, LoginAttempt } from './state.js';
import type { DingtalkApp } from './world.js';

/** The parameters of reference dingtalk 1.1, each one checked, or the page that says what is wrong. */
export function readLoginRequest(
  state: DingtalkState,
  app: DingtalkApp,
  query: URLSearchParams,
): LoginAttempt | Reply {
  const redirectUri = single(query, 'redirect_uri');
  if (redirectUri === undefined || !state.isRegistered(app, redirectUri)) {
    return errorPage('50001', '重定向URL与应用登记的不一致');
  }
  if (single(query, 'response_type') !== 'code') {
    return errorPage('invalid_response_type', 'response_type 参数错误');
  }
  const scope = single(query, 'scope');
  if (scope !== 'openid' && scope !== 'openid corpid') {
    return errorPage('invalid_scope', 'scope 参数错误');
  }
  if (!(single(query, 'prompt') ?? '').split(' ').includes('consent')) {
    return errorPage('invalid_prompt', 'prompt 参数错误');
  }
  const withCorp = scope === 'openid corpid';
  const onlyCorp = withCorp ? single(query, 'corpId') : undefined;
  const returned = query.get('state');
  return {
    clientId: app.clientId,
    redirectUri,
    withCorp,
    administeredOnly: withCorp && query.get('org_type') === 'management',
    ...(onlyCorp === undefined ? {} : { onlyCorp }),
    ...(returned === null ? {} : { state: returned }),
  };
}
