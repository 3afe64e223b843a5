import type { Reply } from '../http/reply.js';
import { single } from '../http/request.js';
import { refusalPage } from './pages.js';
import { redirectHost } from './redirect-uri.js';
import type { Scope, WecomState } from './state.js';
import type { WecomApp, WecomCorp } from './world.js';

/** A well-formed link of reference wecom 5. */
export interface InAppRequest {
  readonly corp: WecomCorp;
  /** Absent for `snsapi_base` without `agentid`. */
  readonly app?: WecomApp;
  readonly redirectUri: string;
  readonly scope: Scope;
  readonly state?: string;
}

/** Reads the link's parameters, each one checked, or gives the page that says what is wrong. */
export function readInAppRequest(state: WecomState, query: URLSearchParams): InAppRequest | Reply {
  const corpId = single(query, 'appid');
  const corp = state.world.corps.find((it) => it.corpId === corpId);
  if (!corp) return refusalPage('invalid_appid', 'appid 参数错误');
  if (single(query, 'response_type') !== 'code') {
    return refusalPage('invalid_response_type', 'response_type 参数错误');
  }
  const scope = single(query, 'scope');
  if (scope !== 'snsapi_base' && scope !== 'snsapi_privateinfo') {
    return refusalPage('invalid_scope', 'scope 参数错误');
  }
  const returned = query.get('state') ?? undefined;
  if (returned !== undefined && !/^[a-zA-Z0-9]{0,128}$/.test(returned)) {
    return refusalPage('84025', 'state 参数错误');
  }
  const app = readApp(corp, query, scope);
  if (app && 'status' in app) return app;
  const redirectUri = single(query, 'redirect_uri');
  const host = redirectHost(redirectUri);
  if (redirectUri === undefined || host === undefined) {
    return refusalPage('50001', 'redirect_uri参数错误');
  }
  const candidates = app ? [app] : corp.apps;
  if (!candidates.some((candidate) => state.isTrusted(corp, candidate, host, 'in-app'))) {
    return refusalPage('50001', 'redirect_uri需使用应用可信域名');
  }
  return {
    corp,
    redirectUri,
    scope,
    ...(app ? { app } : {}),
    ...(returned === undefined ? {} : { state: returned }),
  };
}

/** Needed for `snsapi_privateinfo` (the page says so, and the opposite elsewhere); recommended for the other. */
function readApp(
  corp: WecomCorp,
  query: URLSearchParams,
  scope: Scope,
): WecomApp | Reply | undefined {
  if (!query.has('agentid') && scope === 'snsapi_base') return undefined;
  const agentId = Number(single(query, 'agentid'));
  const app = corp.apps.find((it) => it.agentId === agentId);
  return app && app.disabled !== true ? app : refusalPage('40056', 'agentid 参数错误');
}
