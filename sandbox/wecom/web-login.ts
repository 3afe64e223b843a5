import { callbackUrl } from '../callback-url.js';
import type { Entry } from '../expiring-store.js';
import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import { pageReply, redirectReply, type Reply } from '../http/reply.js';
import type { SandboxRequest } from '../http/request.js';
import { scanPage } from '../pages/scan.page.js';
import { JWXWORK_PATH, wecomScript, wecomVerification } from './jsapi-calls.js';
import { expiredPage, refusalPage } from './pages.js';
import { findPerson, mayPass, memberChoices } from './people.js';
import { redirectHost } from './redirect-uri.js';
import { CODE_SECONDS, type LoginAttempt, type WecomState } from './state.js';
import { readWebRequest, type WebFlow } from './web-request.js';
import { isVisible } from './world.js';

/** login.work.weixin.qq.com: today's Web login link (reference wecom 4.1). */
export function wecomLoginHost(state: WecomState): PlatformHost {
  return webHost(state, 'login.work.weixin.qq.com', '/wwlogin/sso/login', 'web');
}

/** open.work.weixin.qq.com: the old QR page (reference wecom 4.3), and the script behind `wx.agentConfig`. */
export function wecomOldLoginHost(state: WecomState): PlatformHost {
  const host = webHost(state, 'open.work.weixin.qq.com', '/wwopen/sso/qrConnect', 'web-old');
  const script = wecomScript(state, JWXWORK_PATH, 'jwxwork.js');
  return { ...host, calls: [...host.calls, script, ...wecomVerification(state)] };
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
      page('/sandbox/{attempt}', (request) =>
        showScanPage(state, name, openAttempt(state, request, flow)),
      ),
      page('/sandbox/{attempt}/as/{person}', (request) => scanAs(state, request, flow)),
      page('/sandbox/{attempt}/refuse', (request) => refuse(state, request, flow)),
    ],
    unmatched: () => refusalPage('404', '页面不存在', 404),
    refuse: () => undefined,
  };
}

function open(
  state: WecomState,
  request: SandboxRequest,
  host: string,
  flow: WebFlow,
): Reply | Promise<Reply> {
  const attempt = readWebRequest(state, request.query, flow);
  return 'status' in attempt
    ? attempt
    : showScanPage(state, host, state.attempts.put(attempt, CODE_SECONDS));
}

/** The page, and what its QR code leads to: the same choice on the phone. */
async function showScanPage(
  state: WecomState,
  host: string,
  entry: Entry<LoginAttempt> | undefined,
): Promise<Reply> {
  const found = entry && state.find(entry.value);
  if (!found) return expiredPage();
  const base = `${state.origin}/${host}/sandbox/${entry.id}`;
  const page = await scanPage({
    brand: 'wecom',
    appName: found.app.name,
    corpName: found.corp.name,
    scanUrl: base,
    choices: memberChoices(found.corp, found.app, base),
    refuseHref: `${base}/refuse`,
  });
  return pageReply(page);
}

function scanAs(state: WecomState, request: SandboxRequest, flow: WebFlow): Reply {
  const entry = openAttempt(state, request, flow);
  const found = entry && state.find(entry.value);
  if (!found) return expiredPage();
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
  if (!entry) return expiredPage();
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
