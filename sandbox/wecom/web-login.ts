import { callbackUrl } from '../callback-url.js';
import type { Entry } from '../expiring-store.js';
import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import { single, type SandboxRequest } from '../http/request.js';
import { scanPage } from '../pages/scan.page.js';
import { refusalPage } from './pages.js';
import { findPerson, mayPass, memberChoices } from './people.js';
import { redirectHost } from './redirect-uri.js';
import { CODE_SECONDS, type LoginAttempt, type WecomState } from './state.js';
import { isVisible } from './world.js';

type WebFlow = 'web' | 'web-old';

/** login.work.weixin.qq.com: today's Web login link (reference wecom 4.1). */
export function wecomLoginHost(state: WecomState): PlatformHost {
  return webHost(state, 'login.work.weixin.qq.com', '/wwlogin/sso/login', 'web');
}

/** open.work.weixin.qq.com: the old QR page (reference wecom 4.3). */
export function wecomOldLoginHost(state: WecomState): PlatformHost {
  return webHost(state, 'open.work.weixin.qq.com', '/wwopen/sso/qrConnect', 'web-old');
}

function webHost(state: WecomState, name: string, path: string, flow: WebFlow): PlatformHost {
  const page = (at: string, answer: PlatformCall['answer']): PlatformCall => ({
    methods: ['GET'],
    path: at,
    takesToken: false,
    answer,
  });
  return {
    name,
    speaks: 'html',
    calls: [
      page(path, (request) => open(state, request, name, flow)),
      page('/sandbox/{attempt}/as/{person}', (request) => scanAs(state, request, flow)),
      page('/sandbox/{attempt}/refuse', (request) => refuse(state, request, flow)),
    ],
    unmatched: () => refusalPage('404', '页面不存在', 404),
    refuse: () => undefined,
  };
}

async function open(
  state: WecomState,
  request: SandboxRequest,
  host: string,
  flow: WebFlow,
): Promise<Reply> {
  const attempt = readAttempt(state, request.query, flow);
  if ('status' in attempt) return attempt;
  const found = state.find(attempt);
  if (!found) return refusalPage('invalid_agentid', 'agentid 参数错误');

  const { id } = state.attempts.put(attempt, CODE_SECONDS);
  const base = `${state.origin}/${host}/sandbox/${id}`;
  const page = await scanPage({
    brand: 'wecom',
    appName: found.app.name,
    corpName: found.corp.name,
    scanUrl: `${state.origin}${request.target}`,
    choices: memberChoices(found.corp, found.app, base),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

/** Strict where the real page seems tolerant (reference wecom 16, rule 6). */
function readAttempt(
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

function scanAs(state: WecomState, request: SandboxRequest, flow: WebFlow): Reply {
  const entry = openAttempt(state, request, flow);
  const found = entry && state.find(entry.value);
  if (!found) return refusalPage('expired', '二维码已失效，请重新打开登录页');
  const attempt = entry.value;
  const person = findPerson(found.corp, request.params['person'] ?? '');
  if (!person?.member) return refusalPage('not_a_member', '你不是该企业的成员', 403);
  if (!mayPass(state, person.member)) return refusalPage('member_disabled', '账号已被禁用', 403);
  if (attempt.flow === 'web-old' && !isVisible(found.app, person.member)) {
    return refusalPage('no_permission', '你没有权限访问该应用', 403);
  }
  state.attempts.remove(entry.id);
  const host = redirectHost(attempt.redirectUri);
  const code = state.codes.put(
    {
      corpId: attempt.corpId,
      agentId: attempt.agentId,
      personId: person.id,
      flow: 'web',
      scope: 'snsapi_base',
      ...(host === undefined ? {} : { redirectHost: host }),
    },
    CODE_SECONDS,
  ).id;
  return redirectReply(callbackUrl(attempt.redirectUri, { code, state: attempt.state }));
}

/** A refusal comes back with the state alone (reference wecom 4.4: documented for the old page). */
function refuse(state: WecomState, request: SandboxRequest, flow: WebFlow): Reply {
  const entry = openAttempt(state, request, flow);
  if (!entry) return refusalPage('expired', '二维码已失效，请重新打开登录页');
  state.attempts.remove(entry.id);
  return redirectReply(callbackUrl(entry.value.redirectUri, { state: entry.value.state }));
}

function openAttempt(
  state: WecomState,
  request: SandboxRequest,
  flow: WebFlow,
): Entry<LoginAttempt> | undefined {
  const entry = state.attempts.live(request.params['attempt'] ?? '');
  return entry?.value.flow === flow ? entry : undefined;
}
